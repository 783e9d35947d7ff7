import { SidecarError } from '../util/errors.ts';
import { isObject, type JsonObject } from '../util/json.ts';
import type { FieldReader, FieldValue } from './fields.ts';

type Matcher = (document: JsonObject) => boolean;
type QueryKind = (options: JsonObject, read: FieldReader) => Matcher;

/**
 * Whether a document matches a query of Elasticsearch, of the kinds that charts use. Throws `SidecarError` (`config`)
 * for another kind.
 */
export function createMatcher(query: JsonObject, read: FieldReader): Matcher {
  const [kind = 'nothing', options] = Object.entries(query)[0] ?? [];
  const make = KINDS[kind];
  if (!make || !isObject(options)) {
    throw new SidecarError(
      'config',
      `a query of kind "${kind}" only Elasticsearch can answer; from files, these are: ${Object.keys(KINDS).join(', ')}`,
    );
  }
  return make(options, read);
}

const BOUNDS: Record<string, (value: FieldValue, limit: FieldValue) => boolean> = {
  gte: (value, limit) => value >= limit,
  gt: (value, limit) => value > limit,
  lte: (value, limit) => value <= limit,
  lt: (value, limit) => value < limit,
};

const KINDS: Record<string, QueryKind> = {
  match_all: () => () => true,

  exists:
    ({ field }, read) =>
    (document) =>
      read(document, String(field)).length > 0,

  term: (options, read) => {
    const [field, wanted] = only(options);
    return (document) => read(document, field).some((value) => value === wanted);
  },

  terms: (options, read) => {
    const [field, wanted] = only(options);
    const values = new Set(wanted as FieldValue[]);
    return (document) => read(document, field).some((value) => values.has(value));
  },

  range: (options, read) => {
    const [field, bounds] = only(options);
    const limits = Object.entries(bounds as Record<string, FieldValue>);
    return (document) =>
      read(document, field).some((value) =>
        limits.every(([name, limit]) => BOUNDS[name]?.(value, limit) ?? true),
      );
  },

  bool: ({ filter, must, must_not, should }, read) => {
    const all = [...matchers(filter, read), ...matchers(must, read)];
    const none = matchers(must_not, read);
    const any = matchers(should, read);
    return (document) =>
      all.every((matches) => matches(document)) &&
      !none.some((matches) => matches(document)) &&
      // Where something must match, what should match is optional.
      (any.length === 0 || all.length > 0 || any.some((matches) => matches(document)));
  },
};

function only(options: JsonObject): [string, unknown] {
  return Object.entries(options)[0] ?? ['', undefined];
}

function matchers(queries: unknown, read: FieldReader): Matcher[] {
  const list = queries === undefined ? [] : Array.isArray(queries) ? queries : [queries];
  return list.map((query) => createMatcher(query as JsonObject, read));
}
