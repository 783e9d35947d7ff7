import type { Redis } from 'ioredis';
import type { Entry } from '../entry.ts';
import { reasonOf, SidecarError } from '../util/errors.ts';
import { type JsonObject, setOwn } from '../util/json.ts';
import { sleep } from '../util/retry.ts';
import {
  connectBeside,
  connectRedis,
  createRedisTrouble,
  type RedisOptions,
  tellPlainly,
  throwRefusal,
} from './redis.ts';
import type { Batch, ReadOptions, Source } from './source.ts';

/** A stream, and this process's place among those that share it. */
export interface RedisStreamOptions extends RedisOptions {
  group: string;
  /** Names this process within the group; unique among those at work. */
  consumer: string;
  /** How long another consumer may hold an entry unconfirmed before this one takes it over, in ms. */
  claimAfterMs: number;
}

/** An entry's id and fields, as Redis answers them: `[id, [name, value, …]]`; no fields where it was deleted. */
export type StreamEntry = [id: string, fields: string[] | null];

/** Said while Redis can't be reached. */
const MEANWHILE = 'what the stream still holds when it is back will be read';

/** How long one read waits for news: less than a command may take. */
const BLOCK_MS = 10_000;

/**
 * A Redis stream, read as a consumer group: several sidecars share it, each entry goes to one of them, and what a dead
 * one held is taken over. An entry is acknowledged (`XACK`) once the sink has confirmed it.
 * An entry's only field is the log; several fields are one log with all of them, as a JSON object.
 */
export class RedisStreamSource implements Source {
  readonly keeps = 'acknowledged';
  readonly #options: RedisStreamOptions;
  readonly #name: string;
  #redis: Redis | undefined;
  #acknowledger: Redis | undefined;
  /** Entries on their way: they are pending too, but not forgotten. */
  readonly #held = new Set<string>();

  constructor(options: RedisStreamOptions) {
    this.#options = options;
    this.#name = `Redis stream "${options.key}" at ${options.address}`;
  }

  async *batches(options: ReadOptions): AsyncIterable<Batch> {
    const { follow, fromStart, batchSize, lingerMs = 0, signal, onGap } = options;
    const trouble = createRedisTrouble(this.#name, this.#options, follow, MEANWHILE);
    const recover = async (error: unknown): Promise<number> => {
      // What is on its way is acknowledged yet.
      if (signal.aborted) return 0;
      this.#disconnect();
      throwRefusal(this.#name, error, follow);
      if (/WRONGTYPE/.test(reasonOf(error))) throw explainWrongStreamType(this.#options.key, error);
      // Entries read but not handed on are still held: begin with them again.
      cursor = '0';
      return 0;
    };
    // What this consumer held when it last ended comes first.
    let cursor = '0';
    let claimedAt = 0;
    let backlog = true;
    let isToRewind = fromStart === true;
    let readAt = Number.NEGATIVE_INFINITY;
    // A read that waits for news would hold up the end.
    signal.addEventListener('abort', () => this.#redis?.disconnect(), { once: true });
    while (!signal.aborted) {
      const read = async (): Promise<StreamEntry[]> => {
        await this.#connected();
        if (signal.aborted) return [];
        if (cursor === '>' && Date.now() - claimedAt >= this.#options.claimAfterMs / 2) {
          const claimed = await this.#claim(batchSize);
          if (claimed.length < batchSize) claimedAt = Date.now();
          if (claimed.length > 0) return claimed;
        }
        if (isToRewind && cursor === '>') {
          await this.#rewind();
          isToRewind = false;
        } else if (backlog && cursor === '>') await this.#tellGap(onGap);
        return this.#read(cursor, batchSize, follow);
      };
      // What comes at once is gathered; what comes alone is there when the read that waits for it ends.
      const gatherMs = readAt + lingerMs - performance.now();
      if (follow && !backlog && gatherMs > 0) await sleep(gatherMs, signal);
      const entries = await trouble.outlast(() => read().catch(tellPlainly), recover, signal);
      if (!entries) return;
      readAt = performance.now();
      const news = entries.filter(([id]) => !this.#held.has(id));
      if (news.length > 0) yield this.#batch(news, onGap);
      if (cursor !== '>') cursor = entries.at(-1)?.[0] ?? '>';
      else if (entries.length === 0 && !follow) return;
      else backlog = entries.length === batchSize;
    }
  }

  #batch(entries: readonly StreamEntry[], onGap: ReadOptions['onGap']): Batch {
    const { key, group } = this.#options;
    const ids = entries.map(([id]) => id);
    for (const id of ids) this.#held.add(id);
    // An entry that was deleted, or trimmed, while a consumer held it has nothing left to read.
    const present = entries.filter((entry): entry is [string, string[]] => entry[1] !== null);
    const lost = ids.length - present.length;
    if (lost > 0)
      onGap?.({ what: `${this.#name}: ${lost} entries were deleted while they were held`, atLeast: lost });
    return {
      entries: present.map(([, fields]) => fieldsToEntry(fields)),
      scopes: present.map(([id]) => `${key} ${id}`),
      known: false,
      commit: async () => {
        // A failed acknowledgement loses nothing: the entry is delivered again, under the same id.
        if (ids.length > 0) await this.#acknowledger?.xack(key, group, ...ids).catch(() => {});
        for (const id of ids) this.#held.delete(id);
      },
    };
  }

  /** New entries (`>`), or those that this consumer holds behind the id `cursor`. */
  async #read(cursor: string, count: number, block: boolean): Promise<StreamEntry[]> {
    const { key, group, consumer, claimAfterMs } = this.#options;
    const redis = await this.#connected();
    const answer =
      block && cursor === '>'
        ? await redis.xreadgroup(
            'GROUP',
            group,
            consumer,
            'COUNT',
            count,
            'BLOCK',
            Math.ceil(Math.min(BLOCK_MS, claimAfterMs / 2)) || 1,
            'STREAMS',
            key,
            cursor,
          )
        : await redis.xreadgroup('GROUP', group, consumer, 'COUNT', count, 'STREAMS', key, cursor);
    const [stream] = (answer ?? []) as [string, StreamEntry[]][];
    return stream?.[1] ?? [];
  }

  /** Entries that others have held for too long. */
  async #claim(count: number): Promise<StreamEntry[]> {
    const { key, group, consumer, claimAfterMs } = this.#options;
    const redis = await this.#connected();
    const answer = await redis.xautoclaim(key, group, consumer, claimAfterMs, '0', 'COUNT', count);
    return (answer as [string, StreamEntry[]])[1];
  }

  /** Sets the group back to the stream's first entry, for all that share it. */
  async #rewind(): Promise<void> {
    const { key, group } = this.#options;
    const redis = await this.#connected();
    await redis.xgroup('SETID', key, group, '0');
  }

  /** More was added than the group has read and the stream still holds: the rest was trimmed unread. */
  async #tellGap(onGap: ReadOptions['onGap']): Promise<void> {
    const { key, group } = this.#options;
    const redis = await this.#connected();
    const stream = toObject((await redis.xinfo('STREAM', key)) as unknown[]);
    const groups = ((await redis.xinfo('GROUPS', key)) as unknown[][]).map(toObject);
    const mine = groups.find(({ name }) => name === group);
    // Redis leaves the count open until the first delivery.
    const read = mine?.['entries-read'] ?? (mine?.['last-delivered-id'] === '0-0' ? 0 : undefined);
    if (typeof read !== 'number') return;
    const lost = Number(stream['entries-added']) - read - Number(stream.length);
    // Redis 6.2 does not count what was added.
    if (!(lost > 0)) return;
    const what = `${this.#name}: at least ${lost} entries were trimmed before they were read. Raise MAXLEN where the API adds them, or add another sidecar`;
    onGap?.({ what, atLeast: lost });
  }

  async #connected(): Promise<Redis> {
    if (this.#redis) return this.#redis;
    const redis = await connectRedis(this.#options);
    // Its own connection: a blocking read would hold acknowledgements up.
    this.#redis = redis;
    this.#acknowledger = await connectBeside(redis, this.#options);
    try {
      await redis.xgroup('CREATE', this.#options.key, this.#options.group, '0', 'MKSTREAM');
    } catch (error) {
      if (!/BUSYGROUP/.test(reasonOf(error))) throw error;
    }
    return redis;
  }

  #disconnect(): void {
    this.#redis?.disconnect();
    this.#acknowledger?.disconnect();
    this.#redis = this.#acknowledger = undefined;
  }

  async close(): Promise<void> {
    this.#disconnect();
  }
}

/** Fields that hold the log where they stand alone. */
const ALONE = ['log', 'message', 'entry', 'body', 'event', 'msg', 'payload', 'value', 'data'];

/** The log in a stream's entry: its only field, where that is called so; otherwise an object of all its fields. */
export function fieldsToEntry(fields: readonly string[]): Entry {
  const [name = '', text = ''] = fields;
  if (fields.length === 2 && ALONE.includes(name)) return text;
  const entry: JsonObject = {};
  for (let at = 0; at + 1 < fields.length; at += 2) setOwn(entry, fields[at]!, fields[at + 1]!);
  return entry;
}

/** Redis answers objects as lists of names and values. */
export function toObject(list: readonly unknown[]): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (let at = 0; at + 1 < list.length; at += 2) object[String(list[at])] = list[at + 1];
  return object;
}

/** A `config` error for a key that holds no stream. */
export function explainWrongStreamType(key: string, cause: unknown): SidecarError {
  return new SidecarError(
    'config',
    `the Redis key "${key}" does not hold a stream. For the list that the API pushes its logs to, use --source redis`,
    { cause },
  );
}
