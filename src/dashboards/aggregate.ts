import { interpolate } from '../drift/distances.ts';
import { SidecarError } from '../util/errors.ts';
import { isObject, type JsonObject } from '../util/json.ts';
import type { FieldReader } from './fields.ts';
import { createMatcher } from './match.ts';

/** An aggregation as Elasticsearch's search API describes it. */
type Definition = JsonObject & { aggs?: JsonObject };
type Aggregation = (options: JsonObject, inner: JsonObject, scope: Scope) => JsonObject;

/** The documents that an aggregation sees, and how it reads them. */
interface Scope {
  documents: readonly JsonObject[];
  read: FieldReader;
}

/**
 * The aggregations that charts use, over documents in memory, answered in the form of Elasticsearch's search API. Their
 * percentiles are exact, interpolated between neighbours, as Elasticsearch's are up to some thousand values.
 * Throws `SidecarError` (`config`) for an aggregation that is not among them.
 */
export function aggregate(definitions: JsonObject, scope: Scope): JsonObject {
  return Object.fromEntries(
    Object.entries(definitions).map(([name, definition]) => {
      const { aggs: inner = {}, ...rest } = definition as Definition;
      const [kind = 'nothing', options] = Object.entries(rest)[0] ?? [];
      const run = KINDS[kind];
      if (!run || !isObject(options)) {
        throw new SidecarError(
          'config',
          `the aggregation "${name}" is of kind "${kind}", which only Elasticsearch can answer; from files, these are: ${Object.keys(KINDS).join(', ')}`,
        );
      }
      return [name, run(options, inner, scope)];
    }),
  );
}

const KINDS: Record<string, Aggregation> = {
  filter: (options, inner, scope) => bucket(inner, scope, aggregateFiltered(options, scope)),

  filters: ({ filters, keyed }, inner, scope) => {
    const count = (query: unknown): JsonObject =>
      bucket(inner, scope, aggregateFiltered(query as JsonObject, scope));
    if (Array.isArray(filters)) return { buckets: filters.map(count) };
    // Elasticsearch answers them by name, whatever the order they were asked in.
    const sorted = Object.entries(filters as JsonObject).sort(([a], [b]) => compareMetrics(a, b));
    const named = sorted.map(([key, query]) => ({ key, ...count(query) }));
    if (keyed === false) return { buckets: named };
    return { buckets: Object.fromEntries(named.map(({ key, ...rest }) => [key, rest])) };
  },

  terms: ({ field, size = 10, order = { _count: 'desc' }, missing }, inner, scope) => {
    const groups = aggregateGroups(scope, (document) => {
      const values = scope.read(document, String(field));
      return values.length === 0 && missing !== undefined ? [missing as number | string] : values;
    });
    const buckets = [...groups].map(
      ([key, documents]): JsonObject => ({ key, ...bucket(inner, scope, documents) }),
    );
    const [by = '_count', direction] = Object.entries(order as JsonObject)[0] ?? [];
    const sign = direction === 'asc' ? 1 : -1;
    const figure = (one: JsonObject): number | string =>
      by === '_count'
        ? (one.doc_count as number)
        : by === '_key'
          ? (one.key as number | string)
          : ((one[by] as JsonObject).value as number);
    buckets.sort((a, b) => sign * compareMetrics(figure(a), figure(b)) || compareMetrics(a.key, b.key));
    const kept = buckets.slice(0, Number(size));
    const left = buckets.slice(kept.length).reduce((sum, { doc_count }) => sum + Number(doc_count), 0);
    return { doc_count_error_upper_bound: 0, sum_other_doc_count: left, buckets: kept };
  },

  histogram: (options, inner, scope) => ({ buckets: steps(options, inner, scope) }),

  date_histogram: ({ fixed_interval, ...options }, inner, scope) => ({
    buckets: steps({ ...options, interval: ms(String(fixed_interval)) }, inner, scope).map(
      ({ key, ...rest }) => ({
        key_as_string: new Date(Number(key)).toISOString(),
        key: key as number,
        ...rest,
      }),
    ),
  }),

  stats: ({ field }, _, scope) => {
    const values = numbers(scope, field);
    const sum = total(values);
    return { count: values.length, min: least(values), max: most(values), avg: mean(values), sum };
  },
  avg: ({ field }, _, scope) => ({ value: mean(numbers(scope, field)) }),
  sum: ({ field }, _, scope) => ({ value: total(numbers(scope, field)) }),
  min: ({ field }, _, scope) => ({ value: least(numbers(scope, field)) }),
  max: ({ field }, _, scope) => ({ value: most(numbers(scope, field)) }),

  percentiles: ({ field, percents = [1, 5, 25, 50, 75, 95, 99], keyed }, _, scope) => {
    const sorted = numbers(scope, field).sort((a, b) => a - b);
    const at = (percent: number): number | null =>
      sorted.length === 0 ? null : interpolate(sorted, (percent / 100) * (sorted.length - 1));
    const values = (percents as number[]).map((key) => ({ key, value: at(key) }));
    if (keyed === false) return { values };
    return { values: Object.fromEntries(values.map(({ key, value }) => [key.toFixed(1), value])) };
  },
};

function bucket(inner: JsonObject, { read }: Scope, documents: readonly JsonObject[]): JsonObject {
  return { doc_count: documents.length, ...aggregate(inner, { documents, read }) };
}

function aggregateFiltered(query: JsonObject, { documents, read }: Scope): JsonObject[] {
  return documents.filter(createMatcher(query, read));
}

function aggregateGroups<Key>(scope: Scope, keysOf: (document: JsonObject) => Key[]): Map<Key, JsonObject[]> {
  const groups = new Map<Key, JsonObject[]>();
  for (const document of scope.documents) {
    for (const key of new Set(keysOf(document))) {
      const group = groups.get(key);
      if (group) group.push(document);
      else groups.set(key, [document]);
    }
  }
  return groups;
}

/** The buckets of a histogram: those between the outermost ones, and within the bounds, are there even if empty. */
function steps(options: JsonObject, inner: JsonObject, scope: Scope): JsonObject[] {
  const {
    interval,
    offset = 0,
    extended_bounds: bounds,
  } = options as Record<'interval' | 'offset', number> & JsonObject;
  const step = (value: number): number => Math.floor((value - offset) / interval);
  const groups = aggregateGroups(scope, (document) =>
    scope
      .read(document, String(options.field))
      .filter((value) => typeof value === 'number')
      .map(step),
  );
  const places = [...groups.keys()];
  if (isObject(bounds)) places.push(step(Number(bounds.min)), step(Number(bounds.max)));
  if (places.length === 0) return [];
  const first = places.reduce((a, b) => Math.min(a, b));
  const last = places.reduce((a, b) => Math.max(a, b));
  return Array.from({ length: last - first + 1 }, (_, n) => ({
    key: (first + n) * interval + offset,
    ...bucket(inner, scope, groups.get(first + n) ?? []),
  }));
}

const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function ms(interval: string): number {
  const [, count, unit = ''] = /^(\d+)([a-z]+)$/.exec(interval) ?? [];
  const length = Number(count) * (UNITS[unit] ?? Number.NaN);
  if (Number.isNaN(length))
    throw new SidecarError('config', `"${interval}" is not a fixed_interval; write it as 30s, 5m, 1h or 1d`);
  return length;
}

function numbers({ documents, read }: Scope, field: unknown): number[] {
  return documents.flatMap((document) =>
    read(document, String(field)).filter((value) => typeof value === 'number'),
  );
}

function compareMetrics(a: unknown, b: unknown): number {
  return (a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0;
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : total(values) / values.length;
}

function least(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((a, b) => Math.min(a, b));
}

function most(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((a, b) => Math.max(a, b));
}
