import type { Redis } from 'ioredis';
import { reasonOf, SidecarError } from '../errors.ts';
import { log } from '../log.ts';
import { sleep, Trouble } from '../retry.ts';
import { connectRedis, type RedisOptions } from './redis.ts';
import type { Batch, ReadOptions, Source } from './source.ts';
import { type Alignment, align, fingerprint } from './window.ts';

/** Polling slows down to `intervalMs` when nothing comes, and never pauses longer. */
export interface RedisListOptions extends RedisOptions {
  key: string;
  intervalMs: number;
}

/** A pause after news, in ms: long enough to gather a batch, short enough to be felt as live. */
const BRISK_MS = 200;
const SHORTEST_MS = 10;
/** A poll should meet no more than this share of the window new, so that nothing is trimmed unseen. */
const TURNOVER = 0.25;
const PROBES_BEFORE_A_WHOLE_READ = 3;

/** What the list held at one moment, newest first; `entries` may be fewer than `length`. */
interface View {
  length: number;
  entries: string[];
  prints: string[];
}

/** What one read found, oldest first. */
interface Found {
  entries: string[];
  prints: string[];
  known: number;
  /** The entries follow on what was confirmed. */
  continues: boolean;
  gap?: string | undefined;
}

/**
 * A Redis list that is written with `LPUSH` and `LTRIM`: newest first, and capped. It is only ever read. What is
 * new is found by aligning this window with the last one.
 */
export class RedisListSource implements Source {
  readonly keepsAll = false;
  readonly #options: RedisListOptions;
  readonly #name: string;
  #redis: Redis | undefined;
  /** Fingerprints of the last window read, newest first, and its length. */
  #seen: string[] = [];
  #length = 0;
  /** The same for what is confirmed: the position. */
  #confirmed: string[] = [];

  constructor(options: RedisListOptions) {
    this.#options = options;
    this.#name = `Redis list "${options.key}" at ${options.address}`;
  }

  async *batches(options: ReadOptions): AsyncIterable<Batch> {
    const { follow, signal } = options;
    const trouble = new Trouble(
      this.#name,
      'Is Redis running there, and are REDIS_HOST, REDIS_PORT and the password right?',
      follow ? Number.POSITIVE_INFINITY : this.#options.patienceMs,
    );
    this.#seen = this.#confirmed = savedFingerprints(options.position);
    this.#length = this.#seen.length;
    let first = true;
    let pauseMs = BRISK_MS;
    let quietPolls = 0;
    let polledAt = Date.now();
    while (!signal.aborted) {
      let found: Found | undefined;
      try {
        found = first ? await this.#readAll(options) : await this.#readNew(quietPolls);
        trouble.over();
      } catch (error) {
        await this.#disconnect();
        if (error instanceof SidecarError) throw error;
        if (/WRONGTYPE/.test(reasonOf(error))) throw wrongType(this.#options.key, error);
        await trouble.wait(error, signal).catch((gone) => {
          if (!signal.aborted) throw gone;
        });
        continue;
      }
      first = false;
      if (found) yield* this.#split(found, options.batchSize);
      if (!follow) return;
      const fresh = found ? found.entries.length - found.known : 0;
      const elapsed = Date.now() - polledAt;
      quietPolls = fresh > 0 ? 0 : quietPolls + 1;
      pauseMs = this.#pause(fresh, elapsed, pauseMs);
      polledAt = Date.now();
      await sleep(pauseMs, signal);
    }
  }

  #pause(fresh: number, elapsedMs: number, lastMs: number): number {
    const { intervalMs } = this.#options;
    if (fresh === 0) return Math.min(intervalMs, lastMs * 1.5);
    const untilTurnedOver = (Math.max(1, this.#length) * TURNOVER * Math.max(1, elapsedMs)) / fresh;
    return Math.max(Math.min(SHORTEST_MS, intervalMs), Math.min(BRISK_MS, intervalMs, untilTurnedOver));
  }

  /** The window as it is at the start, with what of it was known. */
  async #readAll({ limit }: ReadOptions): Promise<Found> {
    const view = await this.#read(limit);
    const aligned = align(this.#seen, view.prints);
    const lost = this.#seen.length > 0 && !aligned && limit === undefined;
    return this.#accept(view, view.entries.length, aligned, lost);
  }

  /** What came since the last read: after a probe of the newest entries, as many as it takes to align. */
  async #readNew(quietPolls: number): Promise<Found | undefined> {
    const whole = quietPolls === PROBES_BEFORE_A_WHOLE_READ;
    if (quietPolls > 0 && !whole) {
      const probe = await this.#read(this.#run() + 1);
      if (probe.length === this.#length && probe.prints.every((print, at) => print === this.#seen[at]))
        return undefined;
    }
    for (const size of whole || this.#length < 256 ? [undefined] : [Math.ceil(this.#length / 2), undefined]) {
      const view = await this.#read(size);
      const aligned = align(this.#seen, view.prints, Math.max(0, view.length - this.#length));
      const complete = view.entries.length === view.length;
      if (!complete && (!aligned || aligned.ambiguous || aligned.shared < 32)) continue;
      if (aligned?.ambiguous)
        log.debug(`${this.#name}: the window repeats itself; took the fewest new entries`);
      return this.#accept(
        view,
        aligned ? aligned.fresh : view.entries.length,
        aligned,
        !aligned && this.#seen.length > 0,
      );
    }
    return undefined;
  }

  /** Takes the newest `take` entries of a view, and remembers the view. */
  #accept(view: View, take: number, aligned: Alignment | undefined, lost: boolean): Found {
    const gap = lost ? this.#gap(view) : undefined;
    const fresh = aligned ? aligned.fresh : view.entries.length;
    this.#seen = [...view.prints.slice(0, fresh), ...(aligned ? this.#seen : [])].slice(0, view.length);
    this.#length = view.length;
    return {
      entries: view.entries.slice(0, take).reverse(),
      prints: view.prints.slice(0, take).reverse(),
      known: take - fresh,
      continues: aligned !== undefined,
      gap,
    };
  }

  /** Windows that share nothing: either the list was cleared, or more came than it can hold. */
  #gap(view: View): string | undefined {
    if (view.length < this.#seen.length) {
      log.info(`${this.#name} was cleared or replaced: reading its ${view.length} entries anew`);
      return undefined;
    }
    return `${this.#name}: all ${view.length} entries changed between two reads, so logs may have been trimmed unread. Raise the list's cap in the API, or lower PIPELINE_POLL_INTERVAL`;
  }

  /** The index of the first entry that differs from the newest: a probe that far would notice one more copy. */
  #run(): number {
    const at = this.#seen.findIndex((print) => print !== this.#seen[0]);
    return at < 0 ? this.#seen.length : at;
  }

  *#split({ entries, prints, known, continues, gap }: Found, batchSize: number): Iterable<Batch> {
    if (known > 0) yield { entries: entries.slice(0, known), known: true, commit: () => this.#confirmed };
    for (let from = known; from < entries.length; from += batchSize) {
      const to = from + batchSize;
      yield {
        entries: entries.slice(from, to),
        known: false,
        gap: from === 0 ? gap : undefined,
        commit: () => {
          if (from === 0 && !continues) this.#confirmed = [];
          this.#confirmed = [...prints.slice(from, to).reverse(), ...this.#confirmed].slice(0, this.#length);
          return this.#confirmed;
        },
      };
    }
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

  async #disconnect(): Promise<void> {
    this.#redis?.disconnect();
    this.#redis = undefined;
  }

  async close(): Promise<void> {
    await this.#disconnect();
  }
}

function savedFingerprints(position: unknown): string[] {
  return Array.isArray(position) && position.every((print) => typeof print === 'string') ? position : [];
}

function wrongType(key: string, cause: unknown): SidecarError {
  return new SidecarError(
    'config',
    `the Redis key "${key}" holds no list. Set REDIS_LOGS_KEY to the list that the API pushes its logs to`,
    { cause },
  );
}
