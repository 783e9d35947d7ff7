import type { Json, JsonObject } from './json.ts';

/** JSON with every object's keys sorted, so that equal values have equal text. `value` nests `MAX_DEPTH` at most. */
export function canonicalJson(value: Json): string {
  isInOrder = true;
  // V8 writes a copy whose keys are in order several times as fast as we could write each member.
  const copy = copySorted(value);
  return isInOrder ? JSON.stringify(copy) : writeSorted(value);
}

/** Whether each object that was copied could get its keys in order. */
let isInOrder = true;
/** Objects put such keys first, or take them for their prototype, wherever they are set. */
const OUT_OF_ORDER = /^(?:\d+|__proto__)$/;

function writeSorted(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(writeSorted).join(',')}]`;
  const members = Object.keys(value).sort();
  return `{${members.map((key) => `${JSON.stringify(key)}:${writeSorted(value[key]!)}`).join(',')}}`;
}

function copySorted(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copySorted);
  const { sorted, isOutOfOrder } = shapeOf(Object.keys(value));
  if (isOutOfOrder) isInOrder = false;
  const copy: JsonObject = {};
  if (isInOrder) for (const key of sorted) copy[key] = copySorted(value[key]!);
  return copy;
}

/** The keys of objects that have the same ones, in the same order. */
interface Shape {
  keys: readonly string[];
  sorted: readonly string[];
  /** A copy can't get its keys in order. */
  isOutOfOrder: boolean;
}

/** An object with more keys is one of its kind. */
const MOST_KEYS = 100;
const MOST_SHAPES = 4_000;
/** By how many keys there are, and the first: logs repeat few kinds of object, and sorting anew costs more than all else. */
const shapes = Array.from({ length: MOST_KEYS + 1 }, () => new Map<string | undefined, Shape>());

function shapeOf(keys: readonly string[]): Shape {
  const alike = shapes[keys.length];
  const known = alike?.get(keys[0]);
  if (known && isSame(known.keys, keys)) return known;
  const shape = { keys, sorted: [...keys].sort(), isOutOfOrder: keys.some((key) => OUT_OF_ORDER.test(key)) };
  if (alike && alike.size >= MOST_SHAPES) alike.clear();
  alike?.set(keys[0], shape);
  return shape;
}

function isSame(keys: readonly string[], others: readonly string[]): boolean {
  for (let n = 0; n < keys.length; n++) if (keys[n] !== others[n]) return false;
  return true;
}
