import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readRedisUrl } from '../../src/sources/redis-config.ts';
import { RedisListSource } from '../../src/sources/redis-list.ts';
import type { Json } from '../../src/util/json.ts';
import { eventually, TestList } from '../helpers.ts';
import { redisUrl } from '../services/env.ts';
import { startRedis } from '../services/redis.ts';
import { follow, freshOf, logs, readAll, sourceContract } from './contract.ts';

function sourceOf(
  key: string,
  url: string = redisUrl(),
  intervalMs = 50,
  patienceMs = 500,
  order: 'newest-first' | 'oldest-first' = 'newest-first',
): RedisListSource {
  return new RedisListSource({
    address: new URL(url).host,
    ...readRedisUrl(url),
    type: 'list',
    key,
    intervalMs,
    patienceMs,
    order,
  });
}

sourceContract('redis', async (t) => {
  const list = new TestList(t);
  return {
    add: (entries) => list.push(entries),
    make: () => sourceOf(list.key),
    makeUnreachable: () => sourceOf(list.key, 'redis://127.0.0.1:1'),
  };
});

// The same list the other way round: written with RPUSH and `LTRIM key -1000 -1`.
sourceContract('redis', async (t) => {
  const list = new TestList(t);
  const make = (url = redisUrl()): RedisListSource => sourceOf(list.key, url, 50, 500, 'oldest-first');
  return {
    add: async (entries) => {
      if (entries.length === 0) return;
      const commands = list.redis.multi();
      for (const entry of entries) commands.rpush(list.key, entry).ltrim(list.key, -1000, -1);
      await commands.exec();
    },
    make,
    makeUnreachable: () => make('redis://127.0.0.1:1'),
  };
});

test('a list written with RPUSH, capped, is followed and read in pages', { timeout: 60_000 }, async (t) => {
  const list = new TestList(t);
  const push = async (from: number, to: number): Promise<void> => {
    const commands = list.redis.multi();
    for (const entry of logs(to - from, from)) commands.rpush(list.key, entry).ltrim(list.key, -200, -1);
    await commands.exec();
  };
  await push(0, 200);
  const { fresh, gaps } = await follow(
    sourceOf(list.key, redisUrl(), 50, 500, 'oldest-first'),
    {},
    async (batches) => {
      const count = freshOf(batches).length;
      if (count >= 200 && count < 500 && count % 100 === 0) await push(count, count + 100);
      return count >= 500;
    },
  );
  assert.deepEqual(fresh, logs(500));
  assert.deepEqual(gaps, []);
});

/** Everything that follows a list until all of `expected` came, while `change` works on it. */
async function followed(
  source: RedisListSource,
  expected: readonly string[],
  change: () => Promise<void>,
): Promise<Awaited<ReturnType<typeof follow>>> {
  let changed: Promise<void> | undefined;
  const read = await follow(source, {}, (batches) => {
    changed ??= change();
    return freshOf(batches).length >= expected.length;
  });
  await changed;
  assert.deepEqual(read.fresh, expected);
  return read;
}

test('sixty identical entries, pushed in several goes, are sixty', async (t) => {
  const list = new TestList(t);
  const copy = logs(1)[0] as string;
  await list.push([copy]);
  const source = sourceOf(list.key);
  const { fresh } = await follow(source, {}, async (batches) => {
    const count = freshOf(batches).length;
    if (count < 60) await list.push(new Array(Math.min(count, 60 - count)).fill(copy));
    return count === 60;
  });
  assert.deepEqual(fresh, new Array(60).fill(copy));
});

test('copies pushed between two runs are new, in a list that holds nothing else', async (t) => {
  const list = new TestList(t);
  const copies = (count: number): string[] => new Array(count).fill(logs(1)[0]);
  await list.push(copies(5));
  const { position } = await readAll(sourceOf(list.key));
  await list.push(copies(4));
  const { fresh } = await follow(sourceOf(list.key), { position }, (read) => freshOf(read).length >= 4);
  assert.deepEqual(fresh, copies(4));
});

test('a capped list that is pushed to while it is read is read exactly', async (t) => {
  const list = new TestList(t);
  const all = logs(400);
  await list.push(all.slice(0, 20), 50);
  const { gaps } = await followed(sourceOf(list.key), all, async () => {
    for (let from = 20; from < all.length; from += 10) {
      await list.push(all.slice(from, from + 10), 50);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });
  assert.deepEqual(gaps, []);
});

test('any sequence of pushes, copies included, is read exactly across restarts', async (t) => {
  const entry = fc.constantFrom('a', 'b', 'c');
  const pushes = fc.array(fc.array(entry, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(pushes, async (steps) => {
      const list = new TestList(t);
      const sent = ['first'];
      const read: unknown[] = [];
      let position: Json | undefined;
      await list.push(sent);
      for (const step of steps) {
        const whole = await readAll(sourceOf(list.key), { position, batchSize: 2 });
        read.push(...freshOf(whole.batches));
        position = whole.position;
        sent.push(...step);
        await list.push(step);
      }
      const whole = await readAll(sourceOf(list.key), { position });
      read.push(...freshOf(whole.batches));
      await list.redis.del(list.key);
      list.redis.disconnect();
      assert.deepEqual(read, sent);
    }),
    { numRuns: 25 },
  );
});

test('a list that was cleared is read anew, without a gap', async (t) => {
  const list = new TestList(t);
  await list.push(logs(5));
  const { gaps } = await followed(sourceOf(list.key), [...logs(5), ...logs(2, 20)], async () => {
    await list.redis.del(list.key);
    await list.push(logs(2, 20));
  });
  assert.deepEqual(gaps, []);
});

test('a list that shrank, and grows again, is read exactly', async (t) => {
  const list = new TestList(t);
  await list.push(logs(9));
  await followed(sourceOf(list.key), logs(12), async () => {
    await list.redis.ltrim(list.key, 0, 3);
    await list.push(logs(3, 9));
  });
});

test('more than a capped list can hold, between two reads, is a gap that is told', async (t) => {
  const list = new TestList(t);
  await list.push(logs(10), 10);
  const { position } = await readAll(sourceOf(list.key));
  await list.push(logs(25, 10), 10);
  const { batches, gaps } = await readAll(sourceOf(list.key), { position, batchSize: 4 });
  assert.deepEqual(freshOf(batches), logs(10, 25));
  assert.equal(gaps.length, 1);
  assert.match(gaps[0]!.what, /all 10 entries changed .* Raise the list's cap/);
});

test('what was seen, and trimmed before it was handed on, is told exactly by the next run', async (t) => {
  const list = new TestList(t);
  await list.push(logs(1000), 1000);
  const seen = await follow(sourceOf(list.key), {}, (batches) => batches.length === 2);
  const second = seen.position;
  await list.push(logs(400, 1000), 1000);
  const { batches, gaps, position } = await readAll(sourceOf(list.key), { position: second });
  assert.deepEqual(freshOf(batches), logs(1000, 400));
  assert.deepEqual(
    gaps.map(({ atLeast }) => atLeast),
    [200],
  );
  const again = await readAll(sourceOf(list.key), { position });
  assert.deepEqual([freshOf(again.batches), again.gaps], [[], []]);
  // All that was seen has gone by, and who knows what else.
  await list.push(logs(1600, 1400), 1000);
  const turned = await readAll(sourceOf(list.key), { position: second });
  assert.deepEqual(freshOf(turned.batches), logs(1000, 2000));
  assert.equal(turned.gaps.length, 1);
  assert.equal(turned.gaps[0]!.atLeast, 800);
});

test('a key of another type is refused with what to do', async (t) => {
  const list = new TestList(t);
  await list.redis.set(list.key, 'text');
  await assert.rejects(
    readAll(sourceOf(list.key)),
    (error: Error & { code?: string }) =>
      error.code === 'config' && /does not hold a list\. Set REDIS_LOGS_KEY/.test(error.message),
  );
});

test('Redis that restarts with its list is read on, and nothing is doubled', {
  timeout: 60_000,
}, async (t) => {
  const first = await startRedis({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] });
  let second: typeof first | undefined;
  t.after(async () => {
    await second?.stop();
    await first.stop();
  });
  const list = new TestList(t, first.url);
  await list.push(logs(5));
  await followed(sourceOf(list.key, first.url, 50, 0), logs(8), async () => {
    await first.kill();
    second = await startRedis({ port: first.port, dataDir: first.dataDir, args: ['--appendonly', 'yes'] });
    await eventually('Redis has its list again', async () => (await count(second!.url, list.key)) === 5);
    const again = new TestList(t, second.url);
    await again.redis.lpush(list.key, ...logs(3, 5));
  });
});

test('Redis that restarts empty is read anew', { timeout: 60_000 }, async (t) => {
  const first = await startRedis();
  let second: typeof first | undefined;
  t.after(async () => {
    await second?.stop();
    await first.stop();
  });
  const list = new TestList(t, first.url);
  await list.push(logs(5));
  await followed(sourceOf(list.key, first.url, 50, 0), [...logs(5), ...logs(2, 90)], async () => {
    await first.kill();
    second = await startRedis({ port: first.port });
    await new TestList(t, second.url).redis.lpush(list.key, ...logs(2, 90));
  });
});

/** A source that looks by itself only after a minute: what comes sooner was told. */
const told = (list: TestList, url?: string): RedisListSource => sourceOf(list.key, url, 60_000);

test('the server tells of news, whatever becomes of the connection that it tells it over', {
  timeout: 60_000,
}, async (t) => {
  const own = await startRedis();
  t.after(() => own.stop());
  const list = new TestList(t, own.url);
  await list.push(logs(5));
  const connections = async (): Promise<{ id: string; flags: string; redirect: string }[]> =>
    String(await list.redis.client('LIST'))
      .trim()
      .split('\n')
      .map((line) =>
        Object.fromEntries(line.split(' ').map((field) => field.split('=')) as [string, string][]),
      )
      .map(({ id = '', flags = '', redir: redirect = '' }) => ({ id, flags, redirect }));
  const changes: (() => Promise<unknown>)[] = [
    () => list.push(logs(1, 5)),
    async () => {
      const [subscriber] = (await connections()).filter(({ flags }) => flags.includes('P'));
      await list.redis.client('KILL', 'ID', subscriber!.id);
      await list.push(logs(1, 6));
    },
    async () => {
      await eventually('it is told again', async () =>
        (await connections()).some(({ redirect }) => Number(redirect) > 0),
      );
      const [reader] = (await connections()).filter(({ redirect }) => Number(redirect) > 0);
      await list.redis.client('KILL', 'ID', reader!.id);
      await list.push(logs(1, 7));
    },
    async () => {
      await list.redis.flushall();
      await list.push(logs(1, 8));
    },
    () => list.redis.lset(list.key, 0, logs(1, 9)[0]!),
  ];
  const { fresh } = await follow(told(list, own.url), {}, async (batches) => {
    if (freshOf(batches).length < 5) return false;
    const change = changes.shift();
    // Behind the read that is under way.
    setTimeout(() => void change?.(), 300);
    return change === undefined;
  });
  assert.deepEqual(fresh, logs(10));
});

test('a server that does not tell is polled, and that is said', { timeout: 60_000 }, async (t) => {
  const own = await startRedis();
  t.after(() => own.stop());
  const list = new TestList(t, own.url);
  await list.redis.acl('SETUSER', 'polls', 'on', '>x', '~*', '&*', '+@all', '-client|tracking');
  await list.push(logs(5));
  const source = sourceOf(list.key, own.url.replace('//', '//polls:x@'));
  const said = t.mock.method(process.stderr, 'write', () => true);
  await followed(source, logs(7), () => list.push(logs(2, 5)));
  const lines = said.mock.calls
    .map(({ arguments: [text] }) => String(text))
    .filter((text) => /polled/.test(text));
  said.mock.restore();
  assert.equal(lines.length, 1);
  assert.match(lines[0]!, /is polled, since the server does not tell of changes: NOPERM/);
});

async function count(url: string, key: string): Promise<number> {
  const source = sourceOf(key, url);
  return (await readAll(source)).entries.length;
}
