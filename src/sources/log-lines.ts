import { MAX_DEPTH, parseJson } from '../util/json.ts';
import { ContainerLines, type Span } from './container-lines.ts';
import { beginsLog, matches } from './log-beginning.ts';

const TRACEBACK = 'Traceback (most recent call last)';
/** A bracket that opens an array of logs; one before other text, as in `[uuid] POST …`, is text. */
const ARRAY = /\[\s*(?:[[{"]|\]\s*$)/y;
/** What is left of an array whose beginning was read before. */
const ARRAY_GOES_ON = /[,\]](?=[ \t\r,\]]*(?:$|[\n{]))/y;
/** Of these, a JSON object over several lines has one if it is a log, and not a part of the message before it. */
const LOG_KEYS = [
  'timestamp',
  '@timestamp',
  'time',
  'ts',
  'asctime',
  'level',
  'levelname',
  'severity',
  'message',
  'msg',
];

/**
 * Cuts a text into its logs, by the same rules wherever they come from. A line that begins a log of a known format begins
 * one; others continue a text that was begun so, as tracebacks do, and stand alone behind anything else. JSON takes no
 * continuation: it may be pretty-printed, stand in an array, or share a line with other JSON. Lines that a container's
 * runtime wrapped are judged by what is in them, and join as that would. White space and the brackets and commas of arrays
 * belong to no log. `ended`: no more text follows; otherwise what could go on is not `closed`.
 * Linear in the length of the text.
 */
export function cutLogs(text: string, ended: boolean): Span[] {
  const logs: Span[] = [];
  /** The text that the next line may continue. */
  let open: Span | undefined;
  const containers = new ContainerLines();
  let inArray = false;
  const twins = new Twins(text);
  let at = text.startsWith('\u00ef\u00bb\u00bf') ? 3 : 0;
  while (at < text.length) {
    const start = at;
    at = skipBlanks(text, at);
    const code = text.charCodeAt(at);
    if (code === NEWLINE || at >= text.length) {
      at++;
      continue;
    }
    if ((inArray && (code === COMMA || code === CLOSING)) || (!open && matches(ARRAY_GOES_ON, text, at))) {
      inArray &&= code === COMMA;
      at++;
      continue;
    }
    if (code === OPENING && !open && matches(ARRAY, text, at)) {
      inArray = true;
      at++;
      continue;
    }
    const lineEnd = endOfLine(text, at);
    if (code === BRACE || inArray) {
      const end =
        twins.isWholeLine(at, lineEnd) && !inArray
          ? trimmedEnd(text, at, lineEnd)
          : jsonSpanEnd(text, at, ended);
      if (end >= 0 && open && end > lineEnd && !isLog(text.slice(at, end))) {
        open.end = end;
        at = end;
        continue;
      }
      if (end >= 0) {
        const span: Span = { start: at, end, json: true, closed: end < text.length || ended };
        open = undefined;
        if (!containers.add(text, at, end, logs)) logs.push(span);
        at = end;
        continue;
      }
    }
    const begins = code === BRACE || beginsLog(text, at);
    if (begins && containers.add(text, at, lineEnd, logs)) open = undefined;
    else if (open && !begins) open.end = lineEnd;
    else {
      const span: Span = { start, end: lineEnd, json: false, closed: false };
      logs.push(span);
      open = begins || text.startsWith(TRACEBACK, at) ? span : undefined;
      span.closed = !open && lineEnd < text.length;
    }
    at = lineEnd + 1;
  }
  // What follows it settles that a log is whole.
  for (let n = 0; n < logs.length - 1; n++) logs[n]!.closed = true;
  return logs;
}

const NEWLINE = 0x0a;
const COMMA = 0x2c;
const OPENING = 0x5b;
const CLOSING = 0x5d;
const BRACE = 0x7b;

function skipBlanks(text: string, from: number): number {
  let at = from;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code !== 0x20 && code !== 0x09 && code !== 0x0d && code !== 0xfeff) return at;
    at++;
  }
}

function endOfLine(text: string, at: number): number {
  const newline = text.indexOf('\n', at);
  return newline < 0 ? text.length : newline;
}

function trimmedEnd(text: string, start: number, lineEnd: number): number {
  let end = lineEnd;
  while (end > start && /\s/.test(text[end - 1]!)) end--;
  return end;
}

function isLog(text: string): boolean {
  const value = parseJson(text) as Record<string, unknown> | undefined;
  return value !== undefined && LOG_KEYS.some((key) => Object.hasOwn(value, key));
}

/** Tells lines that are one object of JSON by a cheap look, without reading them. */
class Twins {
  readonly #text: string;
  readonly #next = new Map<string, number>([
    ['}{', -1],
    ['} {', -1],
  ]);

  constructor(text: string) {
    this.#text = text;
  }

  /** Whether the line begins and ends with a brace, no second object stands in it, and the next line begins anew. */
  isWholeLine(start: number, lineEnd: number): boolean {
    const text = this.#text;
    const last = text[lineEnd - 1] === '\r' ? lineEnd - 2 : lineEnd - 1;
    if (text[last] !== '}') return false;
    const next = text.charCodeAt(lineEnd + 1);
    if (!(next === BRACE || Number.isNaN(next) || (next >= 0x30 && next <= 0x39))) return false;
    for (const [twin, known] of this.#next) {
      let at = known;
      if (at < start) {
        const found = text.indexOf(twin, start);
        at = found < 0 ? text.length : found;
        this.#next.set(twin, at);
      }
      if (at < lineEnd) return false;
    }
    return true;
  }
}

/**
 * Where the JSON value that begins at `start` ends; -1 where it is broken. It may span lines as printers of JSON break
 * them: between tokens, where a value goes on. So what is cut off at a line's end is broken there, and costs no more.
 * Where the text ends within it: the text's end if more may follow, else -1.
 */
function jsonSpanEnd(text: string, start: number, ended: boolean): number {
  const open: number[] = [];
  let last = 0;
  let broken = false;
  let lineEnd = endOfLine(text, start);
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === NEWLINE) {
      if (open.length > MAX_DEPTH) return -1;
      broken = true;
      lineEnd = endOfLine(text, at + 1);
      continue;
    }
    if (code === 0x20 || code === 0x09 || code === 0x0d) continue;
    if (broken && !goesOn(last, code, open.at(-1)!)) return -1;
    broken = false;
    last = code;
    if (code === 0x22) {
      at = stringEndBefore(text, at, lineEnd);
      if (at < 0) return -1;
    } else if (code === BRACE || code === OPENING) open.push(code);
    else if (code === 0x7d || code === CLOSING) open.pop();
    else if (open.length === 0) {
      while (at < text.length && !/[\s,\]}]/.test(text[at]!)) at++;
      // A stray comma, or white space that JSON does not know, is not a value.
      return at > start ? at : -1;
    }
    if (open.length === 0) return at + 1;
  }
  return ended ? -1 : text.length;
}

/** Whether JSON can be broken into lines between these two characters; `within` opened what both are in. */
function goesOn(last: number, next: number, within: number): boolean {
  const closes = next === 0x7d || next === CLOSING;
  if (last === BRACE) return next === 0x22 || closes;
  if (last === COMMA) return within === BRACE ? next === 0x22 : !closes;
  if (last === OPENING || last === 0x3a) return true;
  return closes || next === COMMA || next === 0x3a;
}

/** The place of the quote that closes a string before `lineEnd`; -1 where none does. */
function stringEndBefore(text: string, start: number, lineEnd: number): number {
  for (let at = text.indexOf('"', start + 1); at >= 0 && at < lineEnd; at = text.indexOf('"', at + 1)) {
    let escapes = at - 1;
    while (text[escapes] === '\\') escapes--;
    if ((at - escapes) % 2 === 1) return at;
  }
  return -1;
}
