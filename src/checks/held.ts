import { open, stat } from 'node:fs/promises';
import type { Redis } from 'ioredis';
import type { Config } from '../config/config.ts';
import type { Entry } from '../entry.ts';
import { redisOptions } from '../sources/redis.ts';
import { entryOf } from '../sources/redis-stream.ts';
import { SidecarError } from '../util/errors.ts';

/** What a source holds, as far as it is looked at. */
export interface Held {
  /** How many logs; of a file, lines. */
  count: number;
  /** The newest, newest first; at most 100. */
  newest: Entry[];
  /** Some of the oldest, oldest first. */
  oldest: Entry[];
  /** What else is worth knowing, in words. */
  note?: string;
  /** Where there are none: what may be meant instead. */
  instead?: string;
}

const LOOKED_AT = 100;
const SOME = 20;
const END_BYTES = 256 << 10;

/** Looks into a source, by its kind. Each throws what its client throws. */
export const LOOKS: Record<
  Exclude<Config['pipeline']['source'], 'http'>,
  (config: Config) => Promise<Held>
> = {
  redis: (config) => withRedis(config, (redis) => lookAtList(redis, config.redis.logs_key)),
  'redis-stream': (config) =>
    withRedis(config, (redis) => lookAtStream(redis, config.redis.logs_key, config.redis.group)),
  gradio: lookAtSpace,
  file: ({ file }) => lookAtFile(file.path as string),
};

async function withRedis(config: Config, look: (redis: Redis) => Promise<Held>): Promise<Held> {
  const { connectRedis } = await import('../sources/redis.ts');
  const redis = await connectRedis(redisOptions(config, false));
  try {
    return await look(redis);
  } finally {
    redis.disconnect();
  }
}

async function lookAtList(redis: Redis, key: string): Promise<Held> {
  await assertType(redis, key, 'list');
  const [count, newest, oldest] = await Promise.all([
    redis.llen(key),
    redis.lrange(key, 0, LOOKED_AT - 1),
    redis.lrange(key, -SOME, -1),
  ]);
  return { count, newest, oldest: oldest.reverse(), ...(count === 0 ? await others(redis, 'list') : {}) };
}

async function lookAtStream(redis: Redis, key: string, group: string): Promise<Held> {
  await assertType(redis, key, 'stream');
  const entries = (found: [string, string[]][]): Entry[] => found.map(([, fields]) => entryOf(fields));
  const [count, newest, oldest] = await Promise.all([
    redis.xlen(key),
    redis.xrevrange(key, '+', '-', 'COUNT', LOOKED_AT),
    redis.xrange(key, '-', '+', 'COUNT', SOME),
  ]);
  const pending = await redis.xpending(key, group).catch(() => undefined);
  return {
    count,
    newest: entries(newest),
    oldest: entries(oldest),
    note: pending
      ? `the group "${group}" holds ${(pending as unknown[])[0]} unconfirmed`
      : `the group "${group}" begins with the first run`,
    ...(count === 0 ? await others(redis, 'stream') : {}),
  };
}

async function assertType(redis: Redis, key: string, wanted: 'list' | 'stream'): Promise<void> {
  const type = await redis.type(key);
  if (type === 'none' || type === wanted) return;
  const { instead = 'Set it to the one that the API writes to' } = await others(redis, wanted);
  throw new SidecarError(
    'config',
    `the Redis key "${key}" (REDIS_LOGS_KEY) is a ${type}, no ${wanted}. ${instead}`,
  );
}

/** Keys that REDIS_LOGS_KEY may be meant to name; a large Redis is only looked at in part. */
async function others(redis: Redis, type: 'list' | 'stream'): Promise<Pick<Held, 'instead'>> {
  const found: string[] = [];
  let cursor = '0';
  for (let turn = 0; turn < 10 && found.length < 5; turn++) {
    const [next, keys] = await redis.scan(cursor, 'COUNT', 1000, 'TYPE', type);
    found.push(...keys);
    cursor = next;
    if (cursor === '0') break;
  }
  if (found.length === 0) return {};
  const names = found.slice(0, 5).map((name) => `"${name}"`);
  return { instead: `Of that type, this Redis has ${names.join(', ')}: set REDIS_LOGS_KEY to one of them` };
}

async function lookAtSpace({ gradio }: Config): Promise<Held> {
  const { GradioClient } = await import('../sources/gradio-client.ts');
  const { url, token, api_name: apiName, endpoint, timeout } = gradio;
  const client = new GradioClient({
    url: url as string,
    token,
    apiName,
    endpoint,
    timeoutMs: timeout * 1000,
  });
  const { signal } = new AbortController();
  try {
    const { total, logs } = await client.page(LOOKED_AT, 0, signal);
    const paged = total > logs.length && logs.length > 0 && (await client.paged(signal));
    const last = paged ? await client.page(SOME, Math.max(0, total - SOME), signal) : { logs };
    const note = `read through ${client.form}${total > logs.length && !paged ? ', which shows the newest only' : ''}`;
    return { count: total, newest: logs, oldest: last.logs.slice(-SOME).reverse(), note };
  } finally {
    await client.close();
  }
}

async function lookAtFile(path: string): Promise<Held> {
  const { size } = await stat(path);
  const file = await open(path, 'r');
  try {
    let count = 0;
    for await (const chunk of file.createReadStream({ autoClose: false, highWaterMark: 1 << 20 }))
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) count++;
    const part = async (from: number): Promise<string[]> => {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(size, END_BYTES)), {
        position: from,
      });
      return buffer
        .toString('utf8', 0, bytesRead)
        .split('\n')
        .filter((line) => line !== '');
    };
    const oldest = await part(0);
    const newest = await part(Math.max(0, size - END_BYTES));
    return { count, newest: newest.slice(-LOOKED_AT).reverse(), oldest: oldest.slice(0, SOME) };
  } finally {
    await file.close();
  }
}
