import type { Config } from '../config/schema.ts';
import { findDefinition, SINKS } from '../registry.ts';
import { type RunStats, sumOver } from '../run-stats.ts';
import type { Observer } from '../stages.ts';
import { listContacts } from '../util/retry.ts';
import { makeVisible } from '../util/visible.ts';
import { type Messages, messagesIn } from './messages.ts';

/** What a report needs to know of the run. */
export interface ReportOptions {
  config: Config;
  /** Host and port, or path, of the sink. */
  sinkAddress: string;
  follow: boolean;
  /** Nothing is stored. */
  isDryRun?: boolean;
  quiet: boolean;
  json: boolean;
  /** How many logs were read and wait for the sink. */
  waiting?: () => number;
  /** Where lines go: stderr where stdout belongs to documents. */
  out: NodeJS.WriteStream;
}

const RULE = '='.repeat(43);
const DASHES = '-'.repeat(43);
const PROGRESS_AFTER_MS = 2_000;

/** Tells a person, or with `json` a program, what a run does. */
export class Report implements Partial<Observer> {
  readonly #options: ReportOptions;
  readonly #say: Messages;
  readonly #started = Date.now();
  #timer: NodeJS.Timeout | undefined;
  #stats: RunStats | undefined;
  #told: RunStats | undefined;
  #batches = 0;
  #progressShown = false;

  constructor(options: ReportOptions) {
    this.#options = options;
    this.#say = messagesIn(options.config.language);
  }

  /** Prints the head, and starts what is printed on the way. */
  begin(): void {
    const { config, sinkAddress, follow, quiet, json, out } = this.#options;
    const say = this.#say;
    const { pipeline } = config;
    if (quiet || json) return;
    if (follow) {
      this.#lines(say.continuous(pipeline.poll_interval), RULE);
      this.#timer = setInterval(() => this.#batch(), pipeline.poll_interval * 1000);
      return;
    }
    this.#lines(
      this.#options.isDryRun ? say.dryRun : say.once,
      RULE,
      `${say.source}: ${pipeline.source}`,
      `${findDefinition(SINKS, pipeline.sink).label[say.language]}: ${sinkAddress}`,
      `${say.batchSize}: ${pipeline.batch_size}`,
      DASHES,
    );
    if (out.isTTY) this.#timer = setInterval(() => this.#progress(), 500);
  }

  /** Takes the figures so far, behind each batch. */
  committed(_seconds: number, _newest: string | undefined, stats: RunStats): void {
    this.#stats = stats;
    const { follow, quiet, json } = this.#options;
    if (follow && !quiet && !json && !this.#told) this.#batch();
  }

  /** Prints how it ended. */
  end(stats: RunStats): void {
    this.stop();
    this.#stats = stats;
    const { quiet, json, follow, out } = this.#options;
    if (json) out.write(`${JSON.stringify(this.#options.isDryRun ? { dryRun: true, ...stats } : stats)}\n`);
    else if (!quiet) {
      if (follow && stats.logs > (this.#told?.logs ?? 0)) this.#batch();
      if (follow) this.#lines(RULE);
      this.#summary(stats);
    }
  }

  /** Stops what is printed on the way. */
  stop(): void {
    clearInterval(this.#timer);
    if (this.#progressShown) this.#options.out.write('\r\x1b[K');
    this.#progressShown = false;
  }

  #summary(stats: RunStats): void {
    const say = this.#say;
    const indices = Object.entries(stats.indices).map(([name, { stored, events }]) => {
      const mean =
        stored > events && events > 0
          ? ` ${say.perTransaction(String(Math.round((stored / events) * 10) / 10))}`
          : '';
      return `   - ${name}: ${say.documents(stored)}${mean}`;
    });
    const existing = sumOver(stats, 'existing');
    const refused = sumOver(stats, 'refused');
    this.#lines(
      say.collected(stats.logs),
      say.filtered(stats.filtered),
      say.indexed,
      ...indices,
      ...(existing > 0 ? [say.existing(existing)] : []),
      ...(refused > 0 ? [say.refused(refused)] : []),
      ...(stats.deadLetters > 0 ? this.#letterLines(stats) : []),
      ...(stats.gaps > 0 ? [say.gaps(stats.gaps)] : []),
      RULE,
      say.duration((stats.durationMs / 1000).toFixed(2)),
    );
  }

  #letterLines({ deadLetters, firstLetter }: RunStats): string[] {
    const say = this.#say;
    const { config, isDryRun } = this.#options;
    return [
      isDryRun ? say.wouldBeLetters(deadLetters) : say.deadLetters(deadLetters, config.dead_letters.path),
      ...(firstLetter ? [say.firstLetter(firstLetter.at, makeVisible(firstLetter.reason))] : []),
      ...(firstLetter && !isDryRun ? [say.allLetters] : []),
    ];
  }

  /** What came since the last such line. */
  #batch(): void {
    const say = this.#say;
    const before = this.#told;
    const now = this.#stats;
    const logs = (now?.logs ?? 0) - (before?.logs ?? 0);
    const waiting = this.#options.waiting?.() ?? 0;
    if (logs === 0 && waiting > 0) {
      this.#lines(say.waiting(localTime(new Date()), waiting));
      return;
    }
    // Whether anything is new can't be told while a server is out of reach.
    if (logs === 0 && [...listContacts().values()].some(({ reachable }) => !reachable)) return;
    const since = (figure: (stats: RunStats) => number): number =>
      (now ? figure(now) : 0) - (before ? figure(before) : 0);
    const line = say.batch(localTime(new Date()), ++this.#batches, logs);
    const trouble = say.trouble(
      since((stats) => sumOver(stats, 'existing')),
      since((stats) => stats.deadLetters),
      since((stats) => stats.gaps),
    );
    this.#lines(line + (trouble ? ` (${trouble})` : ''));
    this.#told = now && structuredClone(now);
  }

  #progress(): void {
    const ms = Date.now() - this.#started;
    if (ms < PROGRESS_AFTER_MS) return;
    this.#options.out.write(`\r\x1b[K${this.#say.progress(this.#stats?.logs ?? 0, (ms / 1000).toFixed(0))}`);
    this.#progressShown = true;
  }

  #lines(...lines: string[]): void {
    this.#options.out.write(`${lines.join('\n')}\n`);
  }
}

/** `2025-11-22 10:30:00`, in the machine's zone. */
function localTime(date: Date): string {
  const two = (n: number): string => String(n).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
