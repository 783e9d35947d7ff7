import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';
import { reasonOf, SidecarError } from '../util/errors.ts';
import { log } from '../util/log.ts';
import { Trouble } from '../util/retry.ts';
import { plainTls } from '../util/tls-hint.ts';
import { isRedisRefusal, redisHint } from './redis-refusal.ts';

/** A server's place. */
export interface RedisNode {
  host: string;
  port: number;
}

/** How to reach the Redis server that holds a key. */
export interface RedisOptions {
  /** Host, port and database as shown to people; never holds a password. */
  address: string;
  /** A server, or several of one cluster: where one is away, the next is asked. With `sentinel`, those are sentinels. */
  nodes: readonly RedisNode[];
  /** Ask sentinels for the master of this name. */
  sentinel?: { name: string; username?: string | undefined; password?: string | undefined } | undefined;
  db: number;
  username?: string | undefined;
  password?: string | undefined;
  /** Encrypt connections, to sentinels too, and verify the server's certificate. */
  tls: boolean;
  /** File with the PEM certificates to trust, for TLS. */
  caFile?: string | undefined;
  /** Files with the certificate that is shown, and its key, in PEM. */
  certFile?: string | undefined;
  keyFile?: string | undefined;
  /** What is read: a cluster is asked who has it. */
  key: string;
  type: 'list' | 'stream';
  /** How long an unreachable server is tried in a run that ends, in ms. */
  patienceMs: number;
}

/** How long nothing is said of a server that has not answered yet. */
const SILENT_MS = 1_500;
/** The servers that this was said of: the nodes of their options. */
const saidWaiting = new WeakSet<object>();

/** How often a cluster may name another node before that is a fault of its. */
const MOST_MOVES = 5;

/**
 * Passes a rejection on as what Redis said, in its first sentence: what ioredis says of a connection that is gone speaks of
 * its options, and an EXECABORT of what went wrong before.
 */
export function tellPlainly(error: unknown): never {
  if (!(error instanceof Error)) throw error;
  if (error.message.includes('enableOfflineQueue'))
    throw new Error('the connection was closed', { cause: error });
  const [told = error] = (error as { previousErrors?: Error[] }).previousErrors ?? [];
  told.message = plainTls(told.message);
  if (told.name === 'ReplyError') told.message = told.message.replace(/\.(\s.*)?$/s, '');
  throw told;
}

/** What to wait out trouble with as long as a run has patience; `what` names what is read, `meanwhile` is as for `Trouble`. */
export function createRedisTrouble(
  what: string,
  { patienceMs }: RedisOptions,
  follow: boolean,
  meanwhile?: string,
): Trouble {
  return new Trouble(what, redisHint, follow ? Number.POSITIVE_INFINITY : patienceMs, meanwhile);
}

/** Throws, where a run ends by itself, what won't change by trying again (`config`). */
export function throwRefusal(what: string, error: unknown, follow: boolean): void {
  if (follow || !isRedisRefusal(error)) return;
  throw new SidecarError('config', `${what} refused: ${reasonOf(error)}. ${redisHint(error)}`, {
    cause: error,
  });
}

/**
 * Connects once, to the server that holds the key: the master that sentinels name, or the node that a cluster does. Later
 * trouble shows as failed commands, and the caller decides when to connect anew.
 */
export async function connectRedis(options: RedisOptions): Promise<Redis> {
  const { key, type, sentinel } = options;
  const locate = async (redis: Redis): Promise<void> => {
    const answer = type === 'list' ? redis.llen(key) : redis.xlen(key);
    await answer.catch((error: unknown) => {
      // It is there, and whoever reads it says that it is not what was expected.
      if (!reasonOf(error).startsWith('WRONGTYPE')) throw error;
    });
  };
  let nodes = sentinel ? [await askSentinels(options, sentinel.name)] : options.nodes;
  for (let moves = 0; ; moves++) {
    try {
      return await openFirst(nodes, options, locate);
    } catch (error) {
      const node = movedTo(error);
      if (!node || moves === MOST_MOVES) throw error;
      nodes = [node];
    }
  }
}

/** Another connection to the server that this one leads to. */
export function connectBeside(
  { options: { host = '', port = 0 } }: Redis,
  options: RedisOptions,
): Promise<Redis> {
  return openNode({ host, port }, options, async () => {});
}

/** The node that a cluster names in place of the one that was asked: `MOVED 3999 10.0.0.5:6381`. */
function movedTo(error: unknown): RedisNode | undefined {
  const [, host, port] = /^MOVED \d+ (.+):(\d+)$/.exec(reasonOf(error)) ?? [];
  return host === undefined || host === '?' ? undefined : { host, port: Number(port) };
}

async function openFirst(
  nodes: readonly RedisNode[],
  options: RedisOptions,
  ask: (redis: Redis) => Promise<void>,
): Promise<Redis> {
  let first: unknown;
  for (const node of nodes) {
    try {
      return await openNode(node, options, ask);
    } catch (error) {
      if (isRedisRefusal(error) || movedTo(error)) throw error;
      first ??= error;
    }
  }
  throw first;
}

/** The master of this name, as the first sentinel that answers knows it. */
async function askSentinels(options: RedisOptions, name: string): Promise<RedisNode> {
  const { username, password } = options.sentinel ?? {};
  const failures: string[] = [];
  for (const node of options.nodes) {
    try {
      let answer: unknown;
      const redis = await openNode(node, { ...options, username, password, db: 0 }, async (asked) => {
        answer = await asked.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name);
      });
      redis.disconnect();
      const [host, port] = (answer ?? []) as string[];
      if (host !== undefined) return { host, port: Number(port) };
      failures.push(`the sentinel ${node.host}:${node.port} knows no master "${name}"`);
    } catch (error) {
      failures.push(`the sentinel ${node.host}:${node.port}: ${reasonOf(error)}`);
    }
  }
  throw new Error(failures.join('; '));
}

/** A connection to this server, which has answered `ask`. */
async function openNode(
  { host, port }: RedisNode,
  options: RedisOptions,
  ask: (redis: Redis) => Promise<void>,
): Promise<Redis> {
  // Loaded only where it is used: it takes a tenth of a second.
  const { Redis } = await import('ioredis');
  const redis = new Redis({
    host,
    port,
    ...(options.tls ? { tls: readTlsFiles(options) } : {}),
    lazyConnect: true,
    // Under RESP3, ioredis drops the notices of client tracking.
    protocol: 2,
    connectTimeout: 5_000,
    commandTimeout: 30_000,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    retryStrategy: () => null,
    // Both would ask for rights that reading does not need.
    enableReadyCheck: false,
    disableClientInfo: true,
  });
  // Without a listener ioredis prints errors itself. Of a connection that is closed, this says why.
  let lastError: unknown;
  redis.on('error', (error) => {
    lastError = error;
  });
  const silence = setTimeout(() => {
    if (!saidWaiting.has(options.nodes))
      log.warn(`${host}:${port} has not answered yet; waiting for Redis there`);
    saidWaiting.add(options.nodes);
  }, SILENT_MS);
  try {
    await redis.connect();
    await logIn(redis, options);
    await ask(redis);
    return redis;
  } catch (error) {
    redis.disconnect();
    if (error instanceof Error && error.name === 'ReplyError') {
      // A node of a cluster that does not know its own name leaves it out.
      error.message = error.message.replace(/^(MOVED \d+ ):/, `$1${host}:`);
      return tellPlainly(error);
    }
    const told = lastError ?? error;
    // A Redis without TLS waits for the end of what it takes for a command.
    if (options.tls && (told as NodeJS.ErrnoException).code === 'ETIMEDOUT')
      throw new Error('it did not answer with TLS in 5 s', { cause: told });
    return tellPlainly(told);
  } finally {
    clearTimeout(silence);
  }
}

/** Left to ioredis, a refusal here would be printed. */
async function logIn(redis: Redis, { username, password, db }: RedisOptions): Promise<void> {
  if (password !== undefined) {
    const answer = username ? redis.auth(username, password) : redis.auth(password);
    await answer.catch((error: Error) => {
      if (!/without any password configured|no password is set/.test(error.message)) throw error;
    });
  }
  if (db !== 0) await redis.select(db);
}

function readTlsFiles({ caFile, certFile, keyFile }: RedisOptions) {
  return {
    ...(caFile ? { ca: readFileSync(caFile) } : {}),
    ...(certFile ? { cert: readFileSync(certFile) } : {}),
    ...(keyFile ? { key: readFileSync(keyFile) } : {}),
  };
}
