import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { findGrowth, guessOrder } from '../../src/sources/list-order.ts';
import { readRedisUrl } from '../../src/sources/redis-config.ts';
import { RedisListSource } from '../../src/sources/redis-list.ts';
import type { Json } from '../../src/util/json.ts';
import { TestList } from '../helpers.ts';
import { redisUrl } from '../services/env.ts';
import { follow, freshOf, logs, readAll } from './contract.ts';

function sourceOf(key: string, order: 'auto' | 'newest-first' = 'auto'): RedisListSource {
  const url = redisUrl();
  const where = { address: new URL(url).host, ...readRedisUrl(url), type: 'list', key } as const;
  return new RedisListSource({ ...where, intervalMs: 20, patienceMs: 500, order });
}

/** Writes with either command, and keeps the newest `cap`. */
async function write(list: TestList, command: 'lpush' | 'rpush', entries: readonly string[], cap = 1000) {
  const commands = list.redis.multi();
  for (const entry of entries) {
    commands[command](list.key, entry);
    if (command === 'lpush') commands.ltrim(list.key, 0, cap - 1);
    else commands.ltrim(list.key, -cap, -1);
  }
  await commands.exec();
}

/** Without a time that could tell. */
const plain = (count: number, first = 0): string[] =>
  Array.from({ length: count }, (_, n) => `log ${first + n}`);

for (const command of ['lpush', 'rpush'] as const) {
  test(`${command}, capped, without times: read in order once it grows, whatever restarts`, async (t) => {
    const sizes = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 3, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(sizes, async (steps) => {
        const list = new TestList(t);
        let position: Json | undefined;
        let written = 0;
        const seen: unknown[] = [];
        for (const [n, step] of steps.entries()) {
          await write(list, command, plain(step, written), 40);
          written += step;
          const read = await readAll(sourceOf(list.key), { position });
          position = read.position;
          const fresh = freshOf(read.batches);
          if (n > 0) assert.deepEqual(fresh, plain(step, written - step));
          seen.push(...fresh);
        }
        assert.deepEqual(seen.sort(), plain(written).sort());
      }),
      { numRuns: 15 },
    );
  });

  test(`${command}: followed, in order from the first log on where times tell`, async (t) => {
    const list = new TestList(t);
    const timed = (count: number, first: number): string[] =>
      plain(count, first).map((log, n) => `2026-11-24 10:00:${String(first + n).padStart(2, '0')} ${log}`);
    await write(list, command, timed(10, 0), 20);
    const { fresh, gaps } = await follow(sourceOf(list.key), {}, async (batches) => {
      const count = freshOf(batches).length;
      if (count < 50 && count % 10 === 0) await write(list, command, timed(10, count), 20);
      return count === 50;
    });
    assert.deepEqual(fresh, timed(50, 0));
    assert.deepEqual(gaps, []);
  });
}

test('a list that grows at both ends is read, none lost and none doubled, and that is said', async (t) => {
  const written = t.mock.method(process.stderr, 'write', () => true);
  const said = (): string => written.mock.calls.map((call) => String(call.arguments)).join('');
  for (const order of ['auto', 'newest-first'] as const) {
    const list = new TestList(t);
    await write(list, 'lpush', logs(100));
    const { fresh } = await follow(sourceOf(list.key, order), {}, async (batches) => {
      const count = freshOf(batches).length;
      if (count === 100) await write(list, 'rpush', plain(1, 0));
      if (count === 101) {
        const both = list.redis.multi();
        for (const entry of plain(3, 10)) both.lpush(list.key, entry);
        for (const entry of plain(3, 20)) both.rpush(list.key, entry);
        await both.exec();
      }
      return count === 107;
    });
    assert.deepEqual(fresh.sort(), [...logs(100), ...plain(1), ...plain(3, 10), ...plain(3, 20)].sort());
  }
  assert.match(said(), /grows at both ends/);
  assert.match(said(), /written with RPUSH, set redis.order .*oldest-first/);
});

test('times tell an order by most of their steps', () => {
  const at = (...seconds: number[]): string[] => seconds.map((each) => `2026-11-24 10:00:${each + 10} x`);
  assert.equal(guessOrder(at(1, 2, 3, 0, 1)), 'oldest-first');
  assert.equal(guessOrder(at(3, 2, 1, 5, 4)), 'newest-first');
  assert.equal(guessOrder(at(1, 1, 1)), undefined);
  assert.equal(guessOrder(['no time'], []), undefined);
});

test('growth is plain at one end, or not told', () => {
  const view = (prints: string[]) => ({ length: prints.length, prints, load: async () => assert.fail() });
  const before = [...'abcdef'];
  assert.equal(findGrowth(before, view([...'xyabcdef'])), 'front');
  assert.equal(findGrowth(before, view([...'xyabcd'])), 'front');
  assert.equal(findGrowth(before, view([...'cdefxy'])), 'end');
  assert.equal(findGrowth(before, view([...'xabcdefy'])), undefined);
  assert.equal(findGrowth(before, view(before)), undefined);
  assert.equal(findGrowth([...'aaa'], view([...'aaaa'])), 'front');
});
