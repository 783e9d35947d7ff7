import { defineFields, definePlugin, type Json, type JsonObject, type LogEvent } from 'ml-log-sidecar/plugin';

const fields = defineFields({
  timestamp: { type: 'date', from: 'timestamp', alias: '@timestamp', required: true },
  level: { type: 'keyword', from: 'level', required: true },
  logger: { type: 'keyword', from: 'logger' },
  // Nobody ranks logs by how well they match.
  message: { type: 'text', from: 'message', required: true, mapping: { norms: false } },
  transaction_id: { type: 'keyword', from: 'transactionId' },
  http_method: { type: 'keyword', from: 'httpMethod' },
  http_path: { type: 'keyword', from: 'httpPath' },
  status_code: { type: 'short', from: 'statusCode', mapping: { ignore_malformed: true } },
  execution_time_ms: { type: 'double', from: 'executionTimeMs', mapping: { ignore_malformed: true } },
  // Callers choose these keys and values: one field takes them all, and none can be in conflict. It can be searched; to be
  // computed with, its values are in the other indices.
  data: {
    type: 'flattened',
    from: 'part.data',
    mapping: { depth_limit: 40, ignore_above: 1024, doc_values: false },
  },
});

/** `ml-api-logs`: every log, whatever it is. */
export default definePlugin({
  name: 'ml-api-logs',
  description: 'every log',
  index: { name: 'ml-api-logs', filtered: false, ...fields.index(), identity: ['level', 'message'] },
  create: () => ({
    documents: (event) => fields.document(event, { data: searchable(dataOf(event)) }),
  }),
});

const DOCUMENTED = ['transaction_id', 'input_data', 'result', 'performance_metrics'];

/** The documented `data`, also for logs that spell it out in their message. */
function dataOf({ data, transactionId, input, result, metrics }: LogEvent): JsonObject | undefined {
  if (data && DOCUMENTED.some((name) => Object.hasOwn(data, name))) return data;
  if (input === undefined && result === undefined && !metrics) return data;
  return {
    ...data,
    ...(transactionId !== undefined && { transaction_id: transactionId }),
    ...(input !== undefined && { input_data: input }),
    ...(result !== undefined && { result }),
    ...(metrics && { performance_metrics: metrics }),
  };
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
