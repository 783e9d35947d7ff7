import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { type AlertLevel, LEVELS } from '../alerts/finding.ts';
import type { ServedAlerts } from '../alerts/page-section.ts';
import type { BufferState } from '../buffer/disk-buffer.ts';
import { createRunStats, type RunStats } from '../run-stats.ts';
import type { Observer } from '../stages.ts';
import { listContacts } from '../util/retry.ts';
import { VERSION } from '../util/version.ts';

/** Counters of what a run has done, and what they count of its `RunStats`. */
const TOTALS = {
  logs_read_total: ['logs', 'Logs that were read and are safe: stored, or dead letters.'],
  dead_letters_total: [
    'deadLetters',
    'Entries and documents that could not be stored, kept with the reason.',
  ],
  gaps_total: ['gaps', 'Times that logs may have been lost at the source before they could be read.'],
  lost_logs_total: ['lost', 'Minimum number of logs lost in gaps, as far as it can be known.'],
  filtered_logs_total: ['filtered', 'Logs that passed the filter, and so may reach the indices behind it.'],
  document_bytes_total: ['bytes', 'Size of the documents that were handed to the sink, uncompressed.'],
} as const;

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** The figures of a run, as Prometheus reads them. */
export class Metrics implements Observer {
  /** The sink was ready. */
  isOpen = false;
  /** When a batch was committed last, on the clock of `performance.now()`. */
  committedAt: number | undefined;
  /** The latest time that a committed log names, in ms since 1970. */
  newestAt: number | undefined;
  /** The figures so far. */
  stats: RunStats;
  /** Batches that were read and are not committed yet. */
  inFlight = 0;
  /** The last pause between two reads of a source that polls, in ms. */
  pauseMs: number | undefined;
  readonly #registry = new Registry();
  readonly #batch: Histogram;
  readonly #sink: Histogram;

  /** `indices` and `plugins`: the names of all, so that their counters begin at 0. */
  constructor(
    indices: readonly string[],
    {
      plugins = [],
      buffer,
      alerts,
    }: { plugins?: readonly string[]; buffer?: () => BufferState; alerts?: ServedAlerts } = {},
  ) {
    this.stats = createRunStats(indices);
    const build = { version: VERSION, node: process.version.slice(1) };
    this.#figure(Gauge, 'build_info', 'Always 1; its labels tell what runs.', () => [[build, 1]], [
      'version',
      'node',
    ]);
    const started = Date.now() / 1000 - process.uptime();
    this.#figure(
      Gauge,
      'start_time_seconds',
      'When the process began, in seconds since 1970.',
      () => started,
    );
    this.#figure(
      Gauge,
      'server_up',
      'Servers of source and sink: 1 where it answered when it was asked last, else 0.',
      () => [...listContacts()].map(([server, { reachable }]) => [{ server }, reachable ? 1 : 0]),
      ['server'],
    );
    this.#figure(
      Counter,
      'server_retries_total',
      'Times that a server of source or sink was asked again, after it had not answered or had put off what it was sent.',
      () => [...listContacts()].map(([server, { retries }]) => [{ server }, retries]),
      ['server'],
    );
    for (const [name, [total, help]] of Object.entries(TOTALS))
      this.#figure(Counter, name, help, () => this.stats[total]);
    this.#figure(
      Counter,
      'plugin_errors_total',
      'Events that a plugin failed on; each is a dead letter.',
      () => {
        const counts = { ...Object.fromEntries(plugins.map((name) => [name, 0])), ...this.stats.failures };
        return Object.entries(counts).map(([plugin, count]) => [{ plugin }, count]);
      },
      ['plugin'],
    );
    this.#figure(
      Counter,
      'documents_total',
      'Documents by index and outcome: stored now, existing (recognised by the id), refused (dead letters).',
      () =>
        Object.entries(this.stats.indices).flatMap(([index, { stored, existing, refused }]) =>
          Object.entries({ stored, existing, refused }).map(([outcome, count]) => [
            { index, outcome },
            count,
          ]),
        ),
      ['index', 'outcome'],
    );
    if (alerts)
      this.#figure(
        Gauge,
        'alert_state',
        'Alerts as they were looked at last: 0 ok, 1 warning, 2 critical; NaN where there is too little data.',
        () => {
          // A scrape does not wait for Elasticsearch: it is told what the one before has asked for.
          void alerts.state();
          const { latest } = alerts;
          const findings = latest === undefined || 'why' in latest ? [] : latest.findings;
          return findings.map(({ rule, state }) => {
            const level = LEVELS.indexOf(state as AlertLevel);
            return [{ alert: rule.name }, level < 0 ? Number.NaN : level];
          });
        },
        ['alert'],
      );
    const lag = (): number =>
      this.newestAt === undefined ? Number.NaN : (Date.now() - this.newestAt) / 1000;
    this.#figure(
      Gauge,
      'lag_seconds',
      "Age of the newest committed log, by the log's own time. It grows while nobody logs, too; NaN before the first.",
      lag,
    );
    this.#figure(
      Gauge,
      'batches_in_flight',
      'Batches that were read and are not committed yet. At pipeline.concurrency, reading waits for the sink.',
      () => this.inFlight,
    );
    this.#figure(
      Gauge,
      'poll_interval_seconds',
      'The last pause between two reads of a source that polls; 0 for one that does not.',
      () => (this.pauseMs ?? 0) / 1000,
    );
    if (buffer) this.#bufferGauges(buffer);
    this.#batch = this.#histogram('batch_duration_seconds', 'From the reading of a batch to its commit.');
    this.#sink = this.#histogram(
      'sink_duration_seconds',
      'From the handing of a batch to the sink to its last outcome, retries included.',
    );
    this.#figure(Gauge, 'resident_memory_bytes', 'Memory that the process holds.', () =>
      process.memoryUsage.rss(),
    );
  }

  #bufferGauges(state: () => BufferState): void {
    this.#figure(Gauge, 'buffer_logs', 'Logs that were read and wait for the sink.', () => state().logs);
    this.#figure(Gauge, 'buffer_bytes', 'Size of the buffer on disk.', () => state().bytes);
    this.#figure(
      Gauge,
      'buffer_oldest_seconds',
      'Age of the oldest log that waits for the sink; 0 where none does.',
      () => (state().oldestMs ?? 0) / 1000,
    );
    this.#figure(Gauge, 'buffer_full', '1 while nothing more is read until the sink has caught up.', () =>
      state().isFull ? 1 : 0,
    );
  }

  opened(): void {
    this.isOpen = true;
  }

  read(): void {
    this.inFlight++;
  }

  written(seconds: number): void {
    this.#sink.observe(seconds);
  }

  committed(seconds: number, newest: string | undefined, stats: RunStats): void {
    this.inFlight--;
    this.#batch.observe(seconds);
    this.stats = stats;
    this.committedAt = performance.now();
    if (newest !== undefined) this.newestAt = Math.max(this.newestAt ?? 0, Date.parse(newest));
  }

  /** Takes the pause before the next read, in ms. */
  paused(ms: number): void {
    this.pauseMs = ms;
  }

  /** The media type of `text`. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** All figures in Prometheus' text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  #options(name: string, help: string) {
    return { name: `ml_log_sidecar_${name}`, help, registers: [this.#registry] };
  }

  /** A figure that is asked for when it is read: one, or one for each set of labels. */
  #figure(
    Kind: typeof Counter | typeof Gauge,
    name: string,
    help: string,
    read: () => number | [Record<string, string>, number][],
    labelNames: string[] = [],
  ): void {
    new Kind({
      ...this.#options(name, help),
      labelNames,
      collect() {
        this.reset();
        const found = read();
        const samples = typeof found === 'number' ? [[{}, found] as const] : found;
        for (const [labels, value] of samples) this.inc(labels, value);
      },
    });
  }

  #histogram(name: string, help: string): Histogram {
    return new Histogram({ ...this.#options(name, help), buckets: SECONDS });
  }
}
