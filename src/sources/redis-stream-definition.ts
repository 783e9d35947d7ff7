import { hostname } from 'node:os';
import { defineSource, NEWEST, OLDEST } from '../component.ts';
import { t } from '../terminal/messages.ts';
import { SidecarError } from '../util/errors.ts';
import { formatRedisAddress, REDIS_SECTIONS, readRedisOptions } from './redis-config.ts';
import type { RedisStreamOptions } from './redis-stream.ts';

/** The source `redis-stream`. */
export const redisStreamSource = defineSource({
  name: 'redis-stream',
  help: 'a Redis stream, which several processes may share',
  sections: REDIS_SECTIONS,
  configure(config) {
    const { logs_key: keys, group, consumer = hostname(), claim_after: claimAfter } = config.redis;
    const [key = ''] = keys;
    if (keys.length > 1)
      throw new SidecarError(
        'config',
        `the source "redis-stream" reads one stream, not ${keys.length} (REDIS_LOGS_KEY): run a sidecar for each`,
      );
    const options = (follow: boolean): RedisStreamOptions => ({
      ...readRedisOptions(config, 'stream', follow),
      ...{ group, consumer, claimAfterMs: claimAfter * 1000 },
    });
    return {
      address: `${formatRedisAddress(config)} ${key} ${group} ${consumer}`,
      create: async (follow) => {
        const { RedisStreamSource } = await import('./redis-stream.ts');
        return new RedisStreamSource(options(follow));
      },
      look: async () => {
        const { RedisStreamLook } = await import('./redis-stream-look.ts');
        return new RedisStreamLook(options(false));
      },
      probe: async () => {
        const { assertType, probeRedis } = await import('./redis-probe.ts');
        const { fieldsToEntry } = await import('./redis-stream.ts');
        return probeRedis(config, { source: 'redis-stream', type: 'stream', key }, async (redis) => {
          await assertType(redis, key, 'stream');
          const [count, newest, oldest] = await Promise.all([
            redis.xlen(key),
            redis.xrevrange(key, '+', '-', 'COUNT', NEWEST),
            redis.xrange(key, '-', '+', 'COUNT', OLDEST),
          ]);
          const pending = (await redis.xpending(key, group).catch(() => undefined)) as unknown[] | undefined;
          return {
            count,
            unit: 'log',
            newest: newest.map(([, fields]) => fieldsToEntry(fields)),
            oldest: oldest.map(([, fields]) => fieldsToEntry(fields)),
            note: pending
              ? t('the group "{group}" holds {count} unconfirmed', { group, count: Number(pending[0]) })
              : t('the group "{group}" begins with the first run', { group }),
          };
        });
      },
    };
  },
});
