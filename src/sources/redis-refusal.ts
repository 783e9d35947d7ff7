import { reasonOf } from '../util/errors.ts';
import { tlsHint } from '../util/tls-hint.ts';

/**
 * What a Redis that refuses asks for, by the beginning of what it says:
 * https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors
 */
const REFUSALS: readonly (readonly [RegExp, string])[] = [
  [
    /NOAUTH/,
    'It asks for a password: set REDIS_PASSWORD (or REDIS_PASSWORD_FILE), and REDIS_USERNAME where it has users',
  ],
  [/WRONGPASS|invalid password/, 'Correct REDIS_PASSWORD, and REDIS_USERNAME where it has users'],
  [
    /NOPERM|NOPERMISSION|no permission/i,
    'Give this user the rights that docs/redis.md lists (ACL SETUSER), or set REDIS_USERNAME to one who has them',
  ],
  [
    /DENIED/,
    'Redis is in protected mode and takes connections from its own machine only: set a password there (requirepass) and here (REDIS_PASSWORD), or switch it off there (protected-mode no) where nobody else can reach it',
  ],
  [/SELECT is not allowed in cluster mode/, 'A Redis Cluster has only the database 0: set REDIS_DB to 0'],
  [/DB index is out of range/, 'It has fewer databases: correct REDIS_DB'],
  [
    /READONLY/,
    'This is a replica, and a stream is read by a group, which writes: name the master, or REDIS_SENTINELS',
  ],
];

/** What passes by itself, or once somebody sees to the server. */
const TROUBLES: readonly (readonly [RegExp, string])[] = [
  [
    /CLUSTERDOWN/,
    'The cluster is there, but part of it is not: `redis-cli cluster info` and `cluster nodes` say which',
  ],
  [/MASTERDOWN/, 'This is a replica that has lost its master: look at that, or name another node'],
  [/LOADING/, 'It is reading its data from disk, and answers when it has'],
  [/TRYAGAIN|\bASK /, "The key's slot is moving to another node; it is read when that is finished"],
  [/MISCONF/, 'Redis cannot write to its disk: look at its log'],
  [/max number of clients/, 'It has no connection to spare: raise maxclients there, or find who holds them'],
  [
    /sentinel/i,
    'Are REDIS_SENTINELS and REDIS_SENTINEL_NAME right? `redis-cli -p 26379 sentinel masters` lists the names',
  ],
];

const HINT = 'Is Redis running there, and are REDIS_HOST and REDIS_PORT (or REDIS_URL) right?';
const TLS = {
  prefix: 'REDIS',
  plain: 'write redis:// instead of rediss:// in REDIS_URL, or leave out REDIS_TLS',
  encrypted: 'rediss://',
};

/** What to do about a Redis that refuses, or can't be reached, by what was thrown. */
export function redisHint(error: unknown): string {
  const reason = reasonOf(error);
  const known = [...REFUSALS, ...TROUBLES].find(([pattern]) => pattern.test(reason));
  return known?.[1] ?? tlsHint(reason, TLS) ?? HINT;
}

/** Whether it refuses in a way that trying again doesn't change. */
export function isRedisRefusal(error: unknown): boolean {
  return REFUSALS.some(([pattern]) => pattern.test(reasonOf(error)));
}
