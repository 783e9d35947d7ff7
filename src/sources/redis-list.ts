import type { Redis } from 'ioredis';
import { reasonOf, SidecarError } from '../util/errors.ts';
import { log } from '../util/log.ts';
import { sleep } from '../util/retry.ts';
import { type Found, ListCursor, type View } from './list-cursor.ts';
import { connectRedis, type RedisOptions, redisTrouble } from './redis.ts';
import type { Batch, ReadOptions, Source } from './source.ts';
import { fingerprint } from './window.ts';

/** Polling slows down to `intervalMs` when nothing comes, and never pauses longer. */
export interface RedisListOptions extends RedisOptions {
  key: string;
  intervalMs: number;
}

/** Said while Redis can't be reached. */
const MEANWHILE = 'whatever the list still holds when it is back will be read';

/** A pause after news, in ms: long enough to gather a batch, short enough to be felt as live. */
const BRISK_MS = 200;
const SHORTEST_MS = 10;
/** A part of the list is believed to go on where the last read ended if it shares so many entries with that. */
const LEAST_SHARED = 32;
/** A poll should meet no more than this share of the window new, so that nothing is trimmed unseen. */
const TURNOVER = 0.25;
/**
 * New entries that repeat the newest ones in their order look like none to a probe, and so the whole window is read now and
 * then: at the third quiet poll, and at every thirtieth behind it.
 */
const isWholeReadDue = (quietPolls: number): boolean => quietPolls % 30 === 3;

/**
 * A Redis list that is written with `LPUSH` and `LTRIM`: newest first, and capped. It is only ever read. What is
 * new is found by aligning this window with the last one.
 */
export class RedisListSource implements Source {
  readonly keeps = 'window';
  readonly #options: RedisListOptions;
  readonly #name: string;
  #redis: Redis | undefined;
  #cursor: ListCursor;

  constructor(options: RedisListOptions) {
    this.#options = options;
    this.#name = `Redis list "${options.key}" at ${options.address}`;
    this.#cursor = new ListCursor(this.#name, undefined);
  }

  async *batches(options: ReadOptions): AsyncIterable<Batch> {
    const { follow, signal } = options;
    const trouble = redisTrouble(this.#name, this.#options, follow, MEANWHILE);
    const recover = async (error: unknown): Promise<number> => {
      this.#disconnect();
      if (/WRONGTYPE/.test(reasonOf(error))) throw wrongType(this.#options.key, error);
      return 0;
    };
    this.#cursor = new ListCursor(this.#name, options.position);
    let first = true;
    let pauseMs = BRISK_MS;
    let quietPolls = 0;
    let fresh = 0;
    let polledAt = Date.now();
    while (!signal.aborted) {
      const read = (): Promise<Found | undefined> =>
        first ? this.#readAll(options) : this.#readNew(quietPolls, fresh);
      let found = await trouble.outlast(read, recover, signal);
      if (signal.aborted) return;
      first = false;
      fresh = found ? found.entries.length - found.known : 0;
      if (found) yield* this.#cursor.split(found, options.batchSize);
      // The pause need not hold what was read.
      found = undefined;
      if (!follow) return;
      const elapsed = Date.now() - polledAt;
      quietPolls = fresh > 0 ? 0 : quietPolls + 1;
      pauseMs = this.#pause(fresh, elapsed, pauseMs);
      polledAt = Date.now();
      options.onPause?.(pauseMs);
      await sleep(pauseMs, signal);
    }
  }

  #pause(fresh: number, elapsedMs: number, lastMs: number): number {
    const { intervalMs } = this.#options;
    if (fresh === 0) return Math.min(intervalMs, lastMs * 1.5);
    const untilTurnedOver = (Math.max(1, this.#cursor.length) * TURNOVER * Math.max(1, elapsedMs)) / fresh;
    return Math.max(Math.min(SHORTEST_MS, intervalMs), Math.min(BRISK_MS, intervalMs, untilTurnedOver));
  }

  /** The window as it is at the start, with what of it was known. */
  async #readAll({ limit }: ReadOptions): Promise<Found> {
    const view = await this.#read(limit);
    const aligned = this.#cursor.align(view);
    const lost = this.#cursor.seen.length > 0 && !aligned && limit === undefined;
    return this.#cursor.accept(view, view.entries.length, aligned, lost);
  }

  /**
   * What came since the last read, which found `fresh` new entries: after a probe of the newest ones, as many as it takes to
   * align.
   */
  async #readNew(quietPolls: number, fresh: number): Promise<Found | undefined> {
    const { seen, length, run } = this.#cursor;
    const whole = isWholeReadDue(quietPolls);
    if (quietPolls > 0 && !whole && this.#cursor.unchanged(await this.#read(run + 1))) return undefined;
    const likely = 2 * (fresh + LEAST_SHARED);
    for (const size of whole || likely > length / 2 ? [undefined] : [likely, undefined]) {
      const view = await this.#read(size);
      const aligned = this.#cursor.align(view);
      const complete = view.entries.length === view.length;
      if (!complete && (!aligned || aligned.ambiguous || aligned.shared < LEAST_SHARED)) continue;
      if (aligned?.ambiguous)
        log.debug(`${this.#name}: the window repeats itself; took the fewest new entries`);
      const take = aligned ? aligned.fresh : view.entries.length;
      return this.#cursor.accept(view, take, aligned, !aligned && seen.length > 0);
    }
    return undefined;
  }

  /** The newest `count` entries, or all, and the list's length, at one moment. */
  async #read(count?: number): Promise<View> {
    this.#redis ??= await connectRedis(this.#options);
    const { key } = this.#options;
    const replies = await this.#redis
      .multi()
      .llen(key)
      .lrange(key, 0, count === undefined ? -1 : count - 1)
      .exec();
    const [length, entries] = (replies ?? []).map(([error, reply]) => {
      if (error) throw error;
      return reply;
    }) as [number, string[]];
    return { length, entries, prints: entries.map(fingerprint) };
  }

  #disconnect(): void {
    this.#redis?.disconnect();
    this.#redis = undefined;
  }

  async close(): Promise<void> {
    this.#disconnect();
  }
}

function wrongType(key: string, cause: unknown): SidecarError {
  return new SidecarError(
    'config',
    `the Redis key "${key}" does not hold a list. Set REDIS_LOGS_KEY to the list that the API pushes its logs to`,
    { cause },
  );
}
