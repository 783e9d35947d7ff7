import type { FromSchemas } from '../config/from-schema.ts';
import { PORT, SECRET, section, TEXT } from '../config/sections.ts';
import { SidecarError } from '../util/errors.ts';
import { patienceMs } from '../util/retry.ts';
import { parseUrl } from '../util/url.ts';
import type { RedisOptions } from './redis.ts';

/** The section of the sources that read from Redis. */
export const REDIS_SECTIONS = {
  redis: section('The Redis list, or stream, that the API pushes its logs to.', {
    url: {
      ...SECRET,
      pattern: '^rediss?://',
      description: 'redis:// or rediss:// (TLS); wins over the other ways to name the server.',
      variable: 'REDIS_URL',
    },
    host: { ...TEXT, default: 'localhost', description: 'The server.', variable: 'REDIS_HOST' },
    port: { ...PORT, default: 6379, description: 'Its port.', variable: 'REDIS_PORT' },
    db: {
      type: 'integer',
      minimum: 0,
      default: 0,
      description: 'The database number.',
      variable: 'REDIS_DB',
    },
    username: { ...TEXT, description: 'User of an ACL.', variable: 'REDIS_USERNAME' },
    password: { ...SECRET, description: 'Password.', variable: 'REDIS_PASSWORD' },
    tls: {
      type: 'boolean',
      default: false,
      description: 'Encrypt, and verify the certificate.',
      variable: 'REDIS_TLS',
    },
    ca_file: {
      ...TEXT,
      description: 'File with the PEM certificates to trust.',
      variable: 'REDIS_CA_FILE',
    },
    logs_key: {
      ...TEXT,
      default: 'api_logs',
      description: 'The key of the list, or stream.',
      variable: 'REDIS_LOGS_KEY',
    },
    group: {
      ...TEXT,
      default: 'ml-log-sidecar',
      description: 'redis-stream: the consumer group that shares the stream.',
      variable: 'REDIS_GROUP',
    },
    consumer: {
      ...TEXT,
      description: "redis-stream: this process's name in the group; the host's by default.",
      variable: 'REDIS_CONSUMER',
    },
    claim_after: {
      type: 'number',
      minimum: 1,
      default: 60,
      description:
        'redis-stream: seconds after which entries that another consumer holds unconfirmed are taken over.',
    },
  }),
} as const;

/** The values of `REDIS_SECTIONS`. */
export type RedisConfig = FromSchemas<typeof REDIS_SECTIONS>;

/** Host, port and database of the configured Redis, for people; never holds a secret. Throws `SidecarError` (`config`). */
export function redisAddress({ redis }: RedisConfig): string {
  if (redis.url === undefined) return `${redis.host}:${redis.port}/${redis.db}`;
  const { host, pathname } = parseUrl(redis.url, 'REDIS_URL', 'redis://localhost:6379/0');
  const db = /^\/?(\d*)$/.exec(pathname)?.[1];
  if (db === undefined)
    throw new SidecarError(
      'config',
      'REDIS_URL: behind the host there can only be the number of a database. Write a / in a password as %2F',
    );
  return `${host}/${db || 0}`;
}

/** Redis as configured; `follow`: wait for it without an end. */
export function redisOptions(config: RedisConfig, follow: boolean): RedisOptions {
  const { url, host, port, db, username, password, tls, ca_file: caFile } = config.redis;
  const address = redisAddress(config);
  return { address, url, host, port, db, username, password, tls, caFile, patienceMs: patienceMs(follow) };
}
