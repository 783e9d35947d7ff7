import type { Redis } from 'ioredis';
import type { Check } from '../checks/result.ts';
import { type Contents, NEWEST, OLDEST } from '../component.ts';
import { t } from '../terminal/messages.ts';
import { COMMANDS, guessOrder, type ListOrder, otherOrder, SAMPLE } from './list-order.ts';
import { tellPlainly } from './redis.ts';
import { formatRedisAddress, type RedisConfig } from './redis-config.ts';
import { findLists } from './redis-keys.ts';
import { assertType, probeRedis } from './redis-probe.ts';

/** Maximum number of lists to name. */
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
    const more = keys.length > NAMED ? `, … (${keys.length})` : '';
    const ifReversed = first?.ifReversed;
    return {
      count: lists.reduce((sum, { count }) => sum + count, 0),
      unit: 'log',
      newest: lists.flatMap(({ newest }) => newest),
      oldest: lists.flatMap(({ oldest }) => oldest),
      note:
        keys.length === 0
          ? t('no list has such a name yet')
          : t('in {names}', { names: told.join(', ') + more }),
      ...(ifReversed ? { ifReversed } : {}),
    };
  });
}

/** Looks at a list as a run reads it, so that what a run may not do fails here. */
async function lookAt(
  redis: Redis,
  key: string,
  configured: ListOrder | 'auto',
  count: number,
): Promise<Contents> {
  const reading = redis
    .multi()
    .llen(key)
    .lrange(key, 0, count - 1)
    .lrange(key, -count, -1);
  const replies = (await reading.exec().catch(tellPlainly)) ?? [];
  const [length, first, last] = replies.map(([, reply]) => reply) as [number, string[], string[]];
  const guess = guessOrder(first.slice(0, SAMPLE), last.slice(-SAMPLE));
  last.reverse();
  const order = configured === 'auto' ? (guess ?? 'newest-first') : configured;
  const [newest, oldest] = order === 'newest-first' ? [first, last] : [last, first];
  const contents: Contents = { count: length, unit: 'log', newest, oldest: oldest.slice(0, OLDEST) };
  const other = otherOrder(order);
  if (configured !== 'auto')
    contents.ifReversed = t(
      'It is written with {command}, then: set redis.order (REDIS_ORDER) to {order}, or leave it out',
      { command: COMMANDS[other], order: other },
    );
  else if (length > 1)
    contents.note = guess
      ? t('written with {command}, by their times', { command: COMMANDS[guess] })
      : t(
          'their times do not tell whether it is written with LPUSH or RPUSH: a run sees that by how it grows',
        );
  return contents;
}
