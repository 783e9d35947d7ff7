import type { Redis } from 'ioredis';
import { reasonOf, SidecarError } from '../util/errors.ts';

/** Sends commands to Redis, and returns what they answer. */
export type Ask = <T>(send: (redis: Redis) => Promise<T>) => Promise<T>;

/** How many keys Redis looks at for one answer to `SCAN`. */
const SCANNED = 1_000;

/** Whether a key is a pattern, as `SCAN` takes it: `ml:*`. A `*`, `?` or `[` of a name is written behind a `\`. */
export function isKeyPattern(key: string): boolean {
  return /(?<!\\)[*?[]/.test(key);
}

/** The name that a key which is no pattern stands for. */
export function plainKey(key: string): string {
  return key.replace(/\\(?=[*?[])/g, '');
}

/**
 * The lists that these names and patterns stand for, each once; a list that is named need not be there. It asks with `SCAN`,
 * which holds nobody up. Throws `SidecarError` (`config`) for lists that a cluster may spread over its nodes.
 */
export async function findLists(ask: Ask, keys: readonly string[], address: string): Promise<string[]> {
  if ((keys.length > 1 || isKeyPattern(keys[0]!)) && !shareSlot(keys) && (await isCluster(ask)))
    throw new SidecarError(
      'config',
      `the Redis at ${address} is a cluster, which spreads keys over its nodes, and several lists are read from one node: give them a hash tag in common, such as {ml}:a and {ml}:*, or run a sidecar for each list`,
    );
  const found = new Set<string>();
  for (const key of keys) {
    if (!isKeyPattern(key)) found.add(plainKey(key));
    else for (const each of await scan(ask, key)) found.add(each);
  }
  return [...found];
}

/** Whether all have the same hash tag, and so are on one node of a cluster. */
function shareSlot(keys: readonly string[]): boolean {
  const [first, ...others] = keys.map((key) => /^[^{*?[]*\{([^}*?[]+)\}/.exec(key)?.[1]);
  return first !== undefined && others.every((tag) => tag === first);
}

/** A user who may not ask is taken to be at a single server; a cluster refuses the keys of other nodes then. */
async function isCluster(ask: Ask): Promise<boolean> {
  try {
    await ask((redis) => redis.cluster('KEYSLOT', 'a'));
    return true;
  } catch (error) {
    if ((error as Error).name !== 'ReplyError') throw error;
    return !/cluster support disabled|NOPERM|unknown command/i.test(reasonOf(error));
  }
}

async function scan(ask: Ask, pattern: string): Promise<string[]> {
  const found: string[] = [];
  let cursor = '0';
  do {
    const [next, keys] = await ask((redis) =>
      redis.scan(cursor, 'MATCH', pattern, 'COUNT', SCANNED, 'TYPE', 'list'),
    );
    found.push(...keys);
    cursor = next;
  } while (cursor !== '0');
  return found.sort();
}
