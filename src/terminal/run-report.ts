import type { Config } from '../config/schema.ts';
import { findDefinition, SINKS } from '../registry.ts';
import { type RunStats, sumOver } from '../run-stats.ts';
import type { Share } from '../sources/source.ts';
import type { Observer } from '../stages.ts';
import { listContacts } from '../util/retry.ts';
import { makeVisible } from '../util/visible.ts';
import { currentLanguage, plural, t } from './messages.ts';
import { Progress } from './progress.ts';

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
  /** How much of the source was read, in bytes, where it can tell. */
  progress?: () => Share | undefined;
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
  readonly #started = Date.now();
  #timer: NodeJS.Timeout | undefined;
  #stats: RunStats | undefined;
  #told: RunStats | undefined;
  #batches = 0;
  readonly #progress: Progress;

  constructor(options: ReportOptions) {
    this.#options = options;
    this.#progress = new Progress(options.out);
  }

  /** Prints the head, and starts what is printed on the way. */
  begin(): void {
    const { config, sinkAddress, follow, quiet, json, out } = this.#options;
    const { pipeline } = config;
    if (quiet || json) return;
    if (follow) {
      this.#lines(
        t('🔄 Log pipeline - Continuous mode (interval: {seconds}s)', { seconds: pipeline.poll_interval }),
        RULE,
      );
      this.#timer = setInterval(() => this.#batch(), pipeline.poll_interval * 1000);
      return;
    }
    this.#lines(
      t(
        this.#options.isDryRun
          ? '📊 Log pipeline - Dry run: nothing is stored'
          : '📊 Log pipeline - Single run',
      ),
      RULE,
      t('Source: {source}', { source: pipeline.source }),
      `${findDefinition(SINKS, pipeline.sink).label[currentLanguage()]}: ${sinkAddress}`,
      t('Batch size: {count}', { count: pipeline.batch_size }),
      DASHES,
    );
    if (out.isTTY) this.#timer = setInterval(() => this.#showProgress(), 500);
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
    this.#progress.clear();
  }

  #summary(stats: RunStats): void {
    const indices = Object.entries(stats.indices).map(([name, { stored, events }]) => {
      const mean =
        stored > events && events > 0
          ? ` ${t('({mean} per transaction)', { mean: Math.round((stored / events) * 10) / 10 })}`
          : '';
      return `   - ${name}: ${plural(stored, 'document')}${mean}`;
    });
    const existing = sumOver(stats, 'existing');
    const refused = sumOver(stats, 'refused');
    const { gaps } = stats;
    this.#lines(
      t('✅ Collected: {logs}', { logs: plural(stats.logs, 'log') }),
      t('✅ Filtered: {logs} kept', { logs: plural(stats.filtered, 'log') }),
      t('✅ Indexed:'),
      ...indices,
      existing > 0 && t('♻️  Already there: {documents}', { documents: plural(existing, 'document') }),
      refused > 0 && t('⚠️  Refused: {documents}', { documents: plural(refused, 'document') }),
      ...(stats.deadLetters > 0 ? this.#letterLines(stats) : []),
      gaps > 0 &&
        t('⚠️  Gaps: {count} (logs may have been trimmed before they could be read)', { count: gaps }),
      RULE,
      t('Total time: {seconds}s', { seconds: (stats.durationMs / 1000).toFixed(2) }),
    );
  }

  #letterLines({ deadLetters: count, firstLetter }: RunStats): (string | false)[] {
    const { config, isDryRun } = this.#options;
    const { path } = config.dead_letters;
    const { at = '', reason = '' } = firstLetter ?? {};
    return [
      isDryRun
        ? t('⚠️  Would be dead letters: {count}', { count })
        : t('⚠️  Dead letters: {count}, with their reasons in {path}', { count, path }),
      firstLetter !== undefined && t('   The first, at {at}: {reason}', { at, reason: makeVisible(reason) }),
      firstLetter !== undefined && !isDryRun && t('   All of them: ml-log-sidecar dead-letters list'),
    ];
  }

  /** What came since the last such line. */
  #batch(): void {
    const before = this.#told;
    const now = this.#stats;
    const logs = (now?.logs ?? 0) - (before?.logs ?? 0);
    const time = formatNow();
    const waiting = this.#options.waiting?.() ?? 0;
    if (logs === 0 && waiting > 0) {
      this.#lines(t('[{time}] ⏳ {logs} waiting for the sink', { time, logs: plural(waiting, 'log') }));
      return;
    }
    // Whether anything is new can't be told while a server is out of reach.
    const unreached = [...listContacts()].find(([, { reachable }]) => !reachable);
    if (logs === 0 && unreached !== undefined) {
      this.#lines(t('[{time}] ⏳ waiting for {server}', { time, server: unreached[0] }));
      return;
    }
    const since = (figure: (stats: RunStats) => number): number =>
      (now ? figure(now) : 0) - (before ? figure(before) : 0);
    const number = ++this.#batches;
    const line =
      logs === 0
        ? t('[{time}] ✅ Batch #{number}: 0 logs (nothing new)', { time, number })
        : t('[{time}] ✅ Batch #{number}: {logs} indexed', { time, number, logs: plural(logs, 'log') });
    const existing = since((stats) => sumOver(stats, 'existing'));
    const letters = since((stats) => stats.deadLetters);
    const gaps = since((stats) => stats.gaps);
    const trouble = [
      existing > 0 && t('{documents} already there', { documents: plural(existing, 'document') }),
      letters > 0 && t('{count} dead letters', { count: letters }),
      gaps > 0 && t('{count} gaps', { count: gaps }),
    ].filter((part) => part !== false);
    this.#lines(line + (trouble.length > 0 ? ` (${trouble.join(', ')})` : ''));
    this.#told = now && structuredClone(now);
  }

  #showProgress(): void {
    const ms = Date.now() - this.#started;
    if (ms < PROGRESS_AFTER_MS) return;
    const logs = plural(this.#stats?.logs ?? 0, 'log');
    const { done, total } = this.#options.progress?.() ?? { done: 0, total: 0 };
    if (total > 0) this.#progress.show('MB', done / 1e6, total / 1e6, `, ${logs}`);
    else this.#progress.say(t('… {logs} in {seconds}s', { logs, seconds: (ms / 1000).toFixed(0) }));
  }

  /** Prints lines, without those that are `false`. */
  #lines(...lines: (string | false)[]): void {
    this.#options.out.write(`${lines.filter((line) => line !== false).join('\n')}\n`);
  }
}

/** `2025-11-22 10:30:00`, in UTC, as every time that is told. */
const formatNow = (): string => new Date().toISOString().slice(0, 19).replace('T', ' ');
