import type { Client } from '@elastic/elasticsearch';
import type { PluginChain } from '../plugin-chain.ts';
import { findPresentIndices } from './indices.ts';
import { serverOf } from './transport.ts';

/** What one configured index holds; `null` where there is nothing to tell. */
export interface IndexFigures {
  index: string;
  /** How many indices it is in Elasticsearch: none, one, or its periods. */
  parts: number;
  documents: number;
  /** On disk, without replicas; `null` in a serverless project, which does not tell. */
  bytes: number | null;
  /** The earliest and latest time that a document names, ISO 8601 in UTC. */
  oldest: string | null;
  newest: string | null;
  /** Mean of the documents per hour between these two. */
  per_hour: number | null;
  /** Documents whose time is within the last hour. */
  last_hour: number;
}

/** The calls that the API answered, by the class of their HTTP status. */
export interface CallFigures {
  total: number;
  client_errors: number;
  server_errors: number;
  /** Share of the calls that were answered with 400 or more, from 0 to 1. */
  error_rate: number | null;
}

/** `latency_ms` of the measured calls, in ms; percentiles are Elasticsearch's, which are approximate. */
export interface LatencyFigures {
  measured: number;
  p50: number | null;
  p95: number | null;
  p99: number | null;
  mean: number | null;
  max: number | null;
}

/** How often a class was predicted; `label` is YES for 1 and NO for 0, as documented. */
export interface PredictionFigures {
  prediction: string;
  label: string;
  count: number;
  share: number;
}

/** What a function cost in all profiles, in ms. */
export interface FunctionFigures {
  function_name: string;
  filename: string | null;
  profiles: number;
  calls: number;
  total_ms: number;
  /** Per profile. */
  mean_ms: number;
}

/** The figures of all indices; a part is `null` where its plugin is not configured, or its index not there. */
export interface Figures {
  /**
   * Documents from then on are counted, ISO 8601; `null` for all. `indices` and their sizes are always those of all
   * time.
   */
  since: string | null;
  indices: IndexFigures[];
  calls: CallFigures | null;
  latency_ms: LatencyFigures | null;
  predictions: PredictionFigures[] | null;
  top_functions: FunctionFigures[] | null;
}

/** A bucket of a terms aggregation, and what is in it. */
interface Bucket {
  key: string;
  doc_count: number;
  calls: { value: number };
  time: { value: number };
  files: { buckets: Bucket[] };
}

const HOUR_MS = 3_600_000;
const TOP = 10;

/** Asks for all figures; `since` in ms since 1970. */
export async function queryFigures(client: Client, plugins: PluginChain, since?: number): Promise<Figures> {
  const names = plugins.indices.map(({ name }) => name);
  const indices: IndexFigures[] = [];
  for (const name of names) indices.push(await readIndexFigures(client, name));
  const query =
    since === undefined
      ? { match_all: {} }
      : { range: { timestamp: { gte: since, format: 'epoch_millis' } } };
  const ask = async <T>(plugin: string, aggs: object, read: (answer: never) => T): Promise<T | null> => {
    const index = plugins.indexNames.get(plugin);
    if (!indices.some((each) => each.index === index && each.parts > 0)) return null;
    const { aggregations } = await client.search({
      index: index!,
      ignore_unavailable: true,
      size: 0,
      query,
      aggs: aggs as never,
    });
    return read(aggregations as never);
  };
  return {
    since: since === undefined ? null : new Date(since).toISOString(),
    indices,
    calls: await ask('ml-api-logs', CALLS, readCallFigures),
    latency_ms: await ask('ml-api-perfs', LATENCY, readLatencyFigures),
    predictions: await ask('ml-api-message', PREDICTIONS, readPredictionFigures),
    top_functions: await ask('ml-api-top-func', FUNCTIONS, readFunctionFigures),
  };
}

async function readIndexFigures(client: Client, name: string): Promise<IndexFigures> {
  const parts = (await findPresentIndices(client, [name])).length;
  const none = { index: name, parts, documents: 0, bytes: 0, oldest: null, newest: null, per_hour: null };
  if (parts === 0) return { ...none, last_hour: 0 };
  // By its name, not by those of its periods: a year of them does not fit into the line of a request.
  const index = { index: name, ignore_unavailable: true };
  await client.indices.refresh(index);
  const { isServerless } = await serverOf(client);
  const stats = isServerless ? undefined : await client.indices.stats({ ...index, metric: ['store'] });
  const { hits, aggregations } = await client.search({
    ...index,
    size: 0,
    track_total_hits: true,
    aggs: {
      oldest: { min: { field: 'timestamp' } },
      newest: { max: { field: 'timestamp' } },
      last_hour: { filter: { range: { timestamp: { gte: 'now-1h', lte: 'now' } } } },
    },
  });
  const { oldest, newest, last_hour } = aggregations as unknown as {
    oldest: { value: number | null };
    newest: { value: number | null };
    last_hour: { doc_count: number };
  };
  const documents = (hits.total as { value: number }).value;
  const span = (newest.value ?? 0) - (oldest.value ?? 0);
  return {
    index: name,
    parts,
    documents,
    bytes: stats ? (stats._all?.primaries?.store?.size_in_bytes ?? 0) : null,
    oldest: isoOf(oldest.value),
    newest: isoOf(newest.value),
    per_hour: span > 0 ? (documents / span) * HOUR_MS : null,
    last_hour: last_hour.doc_count,
  };
}

function isoOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

const CALLS = {
  total: { value_count: { field: 'status_code' } },
  client_errors: { filter: { range: { status_code: { gte: 400, lt: 500 } } } },
  server_errors: { filter: { range: { status_code: { gte: 500 } } } },
};

function readCallFigures(answer: {
  total: { value: number };
  client_errors: { doc_count: number };
  server_errors: { doc_count: number };
}): CallFigures {
  const total = answer.total.value;
  const client = answer.client_errors.doc_count;
  const server = answer.server_errors.doc_count;
  const rate = total === 0 ? null : (client + server) / total;
  return { total, client_errors: client, server_errors: server, error_rate: rate };
}

const LATENCY = {
  measured: { value_count: { field: 'latency_ms' } },
  percentiles: { percentiles: { field: 'latency_ms', percents: [50, 95, 99] } },
  mean: { avg: { field: 'latency_ms' } },
  max: { max: { field: 'latency_ms' } },
};

function readLatencyFigures(answer: {
  measured: { value: number };
  percentiles: { values: Record<'50.0' | '95.0' | '99.0', number | null> };
  mean: { value: number | null };
  max: { value: number | null };
}): LatencyFigures {
  const { '50.0': p50, '95.0': p95, '99.0': p99 } = answer.percentiles.values;
  return { measured: answer.measured.value, p50, p95, p99, mean: answer.mean.value, max: answer.max.value };
}

const PREDICTIONS = { classes: { terms: { field: 'result.prediction', size: TOP } } };
const LABELS: Readonly<Record<string, string>> = { '1': 'YES', '0': 'NO' };

function readPredictionFigures(answer: {
  classes: { buckets: Bucket[]; sum_other_doc_count: number };
}): PredictionFigures[] {
  const { buckets, sum_other_doc_count: others } = answer.classes;
  const all = buckets.reduce((sum, { doc_count }) => sum + doc_count, others);
  return buckets.map(({ key, doc_count: count }) => ({
    prediction: key,
    label: LABELS[key] ?? key,
    count,
    share: count / all,
  }));
}

const COSTS = { time: { sum: { field: 'cumulative_time' } }, calls: { sum: { field: 'calls' } } };
const costliest = (field: string, size: number, aggs: object) => ({
  terms: { field, size, order: { time: 'desc' }, missing: '' },
  aggs: { ...COSTS, ...aggs },
});
const FUNCTIONS = {
  functions: costliest('function_name', TOP * TOP, { files: costliest('filename', TOP, {}) }),
};

function readFunctionFigures(answer: { functions: { buckets: Bucket[] } }): FunctionFigures[] {
  return answer.functions.buckets
    .flatMap(({ key: name, files }) =>
      files.buckets.map(({ key: file, doc_count: profiles, calls, time }) => ({
        function_name: name,
        filename: file === '' ? null : file,
        profiles,
        calls: calls.value,
        total_ms: time.value,
        mean_ms: time.value / profiles,
      })),
    )
    .sort((a, b) => b.total_ms - a.total_ms)
    .slice(0, TOP);
}
