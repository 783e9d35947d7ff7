import { setTimeout as delay } from 'node:timers/promises';
import { reasonOf, SidecarError } from './errors.ts';
import { log } from './log.ts';

const FIRST_MS = 200;
const LONGEST_MS = 15_000;
const REMIND_MS = 60_000;

/** How long to wait before attempt `n` (from 1), in ms: exponential with full jitter, 15 s at the most. */
export function backoffMs(n: number): number {
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** n);
  return ceiling / 2 + Math.random() * (ceiling / 2);
}

/** Waits `ms`, or until `signal`; never throws. */
export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => {});
}

/** Aborts `ms` after `signal` does. Keeps no process alive. */
export function abortedAfter(signal: AbortSignal, ms: number): AbortSignal {
  const later = new AbortController();
  signal.addEventListener('abort', () => setTimeout(() => later.abort(), ms).unref(), { once: true });
  return later.signal;
}

/**
 * Waits out trouble with one server: says so once and then every minute, says when it is over, and gives up
 * after `patienceMs` without a success.
 */
export class Trouble {
  readonly #what: string;
  readonly #hint: string;
  readonly #patienceMs: number;
  #since = 0;
  #said = 0;
  #attempts = 0;

  /** `what` names the server (`Elasticsearch at http://…`), `hint` says what to do about it. */
  constructor(what: string, hint: string, patienceMs: number) {
    this.#what = what;
    this.#hint = hint;
    this.#patienceMs = patienceMs;
  }

  /** It worked. */
  over(): void {
    if (this.#said > 0)
      log.info(`${this.#what} is back after ${Math.round((Date.now() - this.#since) / 1000)} s`);
    this.#since = this.#said = this.#attempts = 0;
  }

  /**
   * It failed: waits until the next attempt is due, at least `leastMs`. Throws `SidecarError` (`unreachable`) when
   * patience ends, or when `signal` aborts.
   */
  async wait(error: unknown, signal: AbortSignal, leastMs = 0): Promise<void> {
    const now = Date.now();
    this.#since ||= now;
    const reason = reasonOf(error);
    if (now - this.#since >= this.#patienceMs || signal.aborted) {
      throw new SidecarError('unreachable', `${this.#what} could not be reached: ${reason}. ${this.#hint}`, {
        cause: error,
      });
    }
    if (this.#patienceMs === Number.POSITIVE_INFINITY && now - this.#said >= REMIND_MS) {
      const since = this.#said > 0 ? ` for ${Math.round((now - this.#since) / 1000)} s` : '';
      log.warn(
        `${this.#what} can't be reached${since}: ${reason}. Trying again; nothing is lost meanwhile. ${this.#hint}`,
      );
      this.#said = now;
    }
    await sleep(Math.max(leastMs, backoffMs(++this.#attempts)), signal);
  }
}
