import type { Redis } from 'ioredis';
import { type Check, failed, failure } from '../checks/result.ts';
import type { Contents } from '../component.ts';
import { quote, t } from '../terminal/messages.ts';
import { reasonOf, SidecarError } from '../util/errors.ts';
import { connectRedis } from './redis.ts';
import { formatRedisAddress, type RedisConfig, readRedisOptions } from './redis-config.ts';
import { isRedisRefusal, redisHint } from './redis-refusal.ts';

/** Which source probes, which key, and the type that it must have. */
interface Probed {
  source: string;
  type: 'list' | 'stream';
  key: string;
}

/** Asks Redis with `look`; names other keys of the type where what is configured is empty. Says why where it can't be asked. */
export async function probeRedis(
  config: RedisConfig,
  probed: Probed,
  look: (redis: Redis) => Promise<Contents>,
): Promise<Contents | Check> {
  try {
    const redis = await connectRedis(readRedisOptions(config, probed.type, false));
    try {
      const contents = await look(redis);
      return contents.count > 0 ? contents : { ...contents, ...(await otherKeys(redis, probed.type)) };
    } finally {
      redis.disconnect();
    }
  } catch (error) {
    return explainFailure(config, probed, error);
  }
}

function explainFailure(config: RedisConfig, { source, type, key }: Probed, error: unknown): Check {
  const reason = reasonOf(error);
  const server = formatRedisAddress(config);
  if (isRedisRefusal(error))
    return failed(
      source,
      t('{address} refused: {why}', { address: `${server} ${key}`, why: reason }),
      quote(redisHint(error)),
      2,
    );
  if (error instanceof SidecarError) return failure(source, error, quote(''));
  const [, host, port] = /^([^,\s]+):(\d+)\/\d+$/.exec(server) ?? [];
  const command = `redis-cli -h ${host} -p ${port} ${type === 'list' ? 'LLEN' : 'XLEN'} ${key}`;
  const action = `${redisHint(error)}${host === undefined ? '' : ` Try: ${command}`}`;
  const says = t('{address} could not be reached: {why}', { address: `${server} ${key}`, why: reason });
  return failed(source, says, quote(action), 3);
}

/** What a user of few rights may not ask is left out. */
async function unlessForbidden<T>(answer: Promise<T>): Promise<T | undefined> {
  return answer.catch((error: unknown) => {
    if (!reasonOf(error).startsWith('NOPERM')) throw error;
    return undefined;
  });
}

/** Throws `SidecarError` (`config`) where the key holds something else. */
export async function assertType(redis: Redis, key: string, wanted: Probed['type']): Promise<void> {
  const type = await unlessForbidden(redis.type(key));
  if (type === undefined || type === 'none' || type === wanted) return;
  const { instead = 'Set it to the one that the API writes to' } = await otherKeys(redis, wanted);
  throw new SidecarError(
    'config',
    `the Redis key "${key}" (REDIS_LOGS_KEY) is a ${type}, not a ${wanted}. ${instead}`,
  );
}

/** Keys that REDIS_LOGS_KEY may be meant to name; a large Redis is only looked at in part. */
async function otherKeys(redis: Redis, type: Probed['type']): Promise<Pick<Contents, 'instead'>> {
  const found: string[] = [];
  let cursor = '0';
  for (let turn = 0; turn < 10 && found.length < 5; turn++) {
    const page = await unlessForbidden(redis.scan(cursor, 'COUNT', 1000, 'TYPE', type));
    if (!page) break;
    const [next, keys] = page;
    found.push(...keys);
    cursor = next;
    if (cursor === '0') break;
  }
  if (found.length === 0) return {};
  const names = found.slice(0, 5).map((name) => `"${name}"`);
  return {
    instead: t('Of that type, this Redis has {names}: set REDIS_LOGS_KEY to one of them', {
      names: names.join(', '),
    }),
  };
}
