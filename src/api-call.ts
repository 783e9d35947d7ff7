import type { LogEvent } from './event.ts';
import {
  isObject,
  type Json,
  type JsonObject,
  jsonEnd,
  parseDelimited,
  parseJson,
  textOf,
} from './util/json.ts';

/** Fills in what the message and the data of an event say of the API's call. */
export function readCall(event: LogEvent): void {
  if (event.message[0] === '{') readMetricsLine(event);
  else readApiCall(event) || readDocumentedCall(event);
  if (event.data !== undefined) readDocumentedData(event, event.data);
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
/** A path may imitate what follows it; this many imitations are looked behind. */
const MAX_IMITATIONS = 16;

/**
 * `[uuid] API Call - POST /predict - Status: 200 - Time: 15.98ms - Input: {json} - Result: {json}`.
 * Path and bodies come from callers and may imitate any part of that. The right reading is the first in which
 * the JSON values end where the message ends; then the first behind whose JSON something else stands; without one (a cut
 * message), the first status counts.
 */
function readApiCall(event: LogEvent): boolean {
  const { message } = event;
  CALL.lastIndex = 0;
  const head = CALL.exec(message);
  if (!head) return false;
  const pathStart = CALL.lastIndex;
  let found: { path: string; status: string; time: string; tail: Tail | undefined } | undefined;
  let at = pathStart;
  for (let tries = 0; tries < MAX_IMITATIONS; tries++) {
    at = message.indexOf(' - Status: ', at);
    if (at < 0) break;
    STATUS.lastIndex = at;
    const match = STATUS.exec(message);
    if (match) {
      const tail = readTail(message, STATUS.lastIndex);
      if (!found || (tail && (tail.whole || !found.tail)))
        found = { path: message.slice(pathStart, at), status: match[1]!, time: match[2]!, tail };
      if (tail?.whole) break;
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
  /** Nothing stands behind them. */
  whole: boolean;
}

/** The bodies from `at` on; nothing where they are cut, or more of a call follows, which they then only imitate. */
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
  const whole = end === message.length || message.slice(end).trim() === '';
  return whole || (end > at && !message.startsWith(' - ', end)) ? { input, result, whole } : undefined;
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
