import { hash } from 'node:crypto';
import { canonicalJson } from './util/canonical-json.ts';
import type { Json, JsonObject } from './util/json.ts';

/** One log, parsed. Fields that could not be told are `undefined`; plugins may reshape all but `id` and `written`. */
export interface LogEvent {
  /** The log's identity: `createContentKey`, to which the pipeline adds which copy of that content it is. */
  id: string;
  /** The timestamp as the entry wrote it; empty where it names none. */
  written: string;
  /** ISO 8601 in UTC; for a log that names no time, the time it was read at. */
  timestamp: string;
  /** `UNKNOWN` where the entry names none. */
  level: string;
  /** The Python logger's name. */
  logger: string | undefined;
  message: string;
  /** What the entry carried beside its message. */
  data: JsonObject | undefined;
  transactionId: string | undefined;
  httpMethod: string | undefined;
  httpPath: string | undefined;
  statusCode: number | undefined;
  /** How long the call took, in ms. */
  executionTimeMs: number | undefined;
  /** The call's body, as the caller sent it. */
  input: Json | undefined;
  /** The API's answer. */
  result: Json | undefined;
  /** Performance metrics, in the API's own spelling. */
  metrics: JsonObject | undefined;
}

/**
 * The hash of a log's canonical content: 128 bits of SHA-256 in hex. Two logs with equal keys are copies of each
 * other; `Occurrences` tells them apart. `written` is the timestamp as the entry wrote it, so that the
 * configured zone changes no identity.
 */
export function createContentKey(
  written: string,
  level: string,
  message: string,
  data: JsonObject | undefined,
): string {
  const time = written.replace('T', ' ');
  const rest = data === undefined ? '' : canonicalJson(data);
  // White space at a message's end differs between the roads that one log can take.
  return hash('sha256', `${time}\0${level}\0${message.trimEnd()}\0${rest}`).slice(0, 32);
}

/** The key of a content within a scope, see `Batch.scope`; of the same form as `createContentKey`. */
export function createScopedKey(scope: string, key: string): string {
  return hash('sha256', `${scope}\0${key}`).slice(0, 32);
}

/** Whether a document's id is one of this program's: `createContentKey`, the number of the copy, that of the document. */
export function isOwnId(id: string): boolean {
  return /^[0-9a-f]{32}(-\d+)?(\.\d+)?$/.test(id);
}
