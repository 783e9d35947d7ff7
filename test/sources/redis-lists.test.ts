import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readRedisUrl } from '../../src/sources/redis-config.ts';
import { RedisListsSource } from '../../src/sources/redis-lists.ts';
import { TestList, Workspace } from '../helpers.ts';
import { redisUrl } from '../services/env.ts';
import { startRedis } from '../services/redis.ts';
import { follow, logs, readAll, sourceContract } from './contract.ts';

function sourceOf(keys: readonly string[], url = redisUrl()): RedisListsSource {
  const where = { address: new URL(url).host, ...readRedisUrl(url), type: 'list' } as const;
  return new RedisListsSource({ ...where, keys, intervalMs: 50, patienceMs: 500 });
}

for (const keysOf of [(key: string) => [key, `${key}-not-there`], (key: string) => [`${key}*`]])
  sourceContract('redis', async (t) => {
    const list = new TestList(t);
    return {
      add: (entries) => list.push(entries),
      make: () => sourceOf(keysOf(list.key)),
      makeUnreachable: () => sourceOf(keysOf(list.key), 'redis://127.0.0.1:1'),
    };
  });

/** Those that come from one list, which all of its entries name. */
const ofList = (name: string, entries: readonly unknown[]): unknown[] =>
  entries.filter((entry) => String(entry).includes(` ${name} `));

const named = (name: string, count: number, first = 0): string[] =>
  logs(count, first).map((log) => log.replace(' api ', ` ${name} `));

test('several lists are read in their own orders, and read on where each was left', async (t) => {
  const [a, b] = [new TestList(t), new TestList(t)];
  await a.push(named('a', 250));
  await b.push(named('b', 30));
  const keys = [a.key, b.key];
  const first = await readAll(sourceOf(keys), { batchSize: 20 });
  assert.deepEqual(ofList('a', first.entries), named('a', 250));
  assert.deepEqual(ofList('b', first.entries), named('b', 30));
  await b.push(named('b', 5, 30));
  const second = await readAll(sourceOf(keys), { position: first.position });
  assert.deepEqual(
    second.batches.map(({ known }) => known),
    [true, true, false],
    'what is known of all lists comes before what is new',
  );
  assert.deepEqual(second.batches.at(-1)!.entries, named('b', 5, 30));
  await a.push(named('a', 5, 250));
  const third = await readAll(sourceOf(keys), { position: second.position, sendKnown: false });
  assert.deepEqual(third.entries, named('a', 5, 250));
});

test('a position in the middle of a batch stream belongs to the list that was read', async (t) => {
  const [a, b] = [new TestList(t), new TestList(t)];
  await a.push(named('a', 50));
  await b.push(named('b', 50));
  const keys = [a.key, b.key];
  const { batches } = await readAll(sourceOf(keys), { batchSize: 10 });
  for (const [n, { position }] of batches.entries()) {
    const before = batches.slice(0, n + 1).flatMap(({ entries }) => entries);
    const rest = await readAll(sourceOf(keys), { position, sendKnown: false });
    assert.deepEqual([...before, ...rest.entries].sort(), [...named('a', 50), ...named('b', 50)].sort());
  }
});

test('a list that a pattern names, and that is made later, is found', async (t) => {
  const [a, b] = [new TestList(t), new TestList(t)];
  b.key = `${a.key}-later`;
  await a.push(named('a', 3));
  const { fresh } = await follow(sourceOf([`${a.key}*`]), {}, async (batches) => {
    const count = batches.flatMap(({ entries }) => entries).length;
    if (count === 3) await b.push(named('b', 3));
    return count === 6;
  });
  assert.deepEqual(fresh, [...named('a', 3), ...named('b', 3)]);
});

test('a push to one list of fifty wakes that one alone', async (t) => {
  const redis = await startRedis();
  t.after(() => redis.kill());
  const lists = Array.from({ length: 50 }, () => new TestList(t, redis.url));
  for (const each of lists) await each.push(logs(2));
  const client = lists[0]!.redis;
  const calls = async (): Promise<number> =>
    Number(/cmdstat_lrange:calls=(\d+)/.exec(await client.info('commandstats'))?.[1] ?? 0);
  let before = 0;
  const keys = lists.map(({ key }) => key);
  const source = new RedisListsSource({
    ...{ address: 'test', ...readRedisUrl(redis.url), type: 'list', keys },
    ...{ intervalMs: 60_000, patienceMs: 500 },
  });
  await follow(source, {}, async (batches) => {
    const count = batches.flatMap(({ entries }) => entries).length;
    if (count === 100) {
      before = await calls();
      await lists[7]!.push(logs(1, 9));
    }
    return count === 101;
  });
  const more = (await calls()) - before;
  assert.ok(more < 10, `${more} reads for one push`);
});

test('equal logs of two lists are two logs, and stay two', async (t) => {
  const workspace = new Workspace(t);
  const [a, b] = [new TestList(t), new TestList(t)];
  for (const each of [a, b]) await each.push(logs(10));
  const run = ['run', '--sink', 'directory', '--out', 'out', '--json'];
  const env = { REDIS_URL: redisUrl(), REDIS_LOGS_KEY: `${a.key},${b.key}` };
  for (let n = 0; n < 3; n++) {
    const { code, stderr } = await workspace.run(run, env);
    assert.equal(code, 0, stderr);
    assert.equal(workspace.output('ml-api-logs').length, 20);
    assert.equal(new Set(workspace.output('ml-api-logs').map(({ _id }) => _id)).size, 20);
  }
});

test('several lists of a cluster need a hash tag in common, and are read with one', async (t) => {
  const redis = await startRedis({ args: ['--cluster-enabled', 'yes'] });
  t.after(() => redis.kill());
  const list = new TestList(t, redis.url);
  await list.redis.cluster('ADDSLOTSRANGE', 0, 16383);
  for (let state = ''; !state.includes('cluster_state:ok'); )
    state = (await list.redis.cluster('INFO')) as string;
  await list.redis.lpush('{ml}:a', ...logs(3));
  await assert.rejects(
    readAll(sourceOf(['ml:*'], redis.url)),
    /is a cluster.*hash tag in common, such as \{ml\}:a/,
  );
  await assert.rejects(readAll(sourceOf(['a', '{ml}:a'], redis.url)), /is a cluster/);
  assert.deepEqual((await readAll(sourceOf(['{ml}:*'], redis.url))).entries, logs(3));
});
