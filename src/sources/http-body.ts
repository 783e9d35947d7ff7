import type { Entry } from '../entry.ts';
import { isObject, type Json, type JsonObject, jsonEnd, MAX_DEPTH, parseJson } from '../util/json.ts';
import { cutLogs, entriesOf } from './log-lines.ts';

/** What a body holds: an entry, and where its sender read it, if that is told; or a part that can't be read. */
export type Part =
  | { entry: Entry; place?: string | undefined }
  /** As it came, and why it can't be read. */
  | { unreadable: { entry: string; reason: string } };

const EMPTY_ARRAY = /^\s*\[\s*\]\s*$/;
/** Of Vector's lines. */
const NAMES_TIME = /\d{4}-\d\d-\d\d[ T]\d\d:\d\d/;

/**
 * Reads a body into entries, in their order: NDJSON, a JSON array, JSON objects run together, lines of text, or a
 * mixture; `cutLogs` says which lines belong together. Broken JSON is unreadable, and costs nothing else anything.
 */
export function* readBody(text: string): Generator<Part> {
  if (EMPTY_ARRAY.test(text)) return;
  for (const span of cutLogs(text, true)) {
    for (const log of entriesOf(span, (start, end) => text.slice(start, end))) {
      if (span.json || isBrokenJson(log)) yield partOf(parseJson(log), log);
      else yield { entry: log.replaceAll('\r\n', '\n').trimEnd() };
    }
  }
}

/** Text that begins like JSON, and not one that only has JSON in front, as `{"a": 1} trailing`. */
function isBrokenJson(text: string): boolean {
  if (!/^\{\s*(?:["}]|$)/.test(text)) return false;
  const end = jsonEnd(text, 0);
  return end < 0 || end === text.length;
}

function partOf(value: Json | undefined, entry: string): Part {
  if (typeof value === 'string') return { entry: value };
  if (isObject(value)) return { entry: value, place: placeOf(value) };
  if (value !== undefined) return { unreadable: { entry, reason: 'it is neither a JSON object nor a text' } };
  const isDeep = jsonEnd(entry, 0, Number.POSITIVE_INFINITY) === entry.length && jsonEnd(entry, 0) < 0;
  const reason = isDeep ? `it nests deeper than ${MAX_DEPTH} levels` : 'it is broken JSON';
  return { unreadable: { entry, reason } };
}

/**
 * The host, file and byte that a line of Vector's `file` source was read at, where its `offset_key` is `offset`: after a
 * crash Vector reads lines again, and puts them in other bodies. Only of lines that name a time: others may
 * be at the same place of one file after another.
 */
function placeOf({ source_type: type, host, file, offset, message }: JsonObject): string | undefined {
  if (type !== 'file' || typeof file !== 'string' || typeof offset !== 'number') return undefined;
  return typeof message === 'string' && NAMES_TIME.test(message) ? `${host} ${file} ${offset}` : undefined;
}
