import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { type AlertLevel, LEVELS } from '../alerts/finding.ts';
import type { ServedAlerts } from '../alerts/page-section.ts';
import type { BufferState } from '../buffer/disk-buffer.ts';
import { createRunStats, type RunStats } from '../run-stats.ts';
import type { Observer } from '../stages.ts';
import { listContacts } from '../util/retry.ts';
import { VERSION } from '../util/version.ts';

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
    this.#labelled(Gauge, 'build_info', 'Always 1; its labels tell what runs.', ['version', 'node'], () => [
      [{ version: VERSION, node: process.version.slice(1) }, 1],
    ]);
    const started = Date.now() / 1000 - process.uptime();
    this.#gauge('start_time_seconds', 'When the process began, in seconds since 1970.', () => started);
    this.#labelled(
      Gauge,
      'server_up',
      'Servers of source and sink: 1 where it answered when it was asked last, else 0.',
      ['server'],
      () => [...listContacts()].map(([server, { reachable }]) => [{ server }, reachable ? 1 : 0]),
    );
    this.#labelled(
      Counter,
      'server_retries_total',
      'Times that a server of source or sink was asked again, after it had not answered or had put off what it was sent.',
      ['server'],
      () => [...listContacts()].map(([server, { retries }]) => [{ server }, retries]),
    );
    this.#counter(
      'logs_read_total',
      'Logs that were read and are safe: stored, or dead letters.',
      (stats) => stats.logs,
    );
    this.#counter(
      'dead_letters_total',
      'Entries and documents that could not be stored, kept with the reason.',
      (stats) => stats.deadLetters,
    );
    this.#counter(
      'gaps_total',
      'Times that logs may have been lost at the source before they could be read.',
      (stats) => stats.gaps,
    );
    this.#counter(
      'lost_logs_total',
      'Minimum number of logs lost in gaps, as far as it can be known.',
      (stats) => stats.lost,
    );
    this.#counter(
      'filtered_logs_total',
      'Logs that passed the filter, and so may reach the indices behind it.',
      (stats) => stats.filtered,
    );
    this.#counter(
      'document_bytes_total',
      'Size of the documents that were handed to the sink, uncompressed.',
      (stats) => stats.bytes,
    );
    this.#labelled(
      Counter,
      'plugin_errors_total',
      'Events that a plugin failed on; each is a dead letter.',
      ['plugin'],
      () => {
        const counts = { ...Object.fromEntries(plugins.map((name) => [name, 0])), ...this.stats.failures };
        return Object.entries(counts).map(([plugin, count]) => [{ plugin }, count]);
      },
    );
    this.#labelled(
      Counter,
      'documents_total',
      'Documents by index and outcome: stored now, existing (recognised by the id), refused (dead letters).',
      ['index', 'outcome'],
      () =>
        Object.entries(this.stats.indices).flatMap(([index, { stored, existing, refused }]) =>
          Object.entries({ stored, existing, refused }).map(([outcome, count]) => [
            { index, outcome },
            count,
          ]),
        ),
    );
    if (alerts)
      this.#labelled(
        Gauge,
        'alert_state',
        'Alerts as they were looked at last: 0 ok, 1 warning, 2 critical; NaN where there is too little data.',
        ['alert'],
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
      );
    const lag = (): number =>
      this.newestAt === undefined ? Number.NaN : (Date.now() - this.newestAt) / 1000;
    this.#gauge(
      'lag_seconds',
      "Age of the newest committed log, by the log's own time. It grows while nobody logs, too; NaN before the first.",
      lag,
    );
    this.#gauge(
      'batches_in_flight',
      'Batches that were read and are not committed yet. At pipeline.concurrency, reading waits for the sink.',
      () => this.inFlight,
    );
    this.#gauge(
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
    this.#gauge('resident_memory_bytes', 'Memory that the process holds.', () => process.memoryUsage.rss());
  }

  #bufferGauges(state: () => BufferState): void {
    this.#gauge('buffer_logs', 'Logs that were read and wait for the sink.', () => state().logs);
    this.#gauge('buffer_bytes', 'Size of the buffer on disk.', () => state().bytes);
    this.#gauge(
      'buffer_oldest_seconds',
      'Age of the oldest log that waits for the sink; 0 where none does.',
      () => (state().oldestMs ?? 0) / 1000,
    );
    this.#gauge('buffer_full', '1 while nothing more is read until the sink has caught up.', () =>
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

  #counter(name: string, help: string, figure: (stats: RunStats) => number): void {
    const value = (): number => figure(this.stats);
    new Counter({
      ...this.#options(name, help),
      collect() {
        this.reset();
        this.inc(value());
      },
    });
  }

  #labelled<Label extends string>(
    Kind: typeof Counter | typeof Gauge,
    name: string,
    help: string,
    labelNames: Label[],
    samples: () => [Record<Label, string>, number][],
  ): void {
    new Kind({
      ...this.#options(name, help),
      labelNames,
      collect() {
        this.reset();
        for (const [labels, value] of samples()) this.inc(labels, value);
      },
    });
  }

  #gauge(name: string, help: string, value: () => number): void {
    const options = this.#options(name, help);
    new Gauge({
      ...options,
      collect() {
        this.set(value());
      },
    });
  }

  #histogram(name: string, help: string): Histogram {
    return new Histogram({ ...this.#options(name, help), buckets: SECONDS });
  }
}
