import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';
import { Trouble } from '../util/retry.ts';

/** Passes a rejection on; what ioredis says of a connection that is gone speaks of its options, which helps nobody. */
export function tellClosed(error: unknown): never {
  const isClosed = error instanceof Error && error.message.includes('enableOfflineQueue');
  throw isClosed ? new Error('the connection was closed', { cause: error }) : error;
}

/** How to reach a Redis server. */
export interface RedisOptions {
  /** Host, port and database as shown to people; never holds a password. */
  address: string;
  /** `redis://` or `rediss://` (TLS), with user, password and database; wins over the fields below. */
  url?: string | undefined;
  host: string;
  port: number;
  db: number;
  username?: string | undefined;
  password?: string | undefined;
  /** Encrypt the connection and verify the server's certificate. */
  tls: boolean;
  /** File with the PEM certificates to trust, for TLS. */
  caFile?: string | undefined;
  /** How long an unreachable server is tried in a run that ends, in ms. */
  patienceMs: number;
}

/** What to wait out trouble with as long as a run has patience; `what` names what is read, `meanwhile` is as for `Trouble`. */
export function redisTrouble(
  what: string,
  { patienceMs }: RedisOptions,
  follow: boolean,
  meanwhile?: string,
): Trouble {
  const hint = 'Is Redis running there, and are REDIS_HOST, REDIS_PORT and the password right?';
  return new Trouble(what, hint, follow ? Number.POSITIVE_INFINITY : patienceMs, meanwhile);
}

/** Connects once; later trouble shows as failed commands, and the caller decides when to connect anew. */
export async function connectRedis(options: RedisOptions): Promise<Redis> {
  // Loaded only where it is used: it takes a tenth of a second.
  const { Redis } = await import('ioredis');
  const { url, host, port, db, username, password } = options;
  const tls =
    options.tls || url?.startsWith('rediss:')
      ? { ...(options.caFile ? { ca: readFileSync(options.caFile) } : {}) }
      : undefined;
  const shared = {
    lazyConnect: true,
    // Under RESP3, ioredis drops the notices of client tracking.
    protocol: 2 as const,
    connectTimeout: 5_000,
    commandTimeout: 30_000,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    retryStrategy: () => null,
    ...(tls ? { tls } : {}),
  };
  const redis = url
    ? new Redis(url, shared)
    : new Redis({
        ...shared,
        host,
        port,
        db,
        ...(username ? { username } : {}),
        ...(password ? { password } : {}),
      });
  // Without a listener ioredis prints errors itself; the command that fails reports them.
  let lastError: unknown;
  redis.on('error', (error) => {
    lastError = error;
  });
  try {
    await redis.connect();
  } catch (error) {
    redis.disconnect();
    throw lastError ?? error;
  }
  return redis;
}
