import { reasonOf, SidecarError } from '../util/errors.ts';
import { isObject, type Json } from '../util/json.ts';
import { log } from '../util/log.ts';
import { sleep, type Trouble } from '../util/retry.ts';
import { joinLineParts } from './line-parts.ts';
import { type FoundEntries, ListCursor, type Loaded, type Recognition, type View } from './list-cursor.ts';
import {
  COMMANDS,
  findGrowth,
  guessOrder,
  isPlain,
  LEAST_SHARED,
  type ListOrder,
  otherOrder,
} from './list-order.ts';
import { createRedisTrouble, type RedisOptions, tellPlainly, throwRefusal } from './redis.ts';
import { RedisConnection } from './redis-connection.ts';
import { RedisNotices } from './redis-notices.ts';
import { RedisPages } from './redis-pages.ts';
import { isUnreadable, RedisWindow } from './redis-window.ts';
import type { Batch, ReadOptions, Source } from './source.ts';

/** Where the list is, and how often to look at it. */
export interface RedisListOptions extends RedisOptions {
  /** At which end its newest entry is; `auto`, and by default: found out by the entries' times, and by how it grows. */
  order?: ListOrder | 'auto';
  /** The longest pause between two looks, in ms. */
  intervalMs: number;
}

/** Said while Redis can't be reached. */
const MEANWHILE = 'whatever the list still holds when it is back will be read';

/** A pause after news, in ms: long enough to gather a batch, short enough to be felt as live. */
const BRISK_MS = 200;
const SHORTEST_MS = 10;
/** New entries that are reckoned with beside twice as many as last time. */
const SPARE = 8;
/** How often, at most, the whole window is read since a change was told that its newest entries don't show, in ms. */
const EDITS_MS = 2_000;
/** The largest share of the window that should be new at a poll, so that nothing is trimmed unseen. */
const TURNOVER = 0.25;
/**
 * New entries that repeat the newest ones in their order, and edits further back, look like nothing to a probe, and so the
 * whole window is read now and then: at the third quiet poll, and at every thirtieth after it.
 */
const isWholeReadDue = (quietPolls: number): boolean => quietPolls % 30 === 3;

/** What is known before a read. */
interface Circumstances {
  quietPolls: number;
  /** The server has told of a change. */
  isNoticed: boolean;
  /** How many new entries the last read found. */
  fresh: number;
}

/**
 * A Redis list that is written with `LPUSH` and `LTRIM`, newest first and capped; or with `RPUSH`, the other way round.
 * It is only ever read. What is new is found by aligning this window with the last ones, whatever else was done to the
 * list. It is read when the server tells of a change, and from time to time; where the server does not tell, as often as
 * changes make likely.
 */
export class RedisListSource implements Source {
  readonly keeps = 'window';
  readonly #options: RedisListOptions;
  readonly #name: string;
  readonly #connection: RedisConnection;
  readonly #pages: RedisPages;
  #cursor: ListCursor;
  /** A change was told that the newest entries don't show. */
  #isEdited = false;
  /** It was seen to grow where its newest entries are. */
  #hasGrown = false;
  #warnedOfEnd = false;
  /** When the whole window was read last, on the clock of `performance.now()`. */
  #wholeAt = 0;

  /** `connection` is shared with other lists where it is given. */
  constructor(options: RedisListOptions, connection = new RedisConnection(options)) {
    this.#options = options;
    this.#connection = connection;
    this.#name = `Redis list "${options.key}" at ${options.address}`;
    this.#pages = new RedisPages(connection, options.key, this.#settledOrder ?? 'newest-first');
    this.#cursor = new ListCursor(this.#name, undefined);
  }

  /** The order that is configured. */
  get #settledOrder(): ListOrder | undefined {
    const { order = 'auto' } = this.#options;
    return order === 'auto' ? undefined : order;
  }

  batches(options: ReadOptions): AsyncIterable<Batch> {
    return joinLineParts(this.#batches(options));
  }

  async *#batches(options: ReadOptions): AsyncIterable<Batch> {
    try {
      yield* this.#read(options);
    } finally {
      this.#cursor.tellLost(options.onGap);
    }
  }

  async *#read(options: ReadOptions): AsyncIterable<Batch> {
    const { follow, signal, lingerMs = 0 } = options;
    const { intervalMs } = this.#options;
    if (follow) this.#connection.notices ??= new RedisNotices(this.#options, this.#name);
    const { notices } = this.#connection;
    const trouble = createRedisTrouble(this.#name, this.#options, follow, MEANWHILE);
    this.#takeUp(options.position);
    let isFirst = true;
    let pauseMs = BRISK_MS;
    let quietPolls = 0;
    let isNoticed = false;
    let fresh = 0;
    let readAt = performance.now();
    while (!signal.aborted) {
      const read = (): Promise<FoundEntries | undefined> =>
        isFirst ? this.#readAll(options) : this.#readNew({ quietPolls, isNoticed, fresh }, options);
      const elapsed = performance.now() - readAt;
      readAt = performance.now();
      let found = await this.#outlast(trouble, read, options);
      if (signal.aborted) return;
      isFirst = false;
      fresh = found?.news ?? 0;
      if (found) {
        const { view } = found;
        const load = (places: readonly number[]): Promise<Loaded | undefined> =>
          this.#outlast(trouble, () => view.load(places), options);
        for await (const batch of this.#cursor.split(found, { ...options, load }))
          yield this.#withOrder(batch);
      }
      // The pause need not hold what was read.
      found = undefined;
      if (!follow) return;
      quietPolls = fresh > 0 ? 0 : quietPolls + 1;
      const lasts = this.#untilTurnover(fresh, elapsed);
      if (notices?.areOn) {
        const netMs = this.#isEdited ? Math.min(EDITS_MS, intervalMs) : intervalMs;
        options.onPause?.(netMs);
        isNoticed = await notices.wait(this.#options.key, netMs, signal);
        // What comes at once is gathered; what comes alone need not wait.
        const gatherMs = readAt + Math.min(lingerMs, lasts) - performance.now();
        if (isNoticed && gatherMs > 0) await sleep(gatherMs, signal);
      } else {
        pauseMs = this.#pause(fresh, lasts, pauseMs);
        options.onPause?.(pauseMs);
        await sleep(pauseMs, signal);
      }
    }
  }

  /** Goes on from a position; it tells in which order the list was seen, and names the usual one if it grew in it. */
  #takeUp(position: Json | undefined): void {
    this.#cursor = new ListCursor(this.#name, position);
    const seen = (position as { order?: unknown } | undefined)?.order;
    const order = seen === 'oldest-first' ? seen : 'newest-first';
    this.#hasGrown = seen === 'newest-first';
    this.#pages.order = this.#settledOrder ?? order;
    if (this.#pages.order !== order) this.#cursor.turn();
  }

  #withOrder(batch: Batch): Batch {
    const { order } = this.#pages;
    if ((order === 'newest-first' && !this.#hasGrown) || !isObject(batch.position)) return batch;
    return { ...batch, position: { ...batch.position, order } };
  }

  #outlast<T>(
    trouble: Trouble,
    attempt: () => Promise<T>,
    { follow, signal }: ReadOptions,
  ): Promise<T | undefined> {
    const recover = async (error: unknown): Promise<number> => {
      this.#connection.disconnect();
      throwRefusal(this.#name, error, follow);
      if (/WRONGTYPE/.test(reasonOf(error))) throw explainWrongListType(this.#options.key, error);
      return 0;
    };
    return trouble.outlast(() => attempt().catch(tellPlainly), recover, signal);
  }

  /** How long it takes until too much of the list is new, in ms, at the pace of the last read: `fresh` entries in `elapsedMs`. */
  #untilTurnover(fresh: number, elapsedMs: number): number {
    return (Math.max(1, this.#cursor.length) * TURNOVER * Math.max(1, elapsedMs)) / fresh;
  }

  #pause(fresh: number, untilTurnover: number, lastMs: number): number {
    const { intervalMs } = this.#options;
    if (fresh === 0) return Math.min(intervalMs, lastMs * 1.5);
    return Math.max(Math.min(SHORTEST_MS, intervalMs), Math.min(BRISK_MS, intervalMs, untilTurnover));
  }

  /** The window as it is at the start, with what of it was known. */
  async #readAll({ limit }: ReadOptions): Promise<FoundEntries | undefined> {
    let view = await this.#window(limit);
    if (view.length === 0) return undefined;
    if (await this.#findOrder(view)) view = await this.#window(limit);
    const mayMiss = limit !== undefined;
    return this.#cursor.accept(view, this.#cursor.recognize(view), { isFirst: true, mayMiss });
  }

  /**
   * What came since the last read, which found `fresh` new entries: after a probe of the newest ones, as many as it takes to
   * align. `isNoticed`: there is something, so that no probe is needed, and where the newest entries don't show it the whole
   * window is looked at before long.
   */
  async #readNew(
    { quietPolls, isNoticed, fresh }: Circumstances,
    { isFull }: ReadOptions,
  ): Promise<FoundEntries | undefined> {
    const isEditDue = this.#isEdited && performance.now() - this.#wholeAt >= EDITS_MS;
    // What was seen when no more could be taken may stand anywhere.
    const isRoomAgain = this.#cursor.isOpen && !isFull?.();
    const isWhole = isRoomAgain || isEditDue || (!isNoticed && isWholeReadDue(quietPolls));
    if (quietPolls > 0 && !isWhole && !isNoticed && (await this.#looksUnchanged())) return undefined;
    const likely = 2 * fresh + LEAST_SHARED + SPARE;
    if (!isWhole && likely <= this.#cursor.length / 2) {
      const before = this.#cursor.length;
      const view = await this.#window(likely);
      const recognition = this.#cursor.recognize(view);
      if (recognition && isPlain(view, recognition, before)) {
        this.#isEdited ||= isNoticed && recognition.fresh.length === 0 && view.length === before;
        return this.#cursor.accept(view, recognition, { isPart: true });
      }
    }
    this.#isEdited = false;
    this.#wholeAt = performance.now();
    let view = await this.#window();
    if (view.length === 0) return void this.#cursor.notePause();
    if (await this.#findOrder(view)) view = await this.#window();
    const recognition = this.#cursor.recognize(view);
    this.#warnOfEnd(view, recognition);
    return this.#cursor.accept(view, recognition);
  }

  /**
   * Finds out at which end the list is written, where that is not configured: by the times of its entries while nothing was
   * seen of it, then by how it grows. Returns whether it is the other end than was thought, so that the list must be read again.
   */
  async #findOrder(view: View): Promise<boolean> {
    const { order } = this.#pages;
    const { prints, length } = this.#cursor;
    if (this.#settledOrder || prints.length < length) return false;
    const growth = length > 0 ? findGrowth(prints.slice(0, length), view) : undefined;
    this.#hasGrown ||= growth === 'front';
    if (length > 0 && growth !== 'end') return false;
    const guess = guessOrder(...(await this.#pages.ends()));
    // A list whose newest entries are gone, and which reaches further back, is an older copy of itself.
    const isTurned = length > 0 ? guess !== order && (guess || !this.#hasGrown) : guess && guess !== order;
    if (!isTurned) return false;
    this.#pages.order = otherOrder(order);
    this.#cursor.turn();
    log.info(
      `${this.#name} is written with ${COMMANDS[this.#pages.order]}: its newest log is the ${order === 'newest-first' ? 'last' : 'first'}`,
    );
    return true;
  }

  /** Says once that entries came where the oldest are. */
  #warnOfEnd({ prints }: View, recognition: Recognition | undefined): void {
    if (!recognition || recognition.shared === 0 || recognition.fresh.at(-1) !== prints.length - 1) return;
    if (this.#warnedOfEnd || prints.length === 0) return;
    this.#warnedOfEnd = true;
    const { order } = this.#pages;
    const other = otherOrder(order);
    log.warn(
      this.#settledOrder && recognition.fresh[0] !== 0
        ? `${this.#name} grows at the end where its oldest logs should be: if it is written with ${COMMANDS[other]}, set redis.order (REDIS_ORDER) to ${other}, or leave it out`
        : `${this.#name} grows at both ends: all of it is read, but what is cut off at one end (LTRIM) may be gone unread. Have it written with ${COMMANDS[order]} alone, or with two keys`,
    );
  }

  async #looksUnchanged(): Promise<boolean> {
    const { prints, run, length } = this.#cursor;
    const probed = prints.slice(0, run + 1);
    // To see that an entry still can't be read would cost what it costs to read it.
    if (probed.some(isUnreadable)) return (await this.#pages.length()) === length;
    return this.#cursor.isUnchanged(await this.#window(probed.length));
  }

  #window(count?: number): Promise<RedisWindow> {
    return RedisWindow.read(this.#pages, this.#name, this.#cursor, count);
  }

  async close(): Promise<void> {
    this.#connection.disconnect();
  }
}

function explainWrongListType(key: string, cause: unknown): SidecarError {
  return new SidecarError(
    'config',
    `the Redis key "${key}" does not hold a list. Set REDIS_LOGS_KEY to the list that the API pushes its logs to`,
    { cause },
  );
}
