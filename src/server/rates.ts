import type { RunStats } from '../run-stats.ts';
import type { Observer } from '../stages.ts';

const KEPT_MS = 5 * 60_000;

/** How many logs a second a run has handed on lately. */
export class Rates implements Partial<Observer> {
  /** How many logs there were, at most once a second; `at` on the clock of `performance.now()`. */
  readonly #marks: { at: number; logs: number }[] = [{ at: performance.now(), logs: 0 }];
  #logs = 0;

  committed(_seconds: number, _newest: string | undefined, { logs }: RunStats): void {
    this.#logs = logs;
    const now = performance.now();
    if (now - this.#marks.at(-1)!.at >= 1000) this.#marks.push({ at: now, logs });
    while (this.#marks.length > 1 && now - this.#marks[1]!.at > KEPT_MS) this.#marks.shift();
  }

  /** Logs a second over the last `windowMs`, at most 5 minutes, or since the run began where that is less. */
  perSecond(windowMs: number): number {
    const now = performance.now();
    const begin = now - windowMs;
    // The mark before the window: what was there when it began.
    let base = this.#marks[0]!;
    for (const mark of this.#marks) if (mark.at <= begin) base = mark;
    const seconds = Math.min(windowMs, now - this.#marks[0]!.at) / 1000;
    return seconds > 0 ? (this.#logs - base.logs) / seconds : 0;
  }
}
