import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { applyStep, findStep } from '../../src/buffer/position-step.ts';
import type { Json } from '../../src/util/json.ts';

const prints = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, n) => `print ${from - n}`);

test('from any position to any other, and back through JSON', () => {
  const list = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 40 });
  const position = fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.record({ length: fc.nat(), prints: list, windows: fc.array(list, { maxLength: 3 }) }),
    fc.record({
      prints: list,
      others: fc.array(fc.record({ length: fc.nat(), prints: list }), { maxLength: 3 }),
    }),
  ) as fc.Arbitrary<Json>;
  fc.assert(
    fc.property(fc.option(position, { nil: undefined }), position, (before, now) => {
      const step = JSON.parse(JSON.stringify(findStep(before, now)));
      assert.deepEqual(applyStep(before, step), JSON.parse(JSON.stringify(now)));
    }),
  );
});

test('a key that every object inherits is a member like any other', () => {
  const before = JSON.parse('{"toString":1,"__proto__":2,"length":0}');
  for (const now of ['{"length":0}', '{"toString":1,"length":0}', '{"__proto__":4,"length":0,"valueOf":3}'])
    assert.equal(JSON.stringify(applyStep(before, findStep(before, JSON.parse(now)))), now);
});

test('a window that grew at its front by one is told in few bytes', () => {
  const before = { length: 1_000, prints: prints(1_000, 1_000) };
  const now = { length: 1_000, prints: prints(1_001, 1_000) };
  const step = findStep(before, now);
  assert.ok(JSON.stringify(step).length < 150, JSON.stringify(step));
  assert.deepEqual(applyStep(before, step), now);
});

test('windows that stay as they were are not told again, also where they are read from a file', () => {
  const others = [1, 2, 3].map((n) => ({ length: 1_000, prints: prints(1_000 * n, 1_000) }));
  const before = { length: 1_000, prints: prints(9_000, 1_000), others };
  for (const same of [others, structuredClone(others)]) {
    const now = { length: 1_000, prints: prints(9_001, 1_000), others: same };
    const step = findStep(before, now);
    assert.ok(JSON.stringify(step).length < 300, JSON.stringify(step));
    assert.deepEqual(applyStep(before, step), now);
  }
});

test('a step that does not fit is refused', () => {
  const step = findStep({ prints: prints(100, 100) }, { prints: prints(101, 100) });
  assert.throws(() => applyStep({ prints: prints(50, 50) }, step), /does not fit/);
  assert.throws(() => applyStep(undefined, step), /does not fit/);
});
