import { isObject, type Json, type JsonObject } from '../util/json.ts';
import { readDuration } from '../util/time.ts';
import type { Chart } from './definitions.ts';
import type { TimeRange } from './time-range.ts';

/** A search as Elasticsearch takes it: no placeholders are left in it. */
export interface ChartSearch {
  /** An index pattern. */
  index: string;
  body: SearchBody;
}

/** The body of a search of charts. */
export interface SearchBody extends JsonObject {
  size: 0;
  query: { range: Record<string, { gte: number; lte: number; format: 'epoch_millis' }> };
  aggs: JsonObject;
}

/** Where charts find their data. */
export interface ChartSource {
  /** What it is called, for people: `Elasticsearch at localhost:9200`. */
  name: string;
  /** The times of the first and the last document of the indices; `undefined` where there is none. */
  extent(indices: readonly string[]): Promise<TimeRange | undefined>;
  /** The answers to searches, in their order, in the form of Elasticsearch's. */
  search(searches: readonly ChartSearch[]): Promise<JsonObject[]>;
  /** Names of the inputs that are numbers, in the index of predictions. */
  numericInputs(index: string): Promise<string[]>;
  /** Up to `limit` documents of a range, at random. */
  sample(index: string, range: TimeRange, limit: number): Promise<JsonObject[]>;
  close(): Promise<void>;
}

/** How wide a bucket may be. */
const INTERVALS = '1s 5s 10s 30s 1m 5m 10m 30m 1h 2h 3h 6h 12h 1d 7d 30d'
  .split(' ')
  .map((text) => [text, readDuration(text, 'interval')] as const);

/** The search of a chart in a time range: placeholders filled in, as Kibana does before it asks Elasticsearch. */
export function createSearch({ spec }: Chart, range: TimeRange): ChartSearch {
  const { index, '%timefield%': field, body } = spec.data.url;
  const aggs = fillPlaceholders(body.aggs as JsonObject, range) as JsonObject;
  return { index, body: { size: 0, query: queryOf(field, range), aggs } };
}

/** The query for what is in a range. */
export function queryOf(field: string, { from: gte, to: lte }: TimeRange): SearchBody['query'] {
  return { range: { [field]: { gte, lte, format: 'epoch_millis' } } };
}

/** A copy of a part of the aggregations, without placeholders. */
function fillPlaceholders(value: Json, range: TimeRange): Json {
  if (Array.isArray(value)) return value.map((item) => fillPlaceholders(item, range));
  if (!isObject(value)) return value;
  const bound = value['%timefilter%'];
  if (bound === 'min') return range.from;
  if (bound === 'max') return range.to;
  const copy: JsonObject = {};
  for (const [key, inner] of Object.entries(value)) {
    const auto = isObject(inner) ? inner['%autointerval%'] : undefined;
    if (auto === undefined) copy[key] = fillPlaceholders(inner, range);
    else [copy.fixed_interval] = chooseInterval(range, Number(auto));
  }
  return copy;
}

/** How many intervals a page's time is divided into, about. */
export const BUCKETS = 40;

/** The narrowest interval that makes of a range about `buckets` buckets, and no more: as text, and in ms. */
export function chooseInterval({ from, to }: TimeRange, buckets: number): readonly [string, number] {
  const least = (to - from) / buckets;
  return INTERVALS.find(([, ms]) => ms >= least) ?? INTERVALS.at(-1)!;
}
