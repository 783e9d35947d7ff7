import type { Entry } from '../entry.ts';
import { isObject, type Json, type JsonObject, jsonEnd, MAX_DEPTH, parseDelimited } from '../util/json.ts';

/** What a body holds: an entry, and where its sender read it, if that is told; or a part that can't be read. */
export type Part = { entry: Entry; place?: string | undefined } | { unreadable: UnreadablePart };

/** A part of a body as it came, and why it can't be read. */
export interface UnreadablePart {
  entry: string;
  reason: string;
}

/** A line that begins an entry of Python's logging. */
const DATED = /\d{4}-\d\d-\d\d[ T]\d\d:\d\d/y;
const NAMES_TIME = /\d{4}-\d\d-\d\d[ T]\d\d:\d\d/;
/** A bracket that opens an array of logs; one before other text, as in `[uuid] POST …`, is text. */
const ARRAY = /\[\s*(?:[[{"]|\]\s*$)/y;
const BETWEEN = /\s*/y;
const BETWEEN_ELEMENTS = /[\s,]*/y;

/**
 * Reads a body into entries, in their order: NDJSON, a JSON array, JSON objects run together, lines of text, or a mixture.
 * What is no JSON is text, a line an entry, except lines that follow a dated one without beginning with a date
 * themselves: they continue it, as tracebacks do. A line that begins like JSON and is none is unreadable, and
 * costs no other line anything. Lazy, and linear in the body's length.
 */
export function* readBody(text: string): Generator<Part> {
  let at = 0;
  let inArray = false;
  // JSON may span lines until some is broken; from then on its end is only looked for on its own line.
  let spansLines = true;
  let lineEnd = -1;
  for (;;) {
    at = skip(inArray ? BETWEEN_ELEMENTS : BETWEEN, text, at);
    if (at >= text.length) return;
    if (inArray ? text[at] === ']' : test(ARRAY, text, at)) {
      inArray = !inArray;
      at++;
      continue;
    }
    // Looked for once a line: a body may be one line of many objects.
    if (lineEnd < at) lineEnd = endOfLine(text, at);
    if (!inArray && text[at] !== '{') {
      const end = test(DATED, text, at) ? continuedTo(text, lineEnd) : lineEnd;
      yield { entry: text.slice(at, end).replaceAll('\r\n', '\n').trimEnd() };
      at = end;
      continue;
    }
    const rest = text.slice(at, spansLines ? undefined : lineEnd);
    let length = jsonEnd(rest, 0);
    const value = length < 0 ? undefined : parseDelimited(rest.slice(0, length));
    let reason = 'it is broken JSON';
    if (length < 0) {
      length = jsonEnd(rest, 0, Number.POSITIVE_INFINITY);
      if (length >= 0) reason = `it nests deeper than ${MAX_DEPTH} levels`;
    }
    const ends = length >= 0 && '{["'.includes(text[at] as string);
    if (value === undefined && !(ends && at + length <= lineEnd)) {
      if (spansLines) {
        spansLines = false;
        continue;
      }
      length = lineEnd - at;
    }
    yield partOf(value, text.slice(at, at + length), reason);
    at += length;
  }
}

/** A sticky pattern, tried at one place. */
function test(pattern: RegExp, text: string, at: number): boolean {
  pattern.lastIndex = at;
  return pattern.test(text);
}

/** The place behind what a sticky pattern that always matches matches there. */
function skip(pattern: RegExp, text: string, at: number): number {
  test(pattern, text, at);
  return pattern.lastIndex;
}

function endOfLine(text: string, at: number): number {
  const newline = text.indexOf('\n', at);
  return newline < 0 ? text.length : newline;
}

/** The end of the last line that continues the one which ends at `lineEnd`. */
function continuedTo(text: string, lineEnd: number): number {
  let end = lineEnd;
  while (end < text.length && text[end + 1] !== '{' && !test(DATED, text, end + 1))
    end = endOfLine(text, end + 1);
  return end;
}

function partOf(value: Json | undefined, entry: string, reason: string): Part {
  if (typeof value === 'string') return { entry: value };
  if (isObject(value)) return { entry: unwrap(value), place: placeOf(value) };
  if (value === undefined) return { unreadable: { entry, reason } };
  return { unreadable: { entry, reason: 'it is neither a JSON object nor a text' } };
}

/**
 * The log line out of a shipper's envelope, whose other members are the shipper's own and no part of the log. An object
 * with a `level` is itself a log. Of others, the line is
 * - `message`, where it is a dated line, or `source_type` stands beside it (Vector: `{"file","host","message",
 *   "source_type","timestamp"}`);
 * - `log`, where there is no `message` (Fluent Bit: `{"date","log"}`).
 */
function unwrap(object: JsonObject): Entry {
  const { level, message, log, source_type: sourceType } = object;
  if (typeof level === 'string') return object;
  if (typeof message === 'string' && (typeof sourceType === 'string' || test(DATED, message, 0)))
    return message.trimEnd();
  if (message === undefined && typeof log === 'string') return log.trimEnd();
  return object;
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
