import { defineSource } from '../component.ts';
import { formatRedisAddress, REDIS_SECTIONS, readRedisOptions } from './redis-config.ts';
import { isKeyPattern, plainKey } from './redis-keys.ts';

/** The source `redis`. */
export const redisListSource = defineSource({
  name: 'redis',
  help: 'a Redis list, or several',
  sections: REDIS_SECTIONS,
  configure(config) {
    const { logs_key: keys, order } = config.redis;
    return {
      address: `${formatRedisAddress(config)} ${keys.join(', ')}`,
      create: async (follow) => {
        const where = readRedisOptions(config, 'list', follow);
        const options = { ...where, order, intervalMs: config.pipeline.poll_interval * 1000 };
        if (keys.length > 1 || isKeyPattern(keys[0]!)) {
          const { RedisListsSource } = await import('./redis-lists.ts');
          return new RedisListsSource({ ...options, keys });
        }
        const { RedisListSource } = await import('./redis-list.ts');
        return new RedisListSource({ ...options, key: plainKey(keys[0]!) });
      },
      probe: async () => {
        const { probeLists } = await import('./redis-list-probe.ts');
        return probeLists(config);
      },
    };
  },
});
