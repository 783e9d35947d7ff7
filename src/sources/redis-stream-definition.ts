import { hostname } from 'node:os';
import { defineSource, NEWEST, OLDEST } from '../component.ts';
import { REDIS_SECTIONS, redisAddress, redisOptions } from './redis-config.ts';

/** The source `redis-stream`. */
export const redisStreamSource = defineSource({
  name: 'redis-stream',
  help: 'a Redis stream, which several processes may share',
  sections: REDIS_SECTIONS,
  configure(config) {
    const { logs_key: key, group, consumer = hostname(), claim_after: claimAfter } = config.redis;
    return {
      address: `${redisAddress(config)} ${key} ${group} ${consumer}`,
      isTaken: true,
      create: async (follow) => {
        const { RedisStreamSource } = await import('./redis-stream.ts');
        const options = redisOptions(config, 'stream', follow);
        return new RedisStreamSource({ ...options, group, consumer, claimAfterMs: claimAfter * 1000 });
      },
      probe: async () => {
        const { probeRedis } = await import('./redis-probe.ts');
        const { entryOf } = await import('./redis-stream.ts');
        return probeRedis(config, { source: 'redis-stream', type: 'stream' }, async (redis) => {
          const [count, newest, oldest] = await Promise.all([
            redis.xlen(key),
            redis.xrevrange(key, '+', '-', 'COUNT', NEWEST),
            redis.xrange(key, '-', '+', 'COUNT', OLDEST),
          ]);
          const pending = (await redis.xpending(key, group).catch(() => undefined)) as unknown[] | undefined;
          return {
            count,
            unit: 'log',
            newest: newest.map(([, fields]) => entryOf(fields)),
            oldest: oldest.map(([, fields]) => entryOf(fields)),
            note: pending
              ? `the group "${group}" holds ${pending[0]} unconfirmed`
              : `the group "${group}" begins with the first run`,
          };
        });
      },
    };
  },
});
