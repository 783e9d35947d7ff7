import { type LoadedConfig, loadConfig } from './config/load.ts';
import type { Config } from './config/schema.ts';
import { assemblePipeline, createEntryParser, createPluginChain } from './create-pipeline.ts';
import { readElasticsearchOptions } from './elasticsearch/options.ts';
import type { Entry } from './entry.ts';
import type { LogEvent } from './event.ts';
import { Filter } from './filter.ts';
import { runPipeline } from './pipeline.ts';
import type { Fields } from './plugin.ts';
import { findDefinition, SOURCES } from './registry.ts';
import type { RunStats } from './run-stats.ts';
import type { Outcome } from './sinks/sink.ts';
import type { JsonObject } from './util/json.ts';

/** What sets up a `LogPipeline` or `LogCollector`; all else comes from the environment and the YAML, as for the CLI. */
export interface LogPipelineOptions {
  source?: Config['pipeline']['source'];
  sink?: Config['pipeline']['sink'];
  /** The file of the source `file`. */
  path?: string;
  esHost?: string;
  esPort?: number;
  /** The most logs written together. */
  batchSize?: number;
  /** Another YAML file. */
  config?: string;
}

const PATHS = {
  source: 'pipeline.source',
  sink: 'pipeline.sink',
  path: 'file.path',
  esHost: 'elasticsearch.host',
  esPort: 'elasticsearch.port',
  batchSize: 'pipeline.batch_size',
} as const;

type SourceName = NonNullable<LogPipelineOptions['source']>;

function load(given: SourceName | LogPipelineOptions): LoadedConfig {
  const options: LogPipelineOptions = typeof given === 'string' ? { source: given } : given;
  const names = Object.keys(PATHS) as (keyof typeof PATHS)[];
  const flags = names.map((name) => ({ flag: name, path: PATHS[name], value: options[name] }));
  return loadConfig({ file: options.config, flags });
}

/** The documented orchestrator: the pipeline that the CLI runs. */
export class LogPipeline {
  readonly #loaded: LoadedConfig;

  /** `options`, or only the name of the source. Throws `SidecarError` where the configuration is wrong. */
  constructor(options: SourceName | LogPipelineOptions = {}) {
    this.#loaded = load(options);
  }

  /** Reads what is there, writes it, and returns the figures. Throws `SidecarError` (`unreachable`). */
  async runOnce(): Promise<RunStats> {
    return this.#run(false, new AbortController().signal);
  }

  /** Goes on until `signal` aborts, pausing at most `interval` seconds; then finishes the batches under way, and
   * returns the figures. */
  async runContinuous(interval: number, signal: AbortSignal): Promise<RunStats> {
    this.#loaded.config.pipeline.poll_interval = interval;
    return this.#run(true, signal);
  }

  async #run(follow: boolean, signal: AbortSignal): Promise<RunStats> {
    const { stages } = await assemblePipeline(this.#loaded, follow);
    const { pipeline, limits } = this.#loaded.config;
    const { batch_size: batchSize, concurrency, limit } = pipeline;
    const maxInFlight = limits.in_flight_bytes;
    return runPipeline(stages, { follow, limit, batchSize, concurrency, maxInFlight, signal });
  }
}

/** The documented collector: a source and the parser, without the rest. */
export class LogCollector {
  readonly #loaded: LoadedConfig;

  /** `options`, or only the name of the source. Throws `SidecarError` where the configuration is wrong. */
  constructor(options: SourceName | LogPipelineOptions = {}) {
    this.#loaded = load(options);
  }

  /** The newest `limit` logs of the source, oldest first, parsed. Throws `SidecarError` (`unreachable`). */
  async fetchLogs(limit = 100): Promise<LogEvent[]> {
    const { config } = this.#loaded;
    const { formats } = await createPluginChain(this.#loaded);
    const parse = createEntryParser(config, formats);
    const source = await findDefinition(SOURCES, config.pipeline.source).configure(config).create(false);
    const { signal } = new AbortController();
    try {
      const events: LogEvent[] = [];
      for await (const batch of source.batches({ follow: false, limit, batchSize: limit, signal }))
        events.push(...batch.entries.map((entry) => parse(entry).createEvent()));
      return events;
    } finally {
      await source.close();
    }
  }

  /** Parses one entry, by the formats that ship. Throws for one that is too large. */
  parseLogEntry(entry: Entry): LogEvent {
    return createEntryParser(this.#loaded.config)(entry).createEvent();
  }
}

/** The documented filter. */
export class LogFilter {
  readonly #filter: Filter;

  /** Throws `SidecarError` where `pattern` is not a regular expression. */
  constructor(pattern = 'API Call - POST /predict', methods: readonly string[] = []) {
    this.#filter = new Filter({ pattern, methods });
  }

  filterLogs(logs: readonly LogEvent[]): LogEvent[] {
    return logs.filter((log) => this.#filter.passes(log));
  }

  /** The log's metrics, in the API's spelling; `undefined` where it carries none. */
  extractPerformanceMetrics(log: LogEvent): JsonObject | undefined {
    return log.metrics;
  }
}

/** The documented indexer: the Elasticsearch sink, index by index. */
export class ElasticsearchIndexer {
  readonly #options;

  /** Throws `SidecarError` where `host` or `port` is neither a host nor a port. */
  constructor(host = 'localhost', port = 9200) {
    const { config } = load({ esHost: host, esPort: port });
    this.#options = readElasticsearchOptions(config, false);
  }

  /** Creates the index if it is missing; a mapping in conflict is reported in the log, and left as it is. */
  async createIndex(name: string, mappings: Record<string, unknown>): Promise<void> {
    const { useElasticsearch } = await import('./elasticsearch/client.ts');
    const { ensureIndex } = await import('./elasticsearch/set-up.ts');
    await useElasticsearch(this.#options, (client) => ensureIndex(client, { name, mappings, document: {} }));
  }

  /** Writes documents, each under its `_id`; one that is there already is left alone. Returns each one's outcome. */
  async indexLogs(index: string, logs: readonly (Fields & { _id: string })[]): Promise<Outcome[]> {
    const { ElasticsearchSink } = await import('./sinks/elasticsearch.ts');
    const sink = new ElasticsearchSink(this.#options);
    try {
      const documents = logs.map(({ _id: id, ...body }) => ({ index, id, json: JSON.stringify(body) }));
      return await sink.write(documents, new AbortController().signal);
    } finally {
      await sink.close();
    }
  }

  /** How many documents an index holds, and its size on disk in bytes. */
  async getIndexStats(index: string): Promise<{ documents: number; bytes: number }> {
    const { useElasticsearch } = await import('./elasticsearch/client.ts');
    const { _all: all } = await useElasticsearch(this.#options, (client) =>
      client.indices.stats({ index, metric: ['docs', 'store'] }),
    );
    const { docs, store } = all?.primaries ?? {};
    return { documents: docs?.count ?? 0, bytes: store?.size_in_bytes ?? 0 };
  }
}
