import { type ListOrder, SAMPLE } from './list-order.ts';
import { AnswerTooLargeError, type RedisConnection } from './redis-connection.ts';
import { fingerprint } from './window.ts';

/** The text that one page should hold, in UTF-16 units. */
const PAGE_TEXT = 4 << 20;
/** A page of unknown entries is so small. */
const FIRST_PAGE = 32;
const LARGEST_PAGE = 10_000;
/** The fingerprints of a page of so little text are kept for the next one, which mostly shows the same entries. */
const REMEMBERED_TEXT = 1 << 18;

/** A part of a list from a place on, as it was at one moment, and the list's length then. */
export interface ListPage {
  length: number;
  /** The entries at the places before it that were asked for. */
  anchor: string[];
  entries: string[];
}

/** The first and last index of `count` entries, of which the newest but `from` is the first, as `LRANGE` takes them. */
export function rangeFor(order: ListOrder, from: number, count: number): [start: number, stop: number] {
  // Redis reads a range that ends before it begins as an empty one.
  if (count <= 0) return [0, -1 - Number.MAX_SAFE_INTEGER];
  return order === 'newest-first' ? [from, from + count - 1] : [-from - count, -from - 1];
}

/** Reads a Redis list page by page. */
export class RedisPages {
  /** At which end the newest entries are. */
  order: ListOrder;
  readonly #connection: RedisConnection;
  readonly #key: string;
  #meanText: number | undefined;
  /** Of the entries of the last page. */
  #prints = new Map<string, string>();

  constructor(connection: RedisConnection, key: string, order: ListOrder) {
    this.#connection = connection;
    this.#key = key;
    this.order = order;
  }

  /** How many lists share the connection, and the room for what is read. */
  get sharers(): number {
    return this.#connection.sharers;
  }

  /** How many entries to ask for at once, so that they can be held whatever was seen of their size. */
  get size(): number {
    if (this.#meanText === undefined) return FIRST_PAGE;
    return Math.max(1, Math.min(LARGEST_PAGE, Math.floor(PAGE_TEXT / (this.#meanText + 1))));
  }

  /** How long the list is. */
  async length(): Promise<number> {
    const [length] = await this.#connection.exec((redis) => redis.multi().llen(this.#key));
    return length as number;
  }

  /** Entries at the beginning and at the end of the list, as they stand in it, whichever are the newest; none where they are too large. */
  async ends(): Promise<string[][]> {
    const count = Math.min(SAMPLE, this.size);
    try {
      return (await this.#connection.exec((redis) =>
        redis
          .multi()
          .lrange(this.#key, 0, count - 1)
          .lrange(this.#key, -count, -1),
      )) as string[][];
    } catch (error) {
      if (!(error instanceof AnswerTooLargeError)) throw error;
      return [];
    }
  }

  /**
   * `count` entries from the place `from` on, and `anchor` entries that stand `back` before them. Throws
   * `AnswerTooLargeError` where they are more than can be held; the connection is gone then.
   */
  async read(from: number, count: number, anchor = 0, back = anchor): Promise<ListPage> {
    const [length, entries, anchors = []] = (await this.#connection.exec((redis) => {
      const commands = redis.multi().llen(this.#key);
      commands.lrange(this.#key, ...rangeFor(this.order, from, count));
      return anchor > 0 ? commands.lrange(this.#key, ...rangeFor(this.order, from - back, anchor)) : commands;
    })) as [number, string[], string[]?];
    this.#learn(entries);
    if (this.order === 'oldest-first') for (const each of [entries, anchors]) each.reverse();
    return { length, entries, anchor: anchors };
  }

  /** The entries' fingerprints. */
  print(entries: readonly string[]): string[] {
    const known = this.#prints;
    const prints = entries.map((entry) => known.get(entry) ?? fingerprint(entry));
    const isSmall = entries.length * (this.#meanText ?? 0) <= REMEMBERED_TEXT;
    this.#prints = new Map(isSmall ? entries.map((entry, n) => [entry, prints[n]!]) : []);
    return prints;
  }

  /** Follows what entries have; a larger size at once, a smaller one by and by. */
  #learn(entries: readonly string[]): void {
    if (entries.length === 0) return;
    const mean = entries.reduce((sum, { length }) => sum + length, 0) / entries.length;
    this.#meanText = Math.max(mean, ((this.#meanText ?? mean) * 3 + mean) / 4);
  }
}
