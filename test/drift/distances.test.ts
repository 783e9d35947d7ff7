/** Against SciPy: test/fixtures/drift/make.py made the values. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  chiSquare95,
  countsWithin,
  exactTail,
  kolmogorovSmirnov,
  kolmogorovTail,
  psi,
  psiByChance,
  quantileBounds,
} from '../../src/drift/distances.ts';
import { root } from '../services/service.ts';

interface Fixture {
  numbers: {
    name: string;
    reference: number[];
    current: number[];
    psi: number;
    bins: number;
    d: number;
    p_exact: number;
    p_asymptotic: number;
  }[];
  categories: { reference: number[]; current: number[]; psi: number }[];
  exact: [m: number, n: number, d: number, p: number][];
  kolmogorov: [number, number][];
  chi2: [number, number][];
}

const fixture: Fixture = JSON.parse(readFileSync(join(root, 'test/fixtures/drift/statistics.json'), 'utf8'));

function assertNear(actual: number, expected: number, tolerance: number): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected}`);
}

for (const { name, reference, current, ...expected } of fixture.numbers) {
  test(`${name}: PSI and Kolmogorov-Smirnov are SciPy's`, () => {
    const x = Float64Array.from(reference).sort();
    const y = Float64Array.from(current).sort();
    const bounds = quantileBounds(x);
    assert.equal(bounds.length + 1, expected.bins);
    assertNear(psi(countsWithin(bounds, x), countsWithin(bounds, y)), expected.psi, 1e-9);
    const { d, p } = kolmogorovSmirnov(x, y);
    assertNear(d, expected.d, 1e-12);
    assertNear(p, expected.p_exact, 1e-9 * expected.p_exact);
    const pairs = x.length * y.length;
    assertNear(kolmogorovTail(d * Math.sqrt(pairs / (x.length + y.length))), expected.p_asymptotic, 1e-9);
  });
}

test('PSI over categories is SciPy’s, empty ones included', () => {
  for (const { reference, current, psi: expected } of fixture.categories)
    assertNear(psi(reference, current), expected, 1e-9);
});

test('the exact probability is SciPy’s for large samples, too', () => {
  for (const [m, n, d, p] of fixture.exact) assertNear(exactTail(d, m, n), p, 1e-6 * p);
});

test('Kolmogorov’s distribution is SciPy’s', () => {
  for (const [x, expected] of fixture.kolmogorov) assertNear(kolmogorovTail(x), expected, 1e-9);
});

test('the χ² quantile is within 3 % of SciPy’s', () => {
  for (const [degrees, expected] of fixture.chi2) assertNear(chiSquare95(degrees), expected, 0.03 * expected);
});

test('large samples are tested by the limiting distribution, which is near the exact one there', () => {
  const n = 4_000;
  const x = Float64Array.from({ length: n }, (_, i) => i);
  const y = Float64Array.from({ length: n }, (_, i) => i + 100);
  const { d, p } = kolmogorovSmirnov(x, y);
  assertNear(d, 100 / n, 1e-12);
  assert.equal(p, kolmogorovTail(d * Math.sqrt(n / 2)));
  assertNear(p, exactTail(d, n, n), 0.005);
});

test('PSI by chance falls with the samples’ sizes, and is none for one bin', () => {
  assertNear(psiByChance(10, 100, 100), 16.919 * 0.02, 0.01);
  assert.ok(psiByChance(10, 1_000, 1_000) < 0.05);
  assert.equal(psiByChance(1, 10, 10), 0);
});
