import type { Redis } from 'ioredis';
import { connectRedis, type RedisOptions } from './redis.ts';
import type { RedisNotices } from './redis-notices.ts';

/** An answer of more bytes is not waited for. */
const LARGEST_ANSWER = 32 << 20;

/** An answer has grown too large to be held. */
export class AnswerTooLargeError extends Error {
  override name = 'AnswerTooLargeError';
}

/** A connection to Redis that is opened when it is needed, and that several lists may share: one is answered after the other. */
export class RedisConnection {
  /** Tells when what was read has changed, where it is given. */
  notices: RedisNotices | undefined;
  /** How many lists share it. */
  sharers = 1;
  readonly #options: RedisOptions;
  #redis: Redis | undefined;
  /** Bytes of the answer that is waited for. */
  #answered = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: RedisOptions) {
    this.#options = options;
  }

  /**
   * The replies to a transaction. Throws `AnswerTooLargeError` where they are more than can be held; the connection is gone
   * then.
   */
  exec(build: (redis: Redis) => ReturnType<Redis['multi']>): Promise<unknown[]> {
    return this.ask(async (redis) => {
      const replies = (await build(redis).exec()) ?? [];
      return replies.map(([error, reply]) => {
        if (error) throw error;
        return reply;
      });
    });
  }

  /** What commands answer, once those before them are answered. Rejects as `exec` does. */
  ask<T>(send: (redis: Redis) => Promise<T>): Promise<T> {
    const answer = this.#last.then(() => this.#send(send));
    this.#last = answer.catch(() => {});
    return answer;
  }

  async #send<T>(send: (redis: Redis) => Promise<T>): Promise<T> {
    const redis = await this.#connected();
    this.#answered = 0;
    try {
      return await send(redis);
    } catch (error) {
      if (this.#answered > LARGEST_ANSWER)
        throw new AnswerTooLargeError('the answer is too large', { cause: error });
      throw error;
    }
  }

  async #connected(): Promise<Redis> {
    if (this.#redis?.status === 'ready') return this.#redis;
    this.disconnect();
    const redis = await connectRedis(this.#options);
    try {
      await this.notices?.start(redis);
    } catch (error) {
      redis.disconnect();
      throw error;
    }
    redis.stream.on('data', (chunk: Buffer) => {
      this.#answered += chunk.length;
      if (this.#answered > LARGEST_ANSWER) this.disconnect();
    });
    this.#redis = redis;
    return redis;
  }

  /** Lets go of the connection; what is asked next opens another. */
  disconnect(): void {
    this.notices?.stop();
    this.#redis?.disconnect();
    this.#redis = undefined;
  }
}
