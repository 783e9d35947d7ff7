import type { Redis } from 'ioredis';
import { reasonOf } from '../util/errors.ts';
import { connectRedis, createRedisTrouble, tellPlainly, throwRefusal } from './redis.ts';
import {
  explainWrongStreamType,
  fieldsToEntry,
  type RedisStreamOptions,
  type StreamEntry,
  toObject,
} from './redis-stream.ts';
import type { Batch, ReadOptions, Source } from './source.ts';

/** What a group has to do with a stream's entries. */
interface GroupState {
  /** The id of the newest entry that it has delivered. */
  delivered: string;
  /** Ids of entries, of those asked about, that a consumer holds unconfirmed. */
  pending: ReadonlySet<string>;
}

/**
 * All that a stream holds, read once with `XRANGE`: the group stays where it is, and its consumers keep what they hold.
 * Known is what the group has delivered and had confirmed.
 */
export class RedisStreamLook implements Source {
  readonly keeps = 'everything';
  readonly #options: RedisStreamOptions;
  readonly #name: string;
  #redis: Redis | undefined;

  constructor(options: RedisStreamOptions) {
    this.#options = options;
    this.#name = `Redis stream "${options.key}" at ${options.address}`;
  }

  async *batches({ limit, batchSize, signal }: ReadOptions): AsyncIterable<Batch> {
    const { key } = this.#options;
    const trouble = createRedisTrouble(this.#name, this.#options, false);
    const ask = <T>(question: (redis: Redis) => Promise<T>): Promise<T | undefined> =>
      trouble.outlast(
        async () => {
          this.#redis ??= await connectRedis(this.#options);
          return question(this.#redis).catch(tellPlainly);
        },
        (error) => this.#recover(error),
        signal,
      );
    let from = '-';
    if (limit !== undefined) {
      const newest = await ask((redis) => redis.xrevrange(key, '+', '-', 'COUNT', limit));
      from = newest?.at(-1)?.[0] ?? '-';
    }
    while (!signal.aborted) {
      const page = await ask(async (redis) => {
        const entries = await redis.xrange(key, from, '+', 'COUNT', batchSize);
        return { entries, group: await this.#lookAtGroup(redis, entries) };
      });
      const last = page?.entries.at(-1);
      if (!page || !last) return;
      for (const run of splitByKnown(page.entries, page.group))
        yield {
          entries: run.entries.map(([, fields]) => fieldsToEntry(fields)),
          scopes: run.entries.map(([id]) => `${key} ${id}`),
          known: run.known,
        };
      from = `(${last[0]}`;
    }
  }

  /** First what was delivered: what is delivered later does not count as known. */
  async #lookAtGroup(redis: Redis, entries: readonly StreamEntry[]): Promise<GroupState | undefined> {
    const { key, group } = this.#options;
    if (entries.length === 0) return undefined;
    const groups = ((await redis.xinfo('GROUPS', key)) as unknown[][]).map(toObject);
    const mine = groups.find(({ name }) => name === group);
    if (!mine) return undefined;
    const [start, end] = [entries[0]![0], entries.at(-1)![0]];
    const held = (await redis.xpending(key, group, start, end, entries.length)) as [id: string][];
    return { delivered: String(mine['last-delivered-id']), pending: new Set(held.map(([id]) => id)) };
  }

  async #recover(error: unknown): Promise<number> {
    await this.close();
    throwRefusal(this.#name, error, false);
    if (/WRONGTYPE/.test(reasonOf(error))) throw explainWrongStreamType(this.#options.key, error);
    return 0;
  }

  async close(): Promise<void> {
    this.#redis?.disconnect();
    this.#redis = undefined;
  }
}

/** The entries in order, in runs that are known, or are not. */
function splitByKnown(
  entries: readonly StreamEntry[],
  group: GroupState | undefined,
): { known: boolean; entries: [string, string[]][] }[] {
  const runs: { known: boolean; entries: [string, string[]][] }[] = [];
  for (const [id, fields] of entries) {
    const known = group !== undefined && !group.pending.has(id) && !isAfter(id, group.delivered);
    if (runs.at(-1)?.known !== known) runs.push({ known, entries: [] });
    runs.at(-1)!.entries.push([id, fields ?? []]);
  }
  return runs;
}

/** Whether a stream's id (`1764193200000-3`) stands behind another. */
function isAfter(one: string, other: string): boolean {
  const [[oneMs, oneNumber], [otherMs, otherNumber]] = [one, other].map((id) =>
    id.split('-').map(BigInt),
  ) as [[bigint, bigint], [bigint, bigint]];
  return oneMs > otherMs || (oneMs === otherMs && oneNumber > otherNumber);
}
