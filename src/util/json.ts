/** A value that JSON can hold. */
export type Json = string | number | boolean | null | Json[] | JsonObject;
/** A JSON object; keys come from outside, `__proto__` included, so copy it with care. */
export type JsonObject = { [key: string]: Json };

/**
 * How deep JSON from outside may nest before it is left as text. V8's `JSON.stringify` and
 * Elasticsearch's parser recurse; real logs nest five deep.
 */
export const MAX_DEPTH = 32;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SCALAR = /(?:-?\d[\d.eE+-]*|true|false|null|NaN|-?Infinity)/y;

/** True for an object that is neither null nor an array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A text or a number as text; `undefined` for any other value. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

/**
 * The index just behind the JSON value that begins at `start`, or -1 where none ends, or where it nests
 * deeper than `depthLimit`. It finds the end only, in one pass: `parseJson` of the slice says whether it is
 * valid.
 */
export function jsonEnd(text: string, start: number, depthLimit = MAX_DEPTH): number {
  const first = text.charCodeAt(start);
  if (first === QUOTE) return stringEnd(text, start);
  if (first !== 0x7b && first !== 0x5b) {
    SCALAR.lastIndex = start;
    return SCALAR.test(text) ? SCALAR.lastIndex : -1;
  }
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = stringEnd(text, at) - 1;
      if (at < 0) return -1;
    } else if (code < 0x5b) {
      // Digits, commas, colons and spaces: nearly all that stands between strings.
    } else if (code === 0x7b || code === 0x5b) {
      if (++depth > depthLimit) return -1;
    } else if (code === 0x7d || code === 0x5d) {
      if (--depth === 0) return at + 1;
    }
  }
  return -1;
}

/** The index behind the string literal that opens at `start`; -1 where it never closes. */
function stringEnd(text: string, start: number): number {
  for (let at = start + 1; ; at++) {
    at = text.indexOf('"', at);
    if (at < 0) return -1;
    let escapes = at - 1;
    while (text.charCodeAt(escapes) === BACKSLASH) escapes--;
    if ((at - escapes) % 2 === 1) return at + 1;
  }
}

/**
 * Parses JSON as Python's `json.dumps` writes it: `NaN` and `Infinity`, which it emits by default, become null, and
 * integers beyond 2^53, which would lose digits, become text. Returns `undefined` for what is not JSON, or nests deeper
 * than `MAX_DEPTH`.
 */
export function parseJson(text: string): Json | undefined {
  const value = parseDelimited(text);
  if (value === undefined || !hasManyBrackets(text)) return value;
  return isDeeperThan(value, MAX_DEPTH) ? undefined : value;
}

/** Whether there are enough brackets to nest too deep: to count them costs less than to walk through a value. */
function hasManyBrackets(text: string): boolean {
  let count = 0;
  for (const bracket of '{[')
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1))
      if (++count > MAX_DEPTH) return true;
  return false;
}

/** `parseJson` for text whose depth `jsonEnd` has measured already. */
export function parseDelimited(text: string): Json | undefined {
  try {
    return JSON.parse(hasLongInteger(text) ? replaceNumbers(text) : text);
  } catch {
    if (!/NaN|Infinity/.test(text)) return undefined;
  }
  try {
    return JSON.parse(replaceNumbers(text));
  } catch {
    return undefined;
  }
}

/** Integers of fewer digits are exact. */
const LONG = 16;

/** Whether a run of digits is long enough; wherever one stands, every 16th character meets it. */
function hasLongInteger(text: string): boolean {
  for (let at = LONG - 1; at < text.length; at += LONG) {
    if (!isDigit(text.charCodeAt(at))) continue;
    // Short numbers, at a glance.
    if (!isDigit(text.charCodeAt(at - LONG / 2)) && !isDigit(text.charCodeAt(at + LONG / 2))) continue;
    let start = at;
    while (isDigit(text.charCodeAt(start - 1))) start--;
    let end = at + 1;
    while (isDigit(text.charCodeAt(end))) end++;
    if (end - start >= LONG && text[start - 1] !== '.') return true;
    at = end;
  }
  return false;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

const NUMBER = /-?(?:\d[\d.eE+-]*|\b(?:NaN|Infinity)\b)/y;

/** The same JSON, but for numbers that JavaScript can't hold: integers beyond 2^53 in quotes, `NaN` and its like as null. */
function replaceNumbers(text: string): string {
  let replaced = '';
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    if (text.charCodeAt(at) === QUOTE) {
      at = stringEnd(text, at) - 1;
      if (at < 0) break;
      continue;
    }
    NUMBER.lastIndex = at;
    const number = NUMBER.exec(text)?.[0];
    if (number === undefined) continue;
    const end = at + number.length;
    const value = Number(number);
    const tooLarge = /^-?\d+$/.test(number)
      ? !Number.isSafeInteger(value)
      : /\d/.test(number) && !Number.isFinite(value);
    if (tooLarge || /[NI]/.test(number)) {
      replaced += text.slice(from, at) + (tooLarge ? `"${number}"` : 'null');
      from = end;
    }
    at = end - 1;
  }
  return replaced + text.slice(from);
}

/** True where `value` nests deeper than `limit` levels. Never recurses further than that. */
export function isDeeperThan(value: unknown, limit: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (limit === 0) return true;
  if (Array.isArray(value)) return value.some((inner) => isDeeperThan(inner, limit - 1));
  for (const key in value) if (isDeeperThan((value as JsonObject)[key], limit - 1)) return true;
  return false;
}

/** Sets a key of `object` whatever its name: assigning to `__proto__` would set the prototype and lose the value. */
export function setOwn(object: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
}

/** A copy of `object` with every key passed through `rename`; of two that meet, the later one wins. */
export function mapKeys(object: JsonObject, rename: (key: string) => string): JsonObject {
  const copy: JsonObject = {};
  for (const key of Object.keys(object)) {
    const name = rename(key);
    if (name === '__proto__') setOwn(copy, name, object[key] as Json);
    else copy[name] = object[key] as Json;
  }
  return copy;
}
