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
 * Parses JSON as Python's `json.dumps` writes it: `NaN` and `Infinity`, which it emits by default, become
 * null. Answers `undefined` for what is no JSON, or nests deeper than `MAX_DEPTH`.
 */
export function parseJson(text: string): Json | undefined {
  if (jsonEnd(text, 0) < 0) return undefined;
  return parseDelimited(text);
}

/** `parseJson` for text that `jsonEnd` has delimited, and so measured, already. */
export function parseDelimited(text: string): Json | undefined {
  try {
    return JSON.parse(text);
  } catch {
    if (!/NaN|Infinity/.test(text)) return undefined;
  }
  try {
    return JSON.parse(
      text.replace(/"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g, (m) => (m[0] === '"' ? m : 'null')),
    );
  } catch {
    return undefined;
  }
}

/** True where `value` nests deeper than `limit` levels. Never recurses further than that. */
export function deeperThan(value: unknown, limit: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (limit === 0) return true;
  for (const inner of Object.values(value)) if (deeperThan(inner, limit - 1)) return true;
  return false;
}

/** JSON with every object's keys sorted, so that equal values have equal text. `value` nests `MAX_DEPTH` at most. */
export function canonicalJson(value: Json): string {
  if (typeof value === 'number') return Number.isFinite(value) ? `${value}` : 'null';
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  let text = '';
  if (Array.isArray(value)) {
    for (const item of value) text += `${text === '' ? '[' : ','}${canonicalJson(item)}`;
    return text === '' ? '[]' : `${text}]`;
  }
  const values = Object.values(value);
  for (const { name, at } of sortedKeys(Object.keys(value)))
    text += `${text === '' ? '{' : ','}${name}:${canonicalJson(values[at]!)}`;
  return text === '' ? '{}' : `${text}}`;
}

/** Keys as they come in an object, and the same sorted: as JSON, each with its place in the object. */
interface Order {
  keys: readonly string[];
  sorted: readonly { name: string; at: number }[];
}

/** By its first key and how many follow: logs repeat few kinds of object, and sorting anew costs more than all else. */
const orders = new Map<string, Order>();
const MOST_ORDERS = 1_000;
/** An object with more keys is one of its kind. */
const MOST_KEYS = 100;

function sortedKeys(keys: readonly string[]): Order['sorted'] {
  const kind = `${keys.length} ${keys[0]}`;
  const known = orders.get(kind);
  if (known?.keys.every((key, at) => key === keys[at])) return known.sorted;
  const places = keys.map((key, at) => ({ key, at })).sort((a, b) => (a.key < b.key ? -1 : 1));
  const sorted = places.map(({ key, at }) => ({ name: JSON.stringify(key), at }));
  if (orders.size >= MOST_ORDERS) orders.clear();
  if (keys.length <= MOST_KEYS) orders.set(kind, { keys, sorted });
  return sorted;
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
