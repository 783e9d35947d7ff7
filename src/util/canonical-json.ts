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
  return Array.isArray(value) ? value.map(copySorted) : shapeOf(Object.keys(value)).copy(value);
}

/** Objects with the same keys, in the same order. */
interface Shape {
  keys: readonly string[];
  copy(object: JsonObject): JsonObject;
}

/** An object with more keys is one of its kind. */
const MOST_KEYS = 100;
const MOST_SHAPES = 4_000;
/** By how many keys there are, and the first: logs repeat few kinds of object, and sorting anew costs more than all else. */
const shapes = Array.from({ length: MOST_KEYS + 1 }, () => new Map<string | undefined, Shape>());
/** Objects of a shape that pay for compiling it. */
const COMPILED_AFTER = 50;

function shapeOf(keys: readonly string[]): Shape {
  const alike = shapes[keys.length];
  const known = alike?.get(keys[0]);
  if (known && isSame(known.keys, keys)) return known;
  const shape = createShape(keys);
  if (alike && alike.size >= MOST_SHAPES) alike.clear();
  alike?.set(keys[0], shape);
  return shape;
}

function isSame(keys: readonly string[], others: readonly string[]): boolean {
  for (let n = 0; n < keys.length; n++) if (keys[n] !== others[n]) return false;
  return true;
}

function createShape(keys: readonly string[]): Shape {
  const sorted = [...keys].sort();
  const isOutOfOrder = keys.some((key) => OUT_OF_ORDER.test(key));
  let copied = 0;
  const shape: Shape = {
    keys,
    copy(object) {
      const copy: JsonObject = {};
      if (isOutOfOrder) {
        isInOrder = false;
        return copy;
      }
      if (++copied === COMPILED_AFTER) shape.copy = compileCopy(sorted);
      for (const key of sorted) copy[key] = copySorted(object[key]!);
      return copy;
    },
  };
  return shape;
}

/** The function that one would write by hand: `(object) => ({ a: copy(object.a), b: copy(object.b) })`. */
function compileCopy(sorted: readonly string[]): Shape['copy'] {
  const names = sorted.map((key) => JSON.stringify(key));
  const members = names.map((name) => `${name}: copy(object[${name}])`);
  return new Function('copy', `return (object) => ({ ${members.join(', ')} });`)(copySorted);
}
