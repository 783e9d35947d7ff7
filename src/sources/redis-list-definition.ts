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
        return new RedisListSource({ ...redisOptions(config, 'list', follow), intervalMs, lingerMs });
      },
      probe: async () => {
        const { probeRedis } = await import('./redis-probe.ts');
        const { tellPlainly } = await import('./redis.ts');
        return probeRedis(config, { source: 'redis', type: 'list' }, async (redis) => {
          // As a run reads it, so that what a run may not do fails here.
          const reading = redis
            .multi()
            .llen(key)
            .lrange(key, 0, NEWEST - 1)
            .lrange(key, -OLDEST, -1);
          const replies = (await reading.exec().catch(tellPlainly)) ?? [];
          const [count, newest, oldest] = replies.map(([, reply]) => reply) as [number, string[], string[]];
          return { count, unit: 'log', newest, oldest: oldest.reverse() };
        });
      },
    };
  },
});
