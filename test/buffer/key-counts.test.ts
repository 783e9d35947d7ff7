import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { KeyCounts } from '../../src/buffer/key-counts.ts';

const keyOf = (text: string): Buffer => createHash('sha256').update(text).digest().subarray(0, 8);

test('it counts as a map does, forwards and back', () => {
  const step = fc.tuple(fc.nat({ max: 30 }), fc.constantFrom(1, 1, 1, -1));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const counts = new KeyCounts();
      const map = new Map<number, number>();
      for (const [n, number] of steps) {
        const before = map.get(n) ?? 0;
        assert.deepEqual(counts.add(keyOf(`${n}`), number), [before]);
        map.set(n, Math.max(0, before + number));
      }
    }),
  );
});

test('what is dumped and loaded again counts on', () => {
  const counts = new KeyCounts();
  for (let n = 0; n < 5_000; n++) counts.add(keyOf(`${n % 3_000}`), 1);
  const loaded = new KeyCounts();
  for (const dumped of counts.dump()) loaded.load(dumped);
  for (const n of [0, 1_999, 2_000, 2_999, 3_000])
    assert.deepEqual(loaded.add(keyOf(`${n}`), 1), [n < 2_000 ? 2 : n < 3_000 ? 1 : 0]);
});

test('there is no most that it counts to, and a table that grew, or was loaded, knows it', () => {
  const counts = new KeyCounts();
  const many = Buffer.concat(Array.from({ length: 1_000 }, () => keyOf('often')));
  for (let n = 0; n < 70; n++) counts.add(many, 1);
  for (let n = 0; n < 2_000; n++) counts.add(keyOf(`${n}`), 1);
  const loaded = new KeyCounts();
  for (const dumped of counts.dump()) loaded.load(dumped);
  for (const each of [counts, loaded]) {
    assert.deepEqual(each.add(keyOf('often'), -69_800), [70_000]);
    assert.deepEqual(each.add(keyOf('often'), 300), [200]);
    assert.deepEqual(each.add(keyOf('often'), 0), [500]);
  }
});

test('a million keys behind it, a key is still known; two million behind it, it is not', {
  timeout: 60_000,
}, () => {
  const counts = new KeyCounts();
  const first = keyOf('first');
  const others = (from: number, count: number): void => {
    const keys = Buffer.alloc(8 * count);
    for (let n = 0; n < count; n++) {
      keys.writeUInt32LE((Math.imul(from + n, 2654435761) ^ 0x5bd1e995) >>> 0, 8 * n);
      keys.writeUInt32LE(Math.imul(from + n, 2246822519) >>> 0, 8 * n + 4);
    }
    counts.add(keys, 1);
  };
  counts.add(first, 1);
  others(1, 1_000_000);
  assert.deepEqual(counts.add(first, 1), [1]);
  others(1_000_001, 2_100_000);
  assert.deepEqual(counts.add(first, 1), [0]);
});
