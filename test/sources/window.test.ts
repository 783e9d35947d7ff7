import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Alignment, align, alignRestored, fingerprint } from '../../src/sources/window.ts';

/** Newest first, one letter an entry. */
function aligned(before: string, now: string, least = 0): Alignment | undefined {
  return align([...before], [...now], least);
}

test('new entries at the front are fresh, whether or not the end was cut', () => {
  assert.deepEqual(aligned('cba', 'edcba'), { fresh: 2, shared: 3, ambiguous: false });
  assert.deepEqual(aligned('cba', 'edc'), { fresh: 2, shared: 1, ambiguous: false });
});

test('a window that did not change has nothing fresh', () => {
  assert.deepEqual(aligned('cba', 'cba'), { fresh: 0, shared: 3, ambiguous: false });
});

test('a window that shrank has nothing fresh', () => {
  assert.deepEqual(aligned('dcba', 'dc'), { fresh: 0, shared: 2, ambiguous: false });
});

test('windows that share nothing do not align', () => {
  assert.equal(aligned('cba', 'fed'), undefined);
  assert.equal(aligned('', 'a'), undefined);
  assert.equal(aligned('a', ''), undefined);
});

test('the same entries in another order do not align', () => {
  assert.equal(aligned('abc', 'acb'), undefined);
});

test('one more copy is one fresh entry', () => {
  assert.deepEqual(aligned('xxxb', 'xxxxb', 1), { fresh: 1, shared: 4, ambiguous: false });
  assert.deepEqual(aligned('xxba', 'xxxb'), { fresh: 1, shared: 3, ambiguous: false });
});

test('in a window of copies only, the fewest fresh entries are taken, and it is said', () => {
  assert.deepEqual(aligned('xxx', 'xxx'), { fresh: 0, shared: 3, ambiguous: true });
  assert.equal(aligned('xxx', 'xxxxx', 2)?.fresh, 2);
});

test('a part of the window aligns as the whole does', () => {
  assert.deepEqual(aligned('dcba', 'ed'), { fresh: 1, shared: 1, ambiguous: false });
});

test('a list that is back as it once was is read on from there, whether or not it reaches further back', () => {
  const list = (from: number, to: number): string[] =>
    Array.from({ length: from - to }, (_, n) => `${from - n}`);
  const fresh = ['y', 'x'];
  const found = { fresh: 2, shared: 90, ambiguous: false, gone: 10 };
  assert.deepEqual(alignRestored(list(100, 0), [...fresh, ...list(90, 0)]), found);
  assert.deepEqual(alignRestored(list(100, 0), [...fresh, ...list(90, -5)]), found);
  assert.deepEqual(alignRestored(list(100, 0), [...fresh, ...list(90, 3)]), { ...found, shared: 87 });
});

test('a few copies are no list that is back', () => {
  const copies = new Array<string>(50).fill('x');
  assert.equal(alignRestored(['b', 'a', ...copies], [...copies, 'd', 'c']), undefined);
  assert.equal(alignRestored([...'hgfedcba'], [...'zyxcba']), undefined);
  assert.equal(alignRestored([], ['a']), undefined);
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
      const found = align(before, now, least);
      assert.ok(found, 'they share entries');
      assert.ok(found.fresh <= pushed.length, 'never more fresh entries than were pushed');
      if (!found.ambiguous) assert.equal(found.fresh, pushed.length);
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
        const found = align(seen, list, Math.max(0, list.length - seen.length));
        assert.ok(found);
        if (found.ambiguous) return;
        read.push(...list.slice(0, found.fresh).reverse());
        seen = list;
      }
      assert.deepEqual(read, sent);
    }),
    { numRuns: 2000 },
  );
});
