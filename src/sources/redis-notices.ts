import type { Redis } from 'ioredis';
import { reasonOf } from '../util/errors.ts';
import { log } from '../util/log.ts';
import { sleep } from '../util/retry.ts';
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
  #isDue = false;
  #wake: () => void = () => {};
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
    // What is told before the first read does no harm.
    subscriber.on('message', () => this.#notify());
    for (const each of [subscriber, reader]) each.once('end', () => this.#lose(subscriber));
    this.#subscriber = subscriber;
    this.#reader = reader;
    this.#say('read when the server tells of a change');
  }

  #say(how: string): void {
    if (how !== this.#said) log.info(`${this.#name} is ${how}`);
    this.#said = how;
  }

  #notify(): void {
    this.#isDue = true;
    this.#wake();
  }

  #lose(subscriber: Redis): void {
    if (this.#subscriber !== subscriber) return;
    this.stop();
    this.#notify();
  }

  /** Resolves when something has changed since the last call, when notices end, after `ms`, or with `signal`: whether it was one of the first two. */
  async wait(ms: number, signal: AbortSignal): Promise<boolean> {
    if (!this.#isDue) {
      const woken = new AbortController();
      this.#wake = () => woken.abort();
      await sleep(ms, AbortSignal.any([signal, woken.signal]));
      this.#wake = () => {};
    }
    const wasDue = this.#isDue;
    this.#isDue = false;
    return wasDue;
  }

  /** Ends notices, and closes the connection that they come over, and the reader's. */
  stop(): void {
    const connections = [this.#subscriber, this.#reader];
    this.#subscriber = this.#reader = undefined;
    for (const each of connections) each?.disconnect();
  }
}
