import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Comparison, compare, findMostDrift } from '../../src/drift/compare.ts';
import { Sample } from '../../src/drift/samples.ts';
import type { Json } from '../../src/util/json.ts';

/** A sample of documents with these values of `x`; `null` is no value. */
function sample(values: readonly Json[]): Sample {
  const made = new Sample();
  for (const x of values) made.add({ input_data: { x } });
  return made;
}

function compared(reference: readonly Json[], current: readonly Json[], minCount = 10): Comparison {
  const [comparison, ...others] = compare(sample(reference), sample(current), minCount);
  assert.deepEqual(others, []);
  return comparison!;
}

const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, n) => from + n);
const many = (value: Json, count: number): Json[] => new Array(count).fill(value);

test('numbers that stay are stable, numbers that move are major, with a significant KS', () => {
  const same = compared(range(0, 500), range(0, 500));
  assert.deepEqual(
    [same.kind, same.drift, same.psi, same.ks],
    ['number', 'stable', 0, { d: 0, p: 1, significant: false }],
  );
  const moved = compared(range(0, 500), range(250, 500));
  assert.equal(moved.drift, 'major');
  assert.equal(moved.ks?.significant, true);
  assert.deepEqual(moved.mean, { reference: 249.5, current: 499.5 });
});

test('truths, texts, and numbers with few values are categories, without KS', () => {
  const grades = compared([...many(0, 500), ...many(1, 500)], [...many(0, 340), ...many(1, 660)]);
  assert.deepEqual([grades.kind, grades.drift, grades.ks], ['category', 'moderate', undefined]);
  assert.deepEqual(grades.mean, { reference: 0.5, current: 0.66 });
  const truths = compared([...many(true, 500), ...many(false, 500)], many(true, 1_000));
  assert.deepEqual([truths.kind, truths.drift, truths.mean], ['category', 'major', undefined]);
  const texts = compared([...many('a', 300), ...many('b', 300)], [...many('a', 300), ...many('c', 300)]);
  assert.equal(texts.drift, 'major');
  assert.equal(compared(many(1, 50), many('1', 50)).drift, 'stable', 'it is the text that counts');
});

test('what chance alone explains is stable, however large the PSI', () => {
  const { psi, psi_by_chance, drift } = compared(range(0, 20), range(3, 20));
  assert.ok(psi! > 0.25 && psi! < psi_by_chance!);
  assert.equal(drift, 'stable');
});

test('with too few values, that is all that is said', () => {
  const { drift, psi, reference, current } = compared(range(0, 9), range(0, 100));
  assert.deepEqual([drift, psi, reference, current], ['too few', undefined, 9, 100]);
  assert.equal(compared(many(null, 5), range(0, 100)).reference, 0);
});

test('a text that differs every time is no category', () => {
  const texts = range(0, 100).map((n) => `text ${n}`);
  assert.equal(compared(texts, texts).drift, 'too many');
});

test('missing values are shares of the documents', () => {
  const some = range(0, 100).map((n) => (n % 4 === 0 ? null : n));
  const { missing, drift } = compared(range(0, 100), some);
  assert.deepEqual(missing, { reference: 0, current: 0.25 });
  assert.equal(drift, 'major', 'what is missing is a bin of its own');
  const as = range(0, 400).map((n) => (n % 4 === 0 ? null : n));
  assert.equal(compared(as, [...as].reverse()).drift, 'stable');
});

test('that values are there, or are not, is compared where they are too few themselves', () => {
  const mostlyGone = range(0, 200).map((n) => (n % 7 === 0 ? n : null));
  assert.equal(compared(range(0, 200), mostlyGone, 100).drift, 'major');
  assert.equal(compared(range(0, 200), [...many(null, 200)], 100).drift, 'major');
  assert.equal(compared([...many(null, 200), 1], range(0, 200), 100).drift, 'major');
  assert.equal(compared(mostlyGone, mostlyGone, 100).drift, 'too few');
  const texts = range(0, 200).map((n) => `text ${n}`);
  assert.equal(compared(texts, [...texts.slice(0, 101), ...many(null, 100)]).drift, 'major');
});

test('the most drift counts, and features of either sample are there', () => {
  const reference = sample(range(0, 200));
  const current = sample(range(500, 200));
  for (const each of range(0, 200)) current.add({ input_data: { y: each } });
  const features = compare(reference, current, 10);
  assert.deepEqual(
    features.map(({ feature, drift }) => [feature, drift]),
    [
      ['input_data.x', 'major'],
      ['input_data.y', 'major'],
    ],
  );
  assert.equal(findMostDrift(features), 'major');
  assert.equal(findMostDrift([]), 'too few');
});
