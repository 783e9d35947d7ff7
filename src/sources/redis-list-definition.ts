import { defineSource, NEWEST, OLDEST } from '../component.ts';
import { REDIS_SECTIONS, redisAddress, redisOptions } from './redis-config.ts';

/** The source `redis`. */
export const redisListSource = defineSource({
  name: 'redis',
  help: 'a Redis list, newest first',
  sections: REDIS_SECTIONS,
  configure(config) {
    const { logs_key: key } = config.redis;
    return {
      address: `${redisAddress(config)} ${key}`,
      create: async (follow) => {
        const { RedisListSource } = await import('./redis-list.ts');
        const intervalMs = config.pipeline.poll_interval * 1000;
        const { linger: lingerMs } = config.pipeline;
        return new RedisListSource({ ...redisOptions(config, follow), key, intervalMs, lingerMs });
      },
      probe: async () => {
        const { probeRedis } = await import('./redis-probe.ts');
        return probeRedis(config, { source: 'redis', type: 'list' }, async (redis) => {
          const [count, newest, oldest] = await Promise.all([
            redis.llen(key),
            redis.lrange(key, 0, NEWEST - 1),
            redis.lrange(key, -OLDEST, -1),
          ]);
          return { count, unit: 'log', newest, oldest: oldest.reverse() };
        });
      },
    };
  },
});
