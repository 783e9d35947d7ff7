import type { Redis } from 'ioredis';
import type { Check } from '../checks/result.ts';
import { type Contents, NEWEST, OLDEST } from '../component.ts';
import { tellPlainly } from './redis.ts';
import { formatRedisAddress, type RedisConfig } from './redis-config.ts';
import { findLists } from './redis-keys.ts';
import { type ListOrder, rangeFor } from './redis-pages.ts';
import { assertType, probeRedis } from './redis-probe.ts';

/** So many lists are named. */
const NAMED = 5;

/** What the configured lists hold. */
export function probeLists(config: RedisConfig): Promise<Contents | Check> {
  const { logs_key: names, order } = config.redis;
  const probed = { source: 'redis', type: 'list', key: names[0]! } as const;
  return probeRedis(config, probed, async (redis) => {
    const keys = await findLists((send) => send(redis), names, formatRedisAddress(config));
    const lists: Contents[] = [];
    for (const key of keys) {
      await assertType(redis, key, 'list');
      lists.push(await lookAt(redis, key, order, Math.ceil(NEWEST / keys.length)));
    }
    const [first] = lists;
    if (first && lists.length === 1 && keys[0] === names[0]) return first;
    const told = keys.slice(0, NAMED).map((key, n) => `"${key}" ${lists[n]!.count}`);
    const more = keys.length > NAMED ? `, and ${keys.length - NAMED} more` : '';
    const ifReversed = first?.ifReversed;
    return {
      count: lists.reduce((sum, { count }) => sum + count, 0),
      unit: 'log',
      newest: lists.flatMap(({ newest }) => newest),
      oldest: lists.flatMap(({ oldest }) => oldest),
      note: keys.length === 0 ? 'no list has such a name yet' : `in ${told.join(', ')}${more}`,
      ...(ifReversed ? { ifReversed } : {}),
    };
  });
}

/** Looks at a list as a run reads it, so that what a run may not do fails here. */
async function lookAt(redis: Redis, key: string, order: ListOrder, count: number): Promise<Contents> {
  const oldestEnd: [number, number] = order === 'newest-first' ? [-OLDEST, -1] : [0, OLDEST - 1];
  const reading = redis
    .multi()
    .llen(key)
    .lrange(key, ...rangeFor(order, 0, count))
    .lrange(key, ...oldestEnd);
  const replies = (await reading.exec().catch(tellPlainly)) ?? [];
  const [length, newest, oldest] = replies.map(([, reply]) => reply) as [number, string[], string[]];
  (order === 'newest-first' ? oldest : newest).reverse();
  const other = order === 'newest-first' ? 'oldest-first' : 'newest-first';
  const ifReversed = `It is written with ${other === 'oldest-first' ? 'RPUSH' : 'LPUSH'}, then: set redis.order (REDIS_ORDER) to ${other}`;
  return { count: length, unit: 'log', newest, oldest, ifReversed };
}
