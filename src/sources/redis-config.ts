import { isIPv6 } from 'node:net';
import type { FromSchemas } from '../config/from-schema.ts';
import { PORT, SECRET, section, TEXT } from '../config/sections.ts';
import { SidecarError } from '../util/errors.ts';
import { patienceMs } from '../util/retry.ts';
import { parseUrl } from '../util/url.ts';
import type { RedisNode, RedisOptions } from './redis.ts';

/** The section of the sources that read from Redis. */
export const REDIS_SECTIONS = {
  redis: section('The Redis list, or stream, that the API pushes its logs to.', {
    url: {
      ...SECRET,
      pattern: '^rediss?://',
      description:
        'redis:// or rediss:// (TLS); several nodes of a cluster are separated by commas. Wins over the other ways to name the server.',
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
    cert_file: {
      ...TEXT,
      description: 'File with the certificate to show, PEM.',
      variable: 'REDIS_CERT_FILE',
    },
    key_file: {
      ...TEXT,
      description: 'File with the key of that certificate, PEM.',
      variable: 'REDIS_KEY_FILE',
    },
    sentinels: {
      ...TEXT,
      description: 'The sentinels that know the server, as HOST:PORT, separated by commas.',
      variable: 'REDIS_SENTINELS',
    },
    sentinel_name: {
      ...TEXT,
      default: 'mymaster',
      description: 'What the sentinels call the server.',
      variable: 'REDIS_SENTINEL_NAME',
    },
    sentinel_username: {
      ...TEXT,
      description: 'User at the sentinels.',
      variable: 'REDIS_SENTINEL_USERNAME',
    },
    sentinel_password: {
      ...SECRET,
      description: 'Password at the sentinels.',
      variable: 'REDIS_SENTINEL_PASSWORD',
    },
    logs_key: {
      type: 'array',
      items: TEXT,
      minItems: 1,
      default: ['api_logs'],
      description:
        'The key of the list, or stream. Several lists, and patterns such as ml:*, are read as one source.',
      variable: 'REDIS_LOGS_KEY',
    },
    order: {
      enum: ['auto', 'newest-first', 'oldest-first'],
      default: 'auto',
      description:
        'How the list is written: newest-first with LPUSH, oldest-first with RPUSH; auto finds out by how it grows.',
      variable: 'REDIS_ORDER',
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

const EXAMPLE = 'redis://localhost:6379/0';

/** What an address of Redis says. */
type Address = Pick<RedisOptions, 'nodes' | 'username' | 'password' | 'db' | 'tls'>;

/** Host, port and database of the configured Redis, for people; never holds a secret. Throws `SidecarError` (`config`). */
export function formatRedisAddress(config: RedisConfig): string {
  const { nodes, db } = selectAddress(config);
  const hosts = nodes.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`).join(',');
  const { sentinels, sentinel_name: name } = config.redis;
  return sentinels === undefined ? `${hosts}/${db}` : `${name}/${db} of ${hosts}`;
}

/** Redis as configured, with the key that is read; `follow`: wait for it without an end. */
export function readRedisOptions(
  config: RedisConfig,
  type: RedisOptions['type'],
  follow: boolean,
): RedisOptions {
  const { redis } = config;
  return {
    ...selectAddress(config),
    address: formatRedisAddress(config),
    caFile: redis.ca_file,
    certFile: redis.cert_file,
    keyFile: redis.key_file,
    sentinel:
      redis.sentinels === undefined
        ? undefined
        : { name: redis.sentinel_name, username: redis.sentinel_username, password: redis.sentinel_password },
    key: redis.logs_key[0]!,
    type,
    patienceMs: patienceMs(follow),
  };
}

function selectAddress({ redis }: RedisConfig): Address {
  const { url, sentinels, host, port, db, username, password, tls } = redis;
  if (url !== undefined) {
    if (sentinels === undefined) return readRedisUrl(url);
    throw new SidecarError(
      'config',
      'the sentinels (REDIS_SENTINELS) tell where Redis is: take out REDIS_URL, and set REDIS_PASSWORD, REDIS_DB and REDIS_TLS instead',
    );
  }
  const nodes =
    sentinels === undefined
      ? [hostOf(host, port)]
      : sentinels.split(',').map((text) => readSentinel(text.trim()));
  return { nodes, username, password, db, tls };
}

function hostOf(host: string, port: number): RedisNode {
  if (/^[^\s:/@?#,]+$/.test(host) || isIPv6(host)) return { host, port };
  throw new SidecarError(
    'config',
    `REDIS_HOST is the name of a host alone, such as localhost, and its port is REDIS_PORT. For an address, set REDIS_URL instead, such as ${EXAMPLE}`,
  );
}

function readSentinel(text: string): RedisNode {
  const [, bracketed, plain, port = '26379'] =
    /^(?:\[([\da-f:.]+)\]|([^\s:/@?#]+))(?::(\d{1,5}))?$/i.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host !== undefined) return { host, port: Number(port) };
  throw new SidecarError(
    'config',
    'REDIS_SENTINELS is a list of hosts and ports, such as sentinel-1:26379,sentinel-2:26379',
  );
}

/**
 * Reads one address, or several with commas between them; user, password and database are those of the first. Throws
 * `SidecarError` (`config`), which tells nothing of a password.
 */
export function readRedisUrl(text: string): Address {
  // A comma may stand in a password, too.
  const urls = text.split(/,(?=\s*rediss?:\/\/)/).map((each) => parseUrl(each.trim(), 'REDIS_URL', EXAMPLE));
  const { username, password, pathname, protocol } = urls[0]!;
  const db = /^\/?(\d*)$/.exec(pathname)?.[1];
  if (db === undefined)
    throw new SidecarError(
      'config',
      'REDIS_URL: behind the host there can only be the number of a database. Write a / in a password as %2F',
    );
  return {
    nodes: urls.map(({ hostname, port }) => ({
      host: hostname.replace(/^\[(.*)\]$/, '$1') || 'localhost',
      port: Number(port || 6379),
    })),
    ...(username ? { username: decode(username) } : {}),
    ...(password ? { password: decode(password) } : {}),
    db: Number(db),
    tls: protocol === 'rediss:',
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new SidecarError(
      'config',
      'REDIS_URL: a % in a user or password that encodes nothing is written %25',
      { cause },
    );
  }
}
