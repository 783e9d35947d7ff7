import { isObject, type Json, type JsonObject } from '../util/json.ts';

/** What Elasticsearch would index of a field: numbers and dates to compute with, or keywords. */
export type FieldValue = number | string;

/** Reads fields of documents as an index with these mappings would. */
export type FieldReader = (document: JsonObject, field: string) => FieldValue[];

/** Types of fields that hold numbers. */
export const NUMBERS = ['double', 'float', 'long', 'integer', 'short', 'byte'];

interface Mapping {
  type?: string;
  path?: string;
  properties?: Record<string, Mapping>;
  fields?: Record<string, Mapping>;
  ignore_above?: number;
}

/**
 * Fields by Elasticsearch's rules, as far as charts need them: dates as ms, numbers as numbers, keywords as texts
 * and not beyond `ignore_above`, aliases followed, several values from arrays, nothing for what doesn't
 * fit. A field that no mapping declares is what its value is.
 */
export function createFieldReader(mappings: Record<string, unknown>): FieldReader {
  const known = new Map<string, { path: string[]; mapping: Mapping | undefined }>();
  const resolved = (field: string): { path: string[]; mapping: Mapping | undefined } => {
    let found = known.get(field);
    if (!found) {
      const path = field.split('.');
      const mapping = findMapping(mappings as Mapping, path);
      found = mapping?.type === 'alias' ? resolved(mapping.path as string) : { path, mapping };
      known.set(field, found);
    }
    return found;
  };
  return (document, field) => {
    const { path, mapping } = resolved(field);
    const values: FieldValue[] = [];
    for (const value of readValues(document, path)) {
      const indexed = indexedAs(value, mapping);
      if (indexed !== undefined) values.push(indexed);
    }
    return values;
  };
}

function findMapping(mappings: Mapping, path: readonly string[]): Mapping | undefined {
  let at: Mapping | undefined = mappings;
  for (const name of path) at = at?.properties?.[name] ?? at?.fields?.[name];
  return at;
}

function readValues(value: Json | undefined, path: readonly string[]): Json[] {
  if (Array.isArray(value)) return value.flatMap((item) => readValues(item, path));
  const [name, ...rest] = path;
  if (name === undefined) return value == null ? [] : [value];
  return isObject(value) && Object.hasOwn(value, name) ? readValues(value[name], rest) : [];
}

function indexedAs(value: Json, mapping: Mapping | undefined): FieldValue | undefined {
  if (isObject(value) || Array.isArray(value)) return undefined;
  const type = mapping?.type;
  if (type === 'date') {
    const ms = Date.parse(String(value));
    return Number.isNaN(ms) ? undefined : ms;
  }
  if (type === 'keyword') {
    const text = String(value);
    return text.length <= (mapping?.ignore_above ?? Number.POSITIVE_INFINITY) ? text : undefined;
  }
  if (type !== undefined && !NUMBERS.includes(type)) return undefined;
  if (type === undefined) return typeof value === 'number' ? value : String(value);
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}
