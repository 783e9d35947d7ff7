import type { Redis } from 'ioredis';
import { reasonOf } from '../util/errors.ts';
import { log } from '../util/log.ts';
import { connectBeside, type RedisOptions } from './redis.ts';

/** Where Redis tells clients of RESP2 that what they have read has changed (client-side caching, Redis 6 and later). */
const CHANNEL = '__redis__:invalidate';

/**
 * Waits for what a Redis connection has read to change. The server notes what the connection reads, and tells a
 * second connection once when any of it changes; from then on until it is read again it says nothing more, so that any
 * number of pushes between two reads costs one notice. A notice may be lost with a connection: `wait` ends then, too.
 */
export class RedisNotices {
  readonly #name: string;
  readonly #options: RedisOptions;
  #subscriber: Redis | undefined;
  #reader: Redis | undefined;
  /** The keys that were waited for and have changed since. */
  readonly #due = new Set<string>();
  /** Of each key that was waited for: ends the wait that is under way. */
  readonly #wakes = new Map<string, () => void>();
  #said: string | undefined;

  /** `name` tells people what is read. */
  constructor(options: RedisOptions, name: string) {
    this.#options = options;
    this.#name = name;
  }

  /** Changes are told. */
  get areOn(): boolean {
    return this.#subscriber !== undefined;
  }

  /**
   * Has changes told of what `reader` reads from now on. Where the server refuses (its version, an ACL, a proxy), that is
   * logged once, and `areOn` is `false`. Rejects where it can't be reached.
   */
  async start(reader: Redis): Promise<void> {
    this.stop();
    const subscriber = await connectBeside(reader, this.#options);
    try {
      const id = await subscriber.client('ID');
      await subscriber.subscribe(CHANNEL);
      await reader.client('TRACKING', 'ON', 'REDIRECT', id);
    } catch (error) {
      subscriber.disconnect();
      if ((error as Error).name !== 'ReplyError') throw error;
      this.#say(`polled, since the server does not tell of changes: ${reasonOf(error)}`);
      return;
    }
    // What is told before the first read does no harm. Without keys, all have changed (FLUSHALL).
    subscriber.on('messageBuffer', (_, keys: Buffer[] | null) => this.#notify(keys?.map(String)));
    for (const each of [subscriber, reader]) each.once('end', () => this.#lose(subscriber));
    this.#subscriber = subscriber;
    this.#reader = reader;
    this.#say('read when the server tells of a change');
  }

  #say(how: string): void {
    if (how !== this.#said) log.info(`${this.#name} is ${how}`);
    this.#said = how;
  }

  #notify(keys: Iterable<string> = this.#wakes.keys()): void {
    for (const key of keys) {
      this.#due.add(key);
      this.#wakes.get(key)?.();
    }
  }

  #lose(subscriber: Redis): void {
    if (this.#subscriber !== subscriber) return;
    this.stop();
    this.#notify();
  }

  /**
   * Resolves when this key has changed since the last call, when notices end, after `ms`, or with `signal`: whether it was one
   * of the first two.
   */
  async wait(key: string, ms: number, signal: AbortSignal): Promise<boolean> {
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      signal.addEventListener('abort', wake);
      this.#wakes.set(key, wake);
      if (this.#due.has(key) || signal.aborted) wake();
    });
    return this.#due.delete(key);
  }

  /** Ends notices, and closes the connection that they come over, and the reader's. */
  stop(): void {
    const connections = [this.#subscriber, this.#reader];
    this.#subscriber = this.#reader = undefined;
    for (const each of connections) each?.disconnect();
  }
}
