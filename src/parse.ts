import type { Entry } from './entry.ts';
import { contentKey, type LogEvent } from './event.ts';
import type { TimestampReader } from './timestamp.ts';
import {
  deeperThan,
  isObject,
  type Json,
  type JsonObject,
  jsonEnd,
  MAX_DEPTH,
  parseDelimited,
  parseJson,
  setOwn,
} from './util/json.ts';

/** The level of a log that names none. */
export const UNKNOWN_LEVEL = 'UNKNOWN';

/** Why an entry is not a log; it becomes a dead letter. */
export class EntryError extends Error {
  override name = 'EntryError';
  /** The log as it could be told all the same: what it is known by when another limit lets it pass. */
  readonly event: LogEvent | undefined;

  constructor(message: string, event?: LogEvent) {
    super(message);
    this.event = event;
  }
}

/** What parsing needs to know. */
export interface ParseOptions {
  readTimestamp: TimestampReader;
  /** An entry of more bytes of UTF-8 is refused. */
  maxEntryBytes: number;
}

/**
 * Reads one entry of any of the three shapes (JSON, Python's logging line, Gradio's split line; "Entries" in
 * `../README.md` shows them) into an event; what is none of them becomes an event too, as far as it can be told.
 * Throws `EntryError` where the entry is too large, or an object nested too deep, and nothing else.
 */
export function parseEntry(entry: Entry, options: ParseOptions): LogEvent {
  if (typeof entry !== 'string') {
    if (deeperThan(entry, MAX_DEPTH)) throw new EntryError(`the entry nests deeper than ${MAX_DEPTH} levels`);
    return refuseTooLarge(JSON.stringify(entry), fromObject(entry, options), options);
  }
  return refuseTooLarge(entry, fromLine(entry, options), options);
}

function fromLine(entry: string, options: ParseOptions): LogEvent {
  const first = entry[0];
  if (first === '{' || first === '"') {
    const value = parseJson(entry);
    if (typeof value === 'string') return fromText(value, options);
    if (isObject(value) && !isObject(value.performance_metrics)) return fromObject(value, options);
  }
  return fromText(entry, options);
}

function refuseTooLarge(text: string, event: LogEvent, { maxEntryBytes }: ParseOptions): LogEvent {
  if (text.length * 3 <= maxEntryBytes) return event;
  const bytes = Buffer.byteLength(text);
  if (bytes <= maxEntryBytes) return event;
  throw new EntryError(`the entry has ${bytes} bytes; limits.entry_bytes allows ${maxEntryBytes}`, event);
}

/** `2026-11-24 19:26:39 - api - INFO - message`, split as the API itself splits it, at the first three dashes. */
function fromText(text: string, options: ParseOptions): LogEvent {
  const timeEnd = text.indexOf(' - ');
  if (timeEnd > 0) {
    const written = text.slice(0, timeEnd);
    const timestamp = timeEnd < 40 ? options.readTimestamp(written) : undefined;
    if (timestamp !== undefined) {
      const loggerEnd = text.indexOf(' - ', timeEnd + 3);
      const levelEnd = loggerEnd < 0 ? -1 : text.indexOf(' - ', loggerEnd + 3);
      if (levelEnd < 0)
        return event(written, timestamp, undefined, undefined, text.slice(timeEnd + 3), undefined);
      const logger = text.slice(timeEnd + 3, loggerEnd);
      const level = text.slice(loggerEnd + 3, levelEnd);
      return event(written, timestamp, level, logger, text.slice(levelEnd + 3), undefined);
    }
  }
  return event('', undefined, undefined, undefined, text, undefined);
}

const DOCUMENTED = new Set(['timestamp', 'level', 'message', 'data', 'logger']);

/** A JSON log or a Gradio entry. Members that no one documented are kept, under `data`. */
function fromObject(entry: JsonObject, options: ParseOptions): LogEvent {
  const { timestamp: time, level, message, data, logger } = entry;
  const others: JsonObject = {};
  for (const key of Object.keys(entry)) if (!DOCUMENTED.has(key)) setOwn(others, key, entry[key]);
  const written = typeof time === 'string' ? time : '';
  if (time !== undefined && time !== null && written === '') others.timestamp = time;
  if (message === undefined && data === undefined) {
    // Some other program's JSON: the log's text is the JSON itself.
    const text = JSON.stringify(entry);
    return event(written, options.readTimestamp(written), textOf(level), textOf(logger), text, undefined);
  }
  let kept: JsonObject | undefined = isObject(data) ? data : undefined;
  if (data !== undefined && data !== null && kept === undefined) others.value = data;
  if (Object.keys(others).length > 0) kept = { ...others, ...kept };
  const text = typeof message === 'string' ? message : message == null ? '' : JSON.stringify(message);
  return event(written, options.readTimestamp(written), textOf(level), textOf(logger), text, kept);
}

function textOf(value: Json | undefined): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

function event(
  written: string,
  timestamp: string | undefined,
  level: string = UNKNOWN_LEVEL,
  logger: string | undefined,
  message: string,
  data: JsonObject | undefined,
): LogEvent {
  const event: LogEvent = {
    id: contentKey(written, level, message, data),
    written,
    timestamp: timestamp ?? new Date().toISOString(),
    level,
    logger,
    message,
    data,
    transactionId: undefined,
    httpMethod: undefined,
    httpPath: undefined,
    statusCode: undefined,
    executionTimeMs: undefined,
    input: undefined,
    result: undefined,
    metrics: undefined,
  };
  if (message[0] === '{') readMetricsLine(event);
  else readApiCall(event) || readDocumentedCall(event);
  if (data !== undefined) readDocumentedData(event, data);
  return event;
}

/** `{"performance_metrics": {…}}`, a message of its own that comes before its call's. */
function readMetricsLine(event: LogEvent): void {
  const value = parseJson(event.message);
  if (!isObject(value) || !isObject(value.performance_metrics)) return;
  event.metrics = value.performance_metrics;
  event.transactionId = textOf(event.metrics.transaction_id);
}

const CALL = /(?:\[([^\]\s]{1,128})\] )?API Call - ([A-Z]+) /y;
const STATUS = / - Status: (\d{3}) - Time: (\d+(?:\.\d+)?(?:e[+-]?\d+)?)ms/y;
const INPUT = ' - Input: ';
const RESULT = ' - Result: ';
/** A path may imitate what follows it; so many imitations are looked behind. */
const MAX_IMITATIONS = 16;

/**
 * `[uuid] API Call - POST /predict - Status: 200 - Time: 15.98ms - Input: {json} - Result: {json}`.
 * Path and bodies come from callers and may imitate any part of that. The right reading is the first in which
 * the JSON values end where the message ends; without one (a cut message), the first status counts.
 */
function readApiCall(event: LogEvent): boolean {
  const { message } = event;
  CALL.lastIndex = 0;
  const head = CALL.exec(message);
  if (!head) return false;
  const pathStart = CALL.lastIndex;
  let found: { path: string; status: string; time: string; tail?: Tail } | undefined;
  let at = pathStart;
  for (let tries = 0; tries < MAX_IMITATIONS; tries++) {
    at = message.indexOf(' - Status: ', at);
    if (at < 0) break;
    STATUS.lastIndex = at;
    const match = STATUS.exec(message);
    if (match) {
      const tail = readTail(message, STATUS.lastIndex);
      if (tail || !found)
        found = { path: message.slice(pathStart, at), status: match[1]!, time: match[2]!, tail: tail! };
      if (tail) break;
    }
    at++;
  }
  if (!found) return false;
  event.transactionId = head[1];
  event.httpMethod = head[2];
  event.httpPath = found.path;
  event.statusCode = Number(found.status);
  event.executionTimeMs = Number(found.time);
  event.input = found.tail?.input;
  event.result = found.tail?.result;
  return true;
}

interface Tail {
  input: Json | undefined;
  result: Json | undefined;
}

/** The bodies from `at` to the message's end, or nothing where something else stands there. */
function readTail(message: string, at: number): Tail | undefined {
  let end = at;
  let input: Json | undefined;
  let result: Json | undefined;
  if (message.startsWith(INPUT, end)) {
    const start = end + INPUT.length;
    end = jsonEnd(message, start);
    if (end < 0) return undefined;
    input = parseDelimited(message.slice(start, end));
  }
  if (message.startsWith(RESULT, end)) {
    const start = end + RESULT.length;
    end = jsonEnd(message, start);
    if (end < 0) return undefined;
    result = parseDelimited(message.slice(start, end));
  }
  return end === message.length || message.slice(end).trim() === '' ? { input, result } : undefined;
}

const DOCUMENTED_CALL =
  /^(?:\[([^\]\s]{1,128})\] )?([A-Z]{3,7}) (\S{1,2048}) - (\d{3}) - (\d+(?:\.\d+)?)ms(?: - |$)/;

/** `[uuid] POST /predict - 200 - 45ms - input - result`. */
function readDocumentedCall(event: LogEvent): void {
  const match = DOCUMENTED_CALL.exec(event.message);
  if (!match) return;
  event.transactionId = match[1];
  event.httpMethod = match[2];
  event.httpPath = match[3];
  event.statusCode = Number(match[4]);
  event.executionTimeMs = Number(match[5]);
}

/** `data: {transaction_id, input_data, result, performance_metrics}`; what it says wins over the message. */
function readDocumentedData(event: LogEvent, data: JsonObject): void {
  event.transactionId = textOf(data.transaction_id) ?? event.transactionId;
  event.input = data.input_data ?? event.input;
  event.result = data.result ?? event.result;
  if (isObject(data.performance_metrics)) {
    event.metrics = data.performance_metrics;
    event.transactionId ??= textOf(event.metrics.transaction_id);
  }
}
