import { parseJson } from '../util/json.ts';
import { ContainerLines, joinLines, type Span } from './container-lines.ts';
import { BRACE, CLOSING, COMMA, endOfLine, jsonSpanEnd, NEWLINE, OPENING, Twins } from './json-span.ts';
import { beginsLog, matchesAt } from './log-beginning.ts';

export type { Span } from './container-lines.ts';

const TRACEBACK = 'Traceback (most recent call last)';
const OBJECT = /\{\s*["}]/y;
/** A bracket that may open an array of logs; `isArrayLine` looks at what follows. */
const ARRAY = /\[\s*[{"]/y;
/** What may be left of an array whose beginning was read before. */
const ARRAY_GOES_ON = /[,\]](?=[ \t\r,\]]*(?:$|[\n{[]))/y;
/** A value of an array that is not a log; what only begins like one is text behind an array that was never closed. */
const SCALAR = /(?:-?\d[\d.eE+-]*|true|false|null|NaN|-?Infinity)(?=[ \t\r]*(?:[,\]\n]|$))/y;
const VALUE_ENDS = /[ \t\r]*(?:[,\]\n]|$)/y;
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
 * continuation: it may be pretty-printed, stand in an array, or share a line with other JSON; a line that only begins so
 * (`["x"] started`, `{"a": 1} trailing`) is text. Lines that a container's
 * runtime wrapped are unwrapped, and what each of its streams wrote is cut by these rules. White space and the brackets
 * and commas of arrays belong to no log. `ended`: no more text follows; otherwise what could go on is not `closed`.
 * Linear in the length of the text.
 */
export function cutLogs(text: string, ended: boolean): Span[] {
  const containers = new ContainerLines();
  const logs = cutLines(text, ended, containers);
  const wrapped = containers.cut(ended, cutLines);
  return wrapped.length === 0 ? logs : merge(logs, wrapped);
}

/** The entries of a span: one, but for several logs that share the lines of a container. `slice` reads the text. */
export function entriesOf(
  { start, end, lines, several = false }: Span,
  slice: (start: number, end: number) => string,
): string[] {
  if (!lines) return [slice(start, end)];
  const texts = lines.map((line) => slice(line.start, line.end));
  return joinLines(texts, several ? (text) => cutLines(text, true) : undefined);
}

/** `containers` takes the lines that a container's runtime wrapped; without it, they are like any other. */
function cutLines(text: string, ended: boolean, containers?: ContainerLines): Span[] {
  const logs: Span[] = [];
  /** The text that the next line may continue. */
  let open: Span | undefined;
  let inArray = false;
  /** A value of the array is due, and not a comma. */
  let isDue = false;
  /** Up to here, nothing but values and what stands between them is left of the line. */
  let arrayLineEnd = -1;
  const twins = new Twins(text);
  /** Looked for once a line: a whole body of values may share one. */
  let lineEnd = -1;
  let at = text.startsWith('\u00ef\u00bb\u00bf') ? 3 : 0;
  while (at < text.length) {
    const start = at;
    at = skipBlanks(text, at);
    const code = text.charCodeAt(at);
    if (code === NEWLINE || at >= text.length) {
      at++;
      continue;
    }
    if (lineEnd < at) lineEnd = endOfLine(text, at);
    const isOpening = code === OPENING;
    if (isOpening || code === COMMA || code === CLOSING) {
      const isOfArray = isOpening
        ? !open && matchesAt(ARRAY, text, at)
        : inArray || ((logs.at(-1)?.json ?? true) && matchesAt(ARRAY_GOES_ON, text, at));
      if (isOfArray && (at < arrayLineEnd || isArrayLine(text, at, lineEnd, ended))) {
        arrayLineEnd = lineEnd;
        isDue = inArray = code !== CLOSING;
        at++;
        continue;
      }
    }
    const isObject = code === BRACE && matchesAt(OBJECT, text, at);
    if (isObject || (inArray && isDue)) {
      const end = inArray
        ? valueEnd(text, at, lineEnd, ended)
        : twins.isWholeLine(at, lineEnd)
          ? trimmedEnd(text, at, lineEnd)
          : objectEnd(text, at, lineEnd, ended);
      if (end >= 0 && open && end > lineEnd && !isLog(text.slice(at, end))) {
        open.end = end;
        at = end;
        continue;
      }
      if (end >= 0) {
        if (open) open.closed = true;
        open = undefined;
        isDue = false;
        if (!containers?.add(text, at, end))
          logs.push({ start: at, end, json: true, closed: end < text.length || ended });
        at = end;
        continue;
      }
    }
    inArray = false;
    const begins = beginsLog(text, at);
    if (begins && containers?.add(text, at, lineEnd)) {
      if (open) open.closed = true;
      open = undefined;
    } else if (open && !begins) open.end = lineEnd;
    else {
      const span: Span = { start, end: lineEnd, json: false, closed: false };
      logs.push(span);
      open = begins || text.startsWith(TRACEBACK, at) ? span : undefined;
      span.closed = !open && lineEnd < text.length;
    }
    at = lineEnd + 1;
  }
  // What follows it settles that a log is whole.
  for (let n = logs.length - (ended ? 1 : 2); n >= 0; n--) logs[n]!.closed = true;
  return logs;
}

/** The logs in the order of their beginnings; of those whose lines are mixed, none is closed before all are. */
function merge(logs: Span[], wrapped: Span[]): Span[] {
  const all = [...logs, ...wrapped].sort((a, b) => a.start - b.start);
  let reached = 0;
  all.forEach((each, n) => {
    reached = Math.max(reached, each.end);
    each.mixed = n + 1 < all.length && reached > all[n + 1]!.start;
  });
  for (let n = all.length - 2; n >= 0; n--) if (all[n]!.mixed) all[n]!.closed &&= all[n + 1]!.closed;
  return all;
}

const QUOTE = 0x22;

function skipBlanks(text: string, from: number): number {
  let at = from;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code !== 0x20 && code !== 0x09 && code !== 0x0d && code !== 0xfeff) return at;
    at++;
  }
}

/** Where a value of an array ends; -1 where none stands. */
function valueEnd(text: string, at: number, lineEnd: number, ended: boolean): number {
  const code = text.charCodeAt(at);
  if (code === BRACE) return jsonSpanEnd(text, at, lineEnd, ended);
  if (code !== OPENING && code !== QUOTE) return matchesAt(SCALAR, text, at) ? SCALAR.lastIndex : -1;
  const end = jsonSpanEnd(text, at, lineEnd, ended);
  return matchesAt(VALUE_ENDS, text, end) ? end : -1;
}

/** Whether nothing but values of arrays, and what stands between them, is left of a line; an object may be cut off. */
function isArrayLine(text: string, start: number, lineEnd: number, ended: boolean): boolean {
  let hasValue = false;
  let last = 0;
  for (let at = skipBlanks(text, start); at < lineEnd; at = skipBlanks(text, at)) {
    const code = text.charCodeAt(at);
    if (code === OPENING || code === COMMA || code === CLOSING) at++;
    else {
      const isDue = code === BRACE || last === OPENING || last === COMMA;
      const end = isDue ? valueEnd(text, at, lineEnd, ended) : -1;
      if (end < 0) return hasValue && code === BRACE;
      hasValue = true;
      at = end;
    }
    last = code;
  }
  return last !== QUOTE;
}

/** Where a JSON object ends; -1 where it is broken, or only begins a text. */
function objectEnd(text: string, at: number, lineEnd: number, ended: boolean): number {
  const end = jsonSpanEnd(text, at, lineEnd, ended);
  const behind = skipBlanks(text, end);
  if (end < 0 || behind >= lineEnd || text.charCodeAt(behind) === BRACE) return end;
  if (matchesAt(ARRAY_GOES_ON, text, behind) || beginsLog(text, behind)) return end;
  return isLog(text.slice(at, end)) ? end : -1;
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
