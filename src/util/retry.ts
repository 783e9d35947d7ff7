import { setTimeout as delay } from 'node:timers/promises';
import { reasonOf, SidecarError } from './errors.ts';
import { log } from './log.ts';

const FIRST_MS = 200;
const LONGEST_MS = 15_000;
const REMIND_MS = 60_000;

/** How long a run that ends by itself tries a server that can't be reached. */
const PATIENCE_MS = 5_000;

/** How long to try a server that can't be reached, in ms: without end in a run that goes on (`follow`). */
export function patienceMs(follow: boolean): number {
  return follow ? Number.POSITIVE_INFINITY : PATIENCE_MS;
}

/** How long to wait before attempt `n` (from 1), in ms: exponential with equal jitter, at most 15 s. */
export function backoffMs(n: number): number {
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** n);
  return ceiling / 2 + Math.random() * (ceiling / 2);
}

/** Waits `ms`, or until `signal`; never throws. */
export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => {});
}

/** Aborts `ms` after `signal` does. Keeps no process alive. */
export function abortAfter(signal: AbortSignal, ms: number): AbortSignal {
  const later = new AbortController();
  signal.addEventListener('abort', () => setTimeout(() => later.abort(), ms).unref(), { once: true });
  return later.signal;
}

/** How a server answered last. */
export interface Contact {
  reachable: boolean;
  /** How often it was tried again, so far. */
  retries: number;
  /** When, on the clock of `performance.now()`. */
  at: number;
  /** Why it could not be reached, and what to do about it. */
  reason?: string;
}

const contacts = new Map<string, Contact>();

/** The servers that this process has turned to, by the names that `Trouble` was given: what readiness is told by. */
export function listContacts(): ReadonlyMap<string, Contact> {
  return contacts;
}

/**
 * Waits out trouble with one server: says so once and then every minute, says when it is over, and gives up
 * after `patienceMs` without a success.
 */
export class Trouble {
  /** Names the server: `Elasticsearch at localhost:9200`. */
  readonly what: string;
  readonly #hint: (error: unknown) => string;
  readonly #patienceMs: number;
  readonly #meanwhile: string;
  #since = 0;
  #said: number | undefined;
  #attempts = 0;
  #retries = 0;

  /**
   * `hint` says what to do about it, or about an error; `meanwhile`, what becomes of the logs until the server is back:
   * a clause, where something can be said that is true.
   */
  constructor(
    what: string,
    hint: string | ((error: unknown) => string),
    patienceMs: number,
    meanwhile?: string,
  ) {
    this.what = what;
    this.#hint = typeof hint === 'string' ? () => hint : hint;
    this.#patienceMs = patienceMs;
    this.#meanwhile = meanwhile === undefined ? '' : `; ${meanwhile}`;
  }

  /** It worked. */
  over(): void {
    contacts.set(this.what, { reachable: true, at: performance.now(), retries: this.#retries });
    if (this.#said !== undefined)
      log.info(`${this.what} is back after ${Math.round((performance.now() - this.#since) / 1000)} s`);
    this.#since = this.#attempts = 0;
    this.#said = undefined;
  }

  /**
   * It failed: waits until the next attempt is due, at least `leastMs`, and returns whether to make it. `false` where
   * patience has ended, or `signal` aborts.
   */
  async wait(error: unknown, signal: AbortSignal, leastMs = 0): Promise<boolean> {
    // Not the wall clock, which may be set.
    const time = performance.now();
    this.#since ||= time;
    const reason = reasonOf(error);
    const retries = this.#retries;
    contacts.set(this.what, {
      reachable: false,
      at: time,
      retries,
      reason: `${reason}. ${this.#hint(error)}`,
    });
    if (time - this.#since >= this.#patienceMs || signal.aborted) return false;
    if (this.#patienceMs !== Number.POSITIVE_INFINITY && this.#said === undefined) {
      log.warn(`${this.what} can't be reached: ${reason}. Trying for ${this.#patienceMs / 1000} s`);
      this.#said = time;
    } else if (time - (this.#said ?? -REMIND_MS) >= REMIND_MS) {
      const since = this.#said !== undefined ? ` for ${Math.round((time - this.#since) / 1000)} s` : '';
      log.warn(
        `${this.what} can't be reached${since}: ${reason}. Trying again${this.#meanwhile}. ${this.#hint(error)}`,
      );
      this.#said = time;
    }
    await sleep(Math.max(leastMs, backoffMs(++this.#attempts)), signal);
    this.#retries++;
    return !signal.aborted;
  }

  /** What to throw once `wait` has answered `false`. */
  unreachable(error: unknown): SidecarError {
    const message = `${this.what} could not be reached: ${reasonOf(error)}. ${this.#hint(error)}`;
    return new SidecarError('unreachable', message, { cause: error });
  }

  /**
   * Makes an attempt until one succeeds, and returns what that answered; `undefined` once `signal` aborts. After each
   * failure `recover` lets go of what it may have broken, and returns how long to leave the server alone, in ms.
   * A `SidecarError` that either throws is thrown on at once, and `unreachable` when patience has ended.
   */
  async outlast<T>(
    attempt: () => Promise<T>,
    recover: (error: unknown) => Promise<number>,
    signal: AbortSignal,
  ): Promise<T | undefined> {
    while (!signal.aborted) {
      try {
        const answer = await attempt();
        this.over();
        return answer;
      } catch (error) {
        const leastMs = await recover(error);
        if (error instanceof SidecarError) throw error;
        if (!(await this.wait(error, signal, leastMs)) && !signal.aborted) throw this.unreachable(error);
      }
    }
    return undefined;
  }
}
