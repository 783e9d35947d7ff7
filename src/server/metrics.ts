import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { BufferState } from '../buffer/disk-buffer.ts';
import { createRunStats, type RunStats } from '../run-stats.ts';
import type { Observer } from '../stages.ts';

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

  /** `indices`: the names of all indices, so that their counters begin at 0. */
  constructor(indices: readonly string[], buffer?: () => BufferState) {
    this.stats = createRunStats(indices);
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
    this.#documents();
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

  #documents(): void {
    const indices = () => Object.entries(this.stats.indices);
    new Counter({
      ...this.#options(
        'documents_total',
        'Documents by index and outcome: stored now, existing (recognised by the id), refused (dead letters).',
      ),
      labelNames: ['index', 'outcome'] as const,
      collect() {
        this.reset();
        for (const [index, { stored, existing, refused }] of indices()) {
          for (const [outcome, count] of Object.entries({ stored, existing, refused }))
            this.inc({ index, outcome }, count);
        }
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
