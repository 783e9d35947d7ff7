import { MAX_DEPTH } from '../util/json.ts';

/** What JSON and its lines are told by: codes of characters. */
export const NEWLINE = 0x0a;
export const COMMA = 0x2c;
export const OPENING = 0x5b;
export const CLOSING = 0x5d;
export const BRACE = 0x7b;

/** Where the line that `at` stands in ends. */
export function endOfLine(text: string, at: number): number {
  const newline = text.indexOf('\n', at);
  return newline < 0 ? text.length : newline;
}

/** Tells lines that are one object of JSON by a cheap look, without reading them. */
export class Twins {
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
 * Where the JSON object, array or string that begins at `start` ends; -1 where it is broken. It may span lines as printers of JSON break
 * them: between tokens, where a value goes on. So what is cut off at a line's end is broken there, and costs no more.
 * Where the text ends within it: the text's end if more may follow, else -1. `firstLineEnd`: of the line that it begins in.
 */
export function jsonSpanEnd(text: string, start: number, firstLineEnd: number, ended: boolean): number {
  const open: number[] = [];
  let last = 0;
  let broken = false;
  let lineEnd = firstLineEnd;
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
