import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { Redis } from 'ioredis';
import type { Entry } from '../../src/entry.ts';
import { readRedisUrl } from '../../src/sources/redis-config.ts';
import { RedisStreamSource } from '../../src/sources/redis-stream.ts';
import type { Batch, Gap } from '../../src/sources/source.ts';
import { temporaryFolder } from '../helpers.ts';
import { redisUrl, uniqueName } from '../services/env.ts';
import { startRedis } from '../services/redis.ts';
import { sourceContract } from './contract.ts';

let redis: Redis;
let key: string;
before(() => {
  redis = new Redis(redisUrl());
});
after(async () => {
  await redis.quit();
});
beforeEach(() => {
  key = uniqueName('stream');
});
afterEach(async () => {
  await redis.del(key);
});

function source(consumer: string, claimAfterMs = 60_000, url = redisUrl()): RedisStreamSource {
  const server = {
    address: url,
    ...readRedisUrl(url),
    type: 'stream' as const,
    patienceMs: 1_000,
  };
  return new RedisStreamSource({ ...server, key, group: 'sidecars', consumer, claimAfterMs });
}

const add = (...logs: string[]) => Promise.all(logs.map((log) => redis.xadd(key, '*', 'log', log)));

/** Reads what there is; commits as told. */
async function read(
  from: RedisStreamSource,
  commit: boolean,
  batchSize = 10,
  gaps: Gap[] = [],
): Promise<Batch[]> {
  const batches: Batch[] = [];
  const { signal } = new AbortController();
  for await (const batch of from.batches({
    follow: false,
    batchSize,
    signal,
    onGap: (gap) => gaps.push(gap),
  })) {
    batches.push(batch);
    if (commit) await batch.commit?.();
  }
  await from.close();
  return batches;
}

const entriesOf = (batches: readonly Batch[]): Entry[] => batches.flatMap(({ entries }) => entries);
const scopesOf = (batches: readonly Batch[]): string[] => batches.flatMap(({ scopes }) => scopes as string[]);

sourceContract(
  'redis-stream',
  async () => ({
    add: async (entries) => {
      for (const entry of entries) await add(entry);
    },
    make: () => source('one'),
    makeUnreachable: () => source('one', 60_000, 'redis://127.0.0.1:1'),
  }),
  { forgets: true },
);

test('entries come in order, once, and identical ones have scopes of their own', async () => {
  await add('a', 'b', 'b', 'c');
  const first = await read(source('one'), true, 3);
  assert.deepEqual(entriesOf(first), ['a', 'b', 'b', 'c']);
  assert.equal(new Set(scopesOf(first)).size, 4);
  assert.deepEqual(entriesOf(await read(source('one'), true)), []);
});

test('what was not confirmed comes again under the same scope after a restart', async () => {
  await add('a', 'b');
  const first = await read(source('one'), false);
  const second = await read(source('one'), true);
  assert.deepEqual(entriesOf(second), ['a', 'b']);
  assert.deepEqual(scopesOf(second), scopesOf(first));
  assert.deepEqual(await redis.xpending(key, 'sidecars'), [0, null, null, null]);
});

test('several consumers share a stream, and none gets what is another one’s', async () => {
  await add(...Array.from({ length: 40 }, (_, n) => `log ${n}`));
  const { signal } = new AbortController();
  const [one, two] = [source('one'), source('two')];
  const [left, right] = [one, two].map((each) =>
    each.batches({ follow: false, batchSize: 10, signal })[Symbol.asyncIterator](),
  );
  const batches: Batch[] = [];
  for (const reader of [left, right, left, right]) {
    const { value } = await reader!.next();
    batches.push(value);
    await value.commit?.();
  }
  assert.equal(new Set(entriesOf(batches)).size, 40);
  await one.close();
  await two.close();
});

test('what a dead consumer held is taken over once it has held it long enough', async () => {
  await add('a', 'b');
  assert.equal(entriesOf(await read(source('dead'), false)).length, 2);
  assert.deepEqual(entriesOf(await read(source('heir'), true)), []);
  assert.deepEqual(entriesOf(await read(source('heir', 0), true)), ['a', 'b']);
  assert.deepEqual(await redis.xpending(key, 'sidecars'), [0, null, null, null]);
});

test('entries trimmed before they were read are a gap, with their number', async () => {
  await add('a');
  await read(source('one'), true);
  for (let n = 0; n < 10; n++) await redis.xadd(key, 'MAXLEN', 4, '*', 'log', `log ${n}`);
  const gaps: Gap[] = [];
  const batches = await read(source('one'), true, 10, gaps);
  assert.deepEqual(entriesOf(batches), ['log 6', 'log 7', 'log 8', 'log 9']);
  assert.match(gaps[0]?.what ?? '', /at least 6 entries were trimmed/);
  assert.equal(gaps[0]?.atLeast, 6);
});

test('entries deleted while they were held are a gap', async () => {
  const [id] = await add('a', 'b');
  await read(source('one'), false);
  await redis.xdel(key, id as string);
  const gaps: Gap[] = [];
  const batches = await read(source('one'), true, 10, gaps);
  assert.deepEqual(entriesOf(batches), ['b']);
  assert.match(gaps[0]?.what ?? '', /1 entries were deleted/);
  assert.deepEqual(await redis.xpending(key, 'sidecars'), [0, null, null, null]);
});

test('several fields are one log with all of them; an only field is the log', async () => {
  const fields = {
    timestamp: '2026-03-02T08:15:01.250Z',
    level: 'ERROR',
    message: 'spread',
    transaction_id: 't-1',
  };
  const shipped = { log: '2026-03-02 08:15:02 - api - INFO - x', host: 'n1' };
  for (const each of [fields, shipped, { level: 'INFO', text: 'hello' }, { temperature: '21' }])
    await redis.xadd(key, '*', ...Object.entries(each).flat());
  await redis.xadd(key, '*', 'body', '{"level":"INFO"}');
  assert.deepEqual(entriesOf(await read(source('one'), true)), [
    fields,
    shipped,
    { level: 'INFO', text: 'hello' },
    { temperature: '21' },
    '{"level":"INFO"}',
  ]);
});

test('a key of another type is refused with what to do', async () => {
  await redis.lpush(key, 'x');
  await assert.rejects(read(source('one'), true), /does not hold a stream.*--source redis/);
});

test('a followed stream hands on what arrives, and ends when it is told to', {
  timeout: 20_000,
}, async () => {
  const stop = new AbortController();
  const from = source('one');
  const seen: Entry[] = [];
  setTimeout(() => void add('late'), 300);
  for await (const batch of from.batches({ follow: true, batchSize: 10, signal: stop.signal })) {
    seen.push(...batch.entries);
    await batch.commit?.();
    stop.abort();
  }
  await from.close();
  assert.deepEqual(seen, ['late']);
});

test('what is added is handed on at once, and what waits for news ends at once when it is told to', {
  timeout: 20_000,
}, async () => {
  const stop = new AbortController();
  const from = source('one');
  const took: number[] = [];
  let addedAt = 0;
  const addLater = (): void =>
    void setTimeout(() => {
      addedAt = performance.now();
      void add(`log ${took.length}`);
    }, 100);
  addLater();
  let stoppedAt = 0;
  for await (const batch of from.batches({ follow: true, batchSize: 10, signal: stop.signal })) {
    took.push(performance.now() - addedAt);
    await batch.commit?.();
    if (took.length < 9) addLater();
    else
      setTimeout(() => {
        stoppedAt = performance.now();
        stop.abort();
      }, 300);
  }
  assert.ok(performance.now() - stoppedAt < 1_000, 'it ends at once');
  await from.close();
  assert.ok(took.sort((a, b) => a - b)[4]! < 50, `it took ${took} ms`);
  assert.equal(((await redis.xpending(key, 'sidecars')) as unknown[])[0], 0, 'all are acknowledged');
});

test('the connection that waits for news is killed, then Redis: what comes after is handed on', {
  timeout: 60_000,
}, async (t) => {
  const dataDir = temporaryFolder(t);
  const args = ['--appendonly', 'yes', '--appendfsync', 'always'];
  let own = await startRedis({ dataDir, args });
  t.after(() => own.stop());
  const { port, url } = own;
  const writer = new Redis(url, { retryStrategy: () => 50 });
  writer.on('error', () => {});
  t.after(() => writer.disconnect());
  const addTo = (log: string): Promise<unknown> => writer.xadd(key, '*', 'log', log);
  const changes = [
    async () => {
      const blocked = String(await writer.client('LIST'))
        .split('\n')
        .filter((line) => /flags=\w*b/.test(line));
      assert.equal(blocked.length, 1, 'one connection waits');
      await writer.client('KILL', 'ID', /id=(\d+)/.exec(blocked[0]!)![1]!);
      await addTo('after the kill');
    },
    async () => {
      await own.kill();
      own = await startRedis({ dataDir, args, port });
      await addTo('after the restart');
    },
  ];
  const stop = new AbortController();
  const from = source('one', 60_000, url);
  const seen: Entry[] = [];
  await addTo('first');
  for await (const batch of from.batches({ follow: true, batchSize: 10, signal: stop.signal })) {
    seen.push(...batch.entries);
    await batch.commit?.();
    const change = changes.shift();
    if (change) setTimeout(() => void change(), 300);
    else stop.abort();
  }
  await from.close();
  assert.deepEqual(seen, ['first', 'after the kill', 'after the restart']);
});
