import { isObject, type Json, type JsonObject } from '../util/json.ts';
import { log } from '../util/log.ts';
import { sleep } from '../util/retry.ts';
import { createRedisTrouble, tellPlainly, throwRefusal } from './redis.ts';
import { RedisConnection } from './redis-connection.ts';
import { findLists, isKeyPattern } from './redis-keys.ts';
import { type RedisListOptions, RedisListSource } from './redis-list.ts';
import { RedisNotices } from './redis-notices.ts';
import type { Batch, ReadOptions, Source } from './source.ts';

/** Which lists are read. */
export interface RedisListsOptions extends Omit<RedisListOptions, 'key'> {
  /** Their names, and patterns as `KEYS` takes them. */
  keys: readonly string[];
}

/** How often, at most, new keys of a pattern are looked for, in ms; and the largest share of the time that it may take. */
const LOOK_MS = 5_000;
const LOOK_SHARE = 0.05;
/** Maximum number of deleted lists whose positions are kept, since a list may come back. */
const MOST_GONE = 1_000;

/** A list that is read, and what came of it last. */
interface Reader {
  key: string;
  batches: AsyncIterator<Batch>;
  stop: AbortController;
}

/**
 * Several Redis lists as one source, over one connection: each is read as `RedisListSource` does, with a position of its own,
 * and in its own order. Equal logs are copies of each other, whichever lists they come from.
 */
export class RedisListsSource implements Source {
  readonly keeps = 'window';
  readonly #options: RedisListOptions;
  readonly #keys: readonly string[];
  readonly #name: string;
  readonly #connection: RedisConnection;
  /** Of each list, by its key; those that were read last stand last. */
  readonly #positions = new Map<string, Json>();
  readonly #readers = new Map<string, Reader>();
  /** What was read and not handed on yet: at most one batch of each list. */
  readonly #ready: { reader: Reader; result: IteratorResult<Batch> }[] = [];
  #failure: unknown;
  #wake: () => void = () => {};

  constructor({ keys, ...options }: RedisListsOptions) {
    // A cluster is asked for the slot of a pattern as for that of a key.
    this.#options = { ...options, key: keys[0]! };
    this.#keys = keys;
    this.#name = `Redis lists ${keys.map((key) => `"${key}"`).join(', ')} at ${options.address}`;
    this.#connection = new RedisConnection(this.#options);
  }

  async *batches(options: ReadOptions): AsyncIterable<Batch> {
    const { follow, sendKnown = true } = options;
    const stop = new AbortController();
    const signal = AbortSignal.any([options.signal, stop.signal]);
    if (follow) this.#connection.notices = new RedisNotices(this.#options, this.#name);
    for (const [key, position] of Object.entries(readLists(options.position)))
      this.#positions.set(key, position);
    try {
      const keys = await this.#find(follow, signal);
      this.#connection.sharers = Math.max(1, keys.length);
      // Copies are counted by what is known of all lists, before what is new of any.
      if (sendKnown) for (const key of keys) yield* this.#readKnown(key, { ...options, signal });
      const start = (key: string): void => this.#start(key, { ...options, signal });
      for (const key of keys) start(key);
      const looking = follow && this.#keys.some(isKeyPattern) ? this.#lookOut(start, signal) : undefined;
      looking?.catch((error: unknown) => this.#fail(error));
      yield* this.#merge(signal, looking !== undefined);
    } finally {
      stop.abort();
      await Promise.all([...this.#readers.values()].map(({ batches }) => batches.return?.()));
    }
  }

  /** The lists that there are now, and those that are named, whether they are there or not. */
  async #find(follow: boolean, signal: AbortSignal): Promise<string[]> {
    const trouble = createRedisTrouble(this.#name, this.#options, follow);
    const recover = async (error: unknown): Promise<number> => {
      this.#connection.disconnect();
      throwRefusal(this.#name, error, follow);
      return 0;
    };
    const find = (): Promise<string[]> =>
      findLists((send) => this.#connection.ask(send), this.#keys, this.#options.address).catch(tellPlainly);
    return (await trouble.outlast(find, recover, signal)) ?? [];
  }

  async *#readKnown(key: string, options: ReadOptions): AsyncIterable<Batch> {
    const position = this.#positions.get(key);
    if (position === undefined) return;
    const source = new RedisListSource({ ...this.#options, key }, this.#connection);
    for await (const batch of source.batches({ ...options, position, follow: false, onGap: undefined })) {
      if (!batch.known) return;
      yield batch;
    }
  }

  #start(key: string, options: ReadOptions): void {
    if (this.#readers.has(key)) return;
    const stop = new AbortController();
    const source = new RedisListSource({ ...this.#options, key }, this.#connection);
    const signal = AbortSignal.any([options.signal, stop.signal]);
    const position = this.#positions.get(key);
    const batches = source.batches({ ...options, position, signal })[Symbol.asyncIterator]();
    const reader = { key, batches, stop };
    this.#readers.set(key, reader);
    this.#connection.sharers = this.#readers.size;
    this.#pull(reader);
  }

  #pull(reader: Reader): void {
    reader.batches.next().then(
      (result) => {
        this.#ready.push({ reader, result });
        this.#wake();
      },
      (error: unknown) => this.#fail(error),
    );
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#wake();
  }

  /** What comes of any list, until all have ended; `isEndless`: more lists may come. */
  async *#merge(signal: AbortSignal, isEndless: boolean): AsyncIterable<Batch> {
    while (this.#readers.size > 0 || (isEndless && !signal.aborted)) {
      if (this.#failure !== undefined) throw this.#failure;
      const next = this.#ready.shift();
      if (!next) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        continue;
      }
      const { reader, result } = next;
      if (result.done) {
        this.#readers.delete(reader.key);
        continue;
      }
      if (!result.value.known) yield this.#withPosition(reader.key, result.value);
      this.#pull(reader);
    }
  }

  #withPosition(key: string, batch: Batch): Batch {
    if (batch.position !== undefined) {
      this.#positions.delete(key);
      this.#positions.set(key, batch.position);
    }
    return { ...batch, position: { lists: Object.fromEntries(this.#positions) } };
  }

  /** Looks for lists that a pattern names, from time to time: reads those that are new, and no more those that are gone. */
  async #lookOut(start: (key: string) => void, signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#wake(), { once: true });
    for (let tookMs = 0; !signal.aborted; ) {
      await sleep(Math.max(LOOK_MS, tookMs / LOOK_SHARE), signal);
      if (signal.aborted) return;
      const began = performance.now();
      const keys = new Set(await this.#find(true, signal));
      tookMs = performance.now() - began;
      if (signal.aborted) return;
      for (const [key, reader] of this.#readers) if (!keys.has(key)) reader.stop.abort();
      for (const key of keys) {
        if (!this.#readers.has(key)) log.info(`reading the Redis list "${key}", too`);
        start(key);
      }
      this.#forget(keys);
    }
  }

  /** Of lists that are gone, only the newest are remembered. */
  #forget(keys: ReadonlySet<string>): void {
    const gone = [...this.#positions.keys()].filter((key) => !keys.has(key) && !this.#readers.has(key));
    for (const key of gone.slice(0, -MOST_GONE)) this.#positions.delete(key);
  }

  async close(): Promise<void> {
    this.#connection.disconnect();
  }
}

function readLists(position: unknown): JsonObject {
  const lists = isObject(position) ? position.lists : undefined;
  return isObject(lists) ? lists : {};
}
