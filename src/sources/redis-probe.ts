import type { Redis } from 'ioredis';
import { type Check, failed, failure } from '../checks/result.ts';
import type { Contents } from '../component.ts';
import { reasonOf, SidecarError } from '../util/errors.ts';
import { connectRedis } from './redis.ts';
import { type RedisConfig, redisAddress, redisOptions } from './redis-config.ts';

/** Which source probes, and the type that its key must have. */
interface Probed {
  source: string;
  type: 'list' | 'stream';
}

/** Looks at the configured key with `look`, unless it is of another type; names others of its type where it is empty. */
export async function probeRedis(
  config: RedisConfig,
  probed: Probed,
  look: (redis: Redis) => Promise<Contents>,
): Promise<Contents | Check> {
  const { logs_key: key } = config.redis;
  try {
    const redis = await connectRedis(redisOptions(config, false));
    try {
      await assertType(redis, key, probed.type);
      const contents = await look(redis);
      return contents.count > 0 ? contents : { ...contents, ...(await otherKeys(redis, probed.type)) };
    } finally {
      redis.disconnect();
    }
  } catch (error) {
    return explainFailure(config, probed, error);
  }
}

function explainFailure(config: RedisConfig, { source, type }: Probed, error: unknown): Check {
  const reason = reasonOf(error);
  const server = redisAddress(config);
  const { logs_key: key } = config.redis;
  if (/NOAUTH|WRONGPASS|NOPERM/.test(reason)) {
    const action = 'Set REDIS_PASSWORD, and REDIS_USERNAME where it has users';
    return failed(source, `${server} ${key} refused: ${reason}`, action, 2);
  }
  if (/ECONN|ENOTFOUND|ETIMEDOUT|EAI_AGAIN|closed|timed out|EHOSTUNREACH/i.test(reason)) {
    const [, host, port = 6379] = /^(.*?)(?::(\d+))?\/\d+$/.exec(server) ?? [];
    const command = `redis-cli -h ${host} -p ${port} ${type === 'list' ? 'LLEN' : 'XLEN'} ${key}`;
    const action = `Is Redis running there, and are REDIS_HOST and REDIS_PORT right? Try: ${command}`;
    return failed(source, `${server} ${key} could not be reached: ${reason}`, action, 3);
  }
  return failure(source, error, 'Look at the log of Redis');
}

async function assertType(redis: Redis, key: string, wanted: Probed['type']): Promise<void> {
  const type = await redis.type(key);
  if (type === 'none' || type === wanted) return;
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
    const [next, keys] = await redis.scan(cursor, 'COUNT', 1000, 'TYPE', type);
    found.push(...keys);
    cursor = next;
    if (cursor === '0') break;
  }
  if (found.length === 0) return {};
  const names = found.slice(0, 5).map((name) => `"${name}"`);
  return { instead: `Of that type, this Redis has ${names.join(', ')}: set REDIS_LOGS_KEY to one of them` };
}
