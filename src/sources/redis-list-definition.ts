import { defineSource, NEWEST, OLDEST } from '../component.ts';
import { formatRedisAddress, REDIS_SECTIONS, readRedisOptions } from './redis-config.ts';

/** The source `redis`. */
export const redisListSource = defineSource({
  name: 'redis',
  help: 'a Redis list',
  sections: REDIS_SECTIONS,
  configure(config) {
    const { logs_key: key, order } = config.redis;
    return {
      address: `${formatRedisAddress(config)} ${key}`,
      create: async (follow) => {
        const { RedisListSource } = await import('./redis-list.ts');
        const intervalMs = config.pipeline.poll_interval * 1000;
        const { linger: lingerMs } = config.pipeline;
        return new RedisListSource({
          ...readRedisOptions(config, 'list', follow),
          order,
          intervalMs,
          lingerMs,
        });
      },
      probe: async () => {
        const { probeRedis } = await import('./redis-probe.ts');
        const { tellPlainly } = await import('./redis.ts');
        const { rangeFor } = await import('./redis-pages.ts');
        return probeRedis(config, { source: 'redis', type: 'list' }, async (redis) => {
          // As a run reads it, so that what a run may not do fails here.
          const reading = redis
            .multi()
            .llen(key)
            .lrange(key, ...rangeFor(order, 0, NEWEST))
            .lrange(
              key,
              ...((order === 'newest-first' ? [-OLDEST, -1] : [0, OLDEST - 1]) as [number, number]),
            );
          const replies = (await reading.exec().catch(tellPlainly)) ?? [];
          const [count, newest, oldest] = replies.map(([, reply]) => reply) as [number, string[], string[]];
          const other = order === 'newest-first' ? 'oldest-first' : 'newest-first';
          (order === 'newest-first' ? oldest : newest).reverse();
          const ifReversed = `It is written with ${other === 'oldest-first' ? 'RPUSH' : 'LPUSH'}, then: set redis.order (REDIS_ORDER) to ${other}`;
          return { count, unit: 'log', newest, oldest, ifReversed };
        });
      },
    };
  },
});
