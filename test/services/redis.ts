import { Redis } from 'ioredis';
import { type Service, type StartOptions, start } from './service.ts';

/**
 * Starts a Redis that keeps nothing on disk. `args` are added to its command line and win over ours:
 * `['--appendonly', 'yes']` lets a list survive `kill()` and another start on the same `dataDir`.
 */
export function startRedis(options: StartOptions & { args?: string[] } = {}): Promise<Service> {
  const { args = [], ...where } = options;
  return start({
    ...where,
    name: 'redis',
    url: (port) => `redis://127.0.0.1:${port}`,
    command: (port, dataDir) => [
      ...['redis-server', '--port', `${port}`, '--bind', '127.0.0.1', '--dir', dataDir],
      ...['--save', '', '--appendonly', 'no', ...args],
    ],
    timeoutMs: 10_000,
    ready: redisVersion,
  });
}

/** Rejects while Redis can't be reached or is still loading. */
export async function redisVersion(url: string): Promise<string> {
  const redis = new Redis(url, { lazyConnect: true, connectTimeout: 2000, retryStrategy: () => null });
  redis.on('error', () => {});
  try {
    await redis.connect();
    await redis.ping();
    return /redis_version:(\S+)/.exec(await redis.info('server'))?.[1] ?? '?';
  } finally {
    redis.disconnect();
  }
}
