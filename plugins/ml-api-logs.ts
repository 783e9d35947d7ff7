import type { LogEvent } from '../src/event.ts';
import { definePlugin } from '../src/plugin.ts';
import type { Json, JsonObject } from '../src/util/json.ts';

const keyword = { type: 'keyword', ignore_above: 1024 };

/** `ml-api-logs`: every log, whatever it is. */
export default definePlugin({
  name: 'ml-api-logs',
  description: 'every log',
  index: {
    name: 'ml-api-logs',
    filtered: false,
    mappings: {
      dynamic: false,
      properties: {
        timestamp: { type: 'date' },
        '@timestamp': { type: 'alias', path: 'timestamp' },
        level: keyword,
        logger: keyword,
        message: { type: 'text' },
        transaction_id: keyword,
        http_method: keyword,
        http_path: keyword,
        status_code: { type: 'short', ignore_malformed: true },
        execution_time_ms: { type: 'double', ignore_malformed: true },
        // Callers choose these keys and values: one field takes them all, and none can be in conflict.
        data: { type: 'flattened', depth_limit: 40, ignore_above: 1024 },
      },
    },
    identity: ['level', 'message'],
    document: {
      type: 'object',
      required: ['timestamp', 'level', 'message'],
      properties: {
        timestamp: { type: 'string' },
        level: { type: 'string' },
        logger: { type: 'string' },
        message: { type: 'string' },
        transaction_id: { type: 'string' },
        http_method: { type: 'string' },
        http_path: { type: 'string' },
        status_code: { type: 'integer' },
        execution_time_ms: { type: 'number' },
        data: { type: 'object' },
      },
      additionalProperties: false,
    },
  },
  create: () => ({
    documents: (event) => ({
      timestamp: event.timestamp,
      level: event.level,
      logger: event.logger,
      message: event.message,
      transaction_id: event.transactionId,
      http_method: event.httpMethod,
      http_path: event.httpPath,
      status_code: event.statusCode,
      execution_time_ms: event.executionTimeMs,
      data: searchable(dataOf(event)),
    }),
  }),
});

/** The documented `data`, also for logs that spell it out in their message. */
function dataOf(event: LogEvent): JsonObject | undefined {
  if (event.data) return event.data;
  if (event.input === undefined && event.result === undefined && !event.metrics) return undefined;
  const data: JsonObject = {};
  if (event.transactionId !== undefined) data.transaction_id = event.transactionId;
  if (event.input !== undefined) data.input_data = event.input;
  if (event.result !== undefined) data.result = event.result;
  if (event.metrics) data.performance_metrics = event.metrics;
  return data;
}

/** Elasticsearch refuses a `flattened` field whose keys hold a NUL or are very long: such data goes in as text. */
function searchable(data: JsonObject | undefined): JsonObject | undefined {
  return data === undefined || hasFitKeys(data) ? data : { text: JSON.stringify(data) };
}

function hasFitKeys(value: JsonObject | Json[]): boolean {
  if (Array.isArray(value)) return value.every((inner) => isPlain(inner) || hasFitKeys(inner));
  for (const key in value) {
    const inner = value[key]!;
    if (key.length > 512 || key.includes('\0') || !(isPlain(inner) || hasFitKeys(inner))) return false;
  }
  return true;
}

function isPlain(value: Json): value is string | number | boolean | null {
  return typeof value !== 'object' || value === null;
}
