import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Alignment, alignByDifferences, alignGrown, fingerprint } from '../../src/sources/window.ts';

/** Newest first, one letter an entry. */
function aligned(before: string, now: string, least = 0): Partial<Alignment> | undefined {
  const found = alignGrown([...before], [...now], least);
  return found && { fresh: found.fresh, shared: found.shared, ambiguous: found.ambiguous };
}

test('new entries at the front are fresh, whether or not the end was cut', () => {
  assert.deepEqual(aligned('cba', 'edcba'), { fresh: [0, 1], shared: 3, ambiguous: false });
  assert.deepEqual(aligned('cba', 'edc'), { fresh: [0, 1], shared: 1, ambiguous: false });
});

test('a window that did not change, or shrank, has nothing fresh', () => {
  assert.deepEqual(aligned('cba', 'cba'), { fresh: [], shared: 3, ambiguous: false });
  assert.deepEqual(aligned('dcba', 'dc'), { fresh: [], shared: 2, ambiguous: false });
});

test('windows that share nothing, or the same entries in another order, do not align', () => {
  assert.equal(aligned('cba', 'fed'), undefined);
  assert.equal(aligned('', 'a'), undefined);
  assert.equal(aligned('a', ''), undefined);
  assert.equal(aligned('abc', 'acb'), undefined);
});

test('one more copy is one fresh entry', () => {
  assert.deepEqual(aligned('xxxb', 'xxxxb', 1), { fresh: [0], shared: 4, ambiguous: false });
  assert.deepEqual(aligned('xxba', 'xxxb'), { fresh: [0], shared: 3, ambiguous: false });
});

test('in a window of copies only, the fewest fresh entries are taken, and it is said', () => {
  assert.deepEqual(aligned('xxx', 'xxx'), { fresh: [], shared: 3, ambiguous: true });
  assert.deepEqual(aligned('xxx', 'xxxxx', 2)?.fresh, [0, 1]);
});

/** Numbers as entries, from `from` down to above `to`. */
const numbers = (from: number, to: number): string[] =>
  Array.from({ length: from - to }, (_, n) => `${from - n}`);

/** What is new by differences. */
function fresh(before: readonly string[], now: readonly string[], isWhole = true): string[] | undefined {
  return alignByDifferences(before, now, isWhole)?.fresh.map((at) => now[at]!);
}

test('an entry taken out, or edited, wherever it is, makes only the edited one new', () => {
  const before = numbers(600, 0);
  for (const at of [0, 1, 300, 598, 599]) {
    assert.deepEqual(fresh(before, ['new', ...before.toSpliced(at, 1)]), ['new']);
    assert.deepEqual(fresh(before, ['new', ...before.with(at, 'edited')]), ['new', 'edited']);
  }
  assert.deepEqual(fresh(['c', 'b', 'a'], ['c', 'x', 'a']), ['x']);
});

test('a list that is back as it once was is read on from there, whether or not it reaches further back', () => {
  for (const end of [0, -5, 3]) {
    const found = alignByDifferences(numbers(100, 0), ['y', 'x', ...numbers(90, end)], true);
    assert.deepEqual([found?.fresh, found?.gone], [[0, 1], 10]);
  }
});

test('entries pushed at the end are new where all was seen', () => {
  assert.deepEqual(fresh(numbers(100, 0), [...numbers(100, 0), 'end']), ['end']);
  assert.deepEqual(fresh(numbers(100, 50), numbers(100, 0), false), []);
});

test('a few repeated lines join nothing', () => {
  const copies = new Array<string>(50).fill('x');
  assert.equal(fresh(['b', 'a', ...copies], [...copies, 'd', 'c']), undefined);
  assert.equal(fresh([...'hgfedcba'], [...'zyxcba']), undefined);
  assert.equal(fresh([], ['a']), undefined);
  const turned = numbers(2000, 1000).flatMap((text) => [text, 'health']);
  assert.equal(
    fresh(
      numbers(1000, 0).flatMap((text) => [text, 'health', 'once']),
      turned,
    ),
    undefined,
  );
});

test('copies beside entries that are plain stay apart', () => {
  assert.deepEqual(fresh([...'hhhdchhba'], [...'hhhhdchhbXa']), ['h', 'X']);
});

test('windows of 100,000 entries are compared in a moment, copies and all', () => {
  const before = numbers(100_000, 0);
  const copies = new Array<string>(100_000).fill('x');
  const started = performance.now();
  assert.equal(alignGrown(before, ['a', ...before.slice(0, -1)])?.fresh.length, 1);
  assert.equal(alignGrown(copies, copies)?.fresh.length, 0);
  assert.equal(alignGrown([...copies, 'y'], copies.with(50_000, 'z'))?.fresh.length, 50_001);
  assert.equal(fresh(before, before.with(50_000, 'edited'))?.length, 1);
  assert.equal(fresh(copies, copies.with(50_000, 'z')), undefined);
  assert.ok(performance.now() - started < 5_000);
});

test('fingerprints are short, and equal for equal entries only', () => {
  assert.equal(fingerprint('a'), fingerprint('a'));
  assert.notEqual(fingerprint('a'), fingerprint('b'));
  assert.equal(fingerprint('x'.repeat(10_000)).length, 11);
});

const letters = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 12 });

test('what is pushed between two reads of a capped list is found exactly, unless the window repeats itself', () => {
  fc.assert(
    fc.property(letters, letters, fc.integer({ min: 1, max: 14 }), (held, pushed, cap) => {
      const before = held.slice(0, cap);
      const now = [...pushed, ...before].slice(0, cap);
      const least = now.length - before.length;
      // With more pushed than the list holds, both windows can only look alike by accident.
      fc.pre(before.length > 0 && pushed.length < now.length);
      const found = alignGrown(before, now, least);
      assert.ok(found, 'they share entries');
      assert.ok(found.fresh.length <= pushed.length, 'never more fresh entries than were pushed');
      if (!found.ambiguous) assert.equal(found.fresh.length, pushed.length);
    }),
    { numRuns: 2000 },
  );
});

test('read after read of a list that is pushed to and trimmed adds up to what was pushed', () => {
  const step = fc.array(fc.constantFrom('a', 'b'), { maxLength: 4 });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), fc.integer({ min: 5, max: 12 }), (steps, cap) => {
      let list = ['start'];
      let seen = list;
      const read: string[] = [];
      const sent: string[] = [];
      for (const pushed of steps) {
        sent.push(...pushed);
        list = [...pushed.toReversed(), ...list].slice(0, cap);
        const found = alignGrown(seen, list, Math.max(0, list.length - seen.length));
        assert.ok(found);
        if (found.ambiguous) return;
        read.push(...list.slice(0, found.fresh.length).reverse());
        seen = list;
      }
      assert.deepEqual(read, sent);
    }),
    { numRuns: 2000 },
  );
});
