import type { LogEvent } from './event.ts';
import { isObject, type Json } from './util/json.ts';

/** JSON Schema of an option that names where a value stands: a dotted path, or several in order. */
export const PATHS = {
  type: ['string', 'array'],
  items: { type: 'string', minLength: 1 },
  minLength: 1,
  minItems: 1,
};

/** What paths may begin with; any other first name is looked for in the data. */
const MEMBERS = new Set(['data', 'input', 'result', 'metrics', 'message', 'level', 'logger', 'timestamp']);

/**
 * Makes a reader of a value that stands at one of several dotted paths of an event: the first that holds something other
 * than null counts. `output.label` is short for `data.output.label`; a path into a list answers the list of what stands
 * in its elements.
 */
export function createValueReader(paths: string | readonly string[]): (event: LogEvent) => Json | undefined {
  const split = [paths].flat().map((path) => {
    const names = path.split('.');
    return MEMBERS.has(names[0]!) ? names : ['data', ...names];
  });
  return (event) => {
    for (const names of split) {
      const value = readValue(event as unknown as Json, names, 0);
      if (value !== undefined && value !== null) return value;
    }
    return undefined;
  };
}

function readValue(value: Json | undefined, names: readonly string[], at: number): Json | undefined {
  if (at === names.length) return value;
  if (Array.isArray(value)) {
    const values = value.map((each) => readValue(each, names, at) ?? null);
    return values.every((each) => each === null) ? undefined : values;
  }
  if (!isObject(value)) return undefined;
  const name = names[at]!;
  if (Object.hasOwn(value, name)) return readValue(value[name], names, at + 1);
  // Loggers that flatten their members write the dots into a key.
  const flat = names.slice(at).join('.');
  return Object.hasOwn(value, flat) ? value[flat] : undefined;
}
