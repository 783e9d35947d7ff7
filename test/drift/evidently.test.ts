/** Against Evidently: test/fixtures/drift/make_evidently.py made the values. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { compare } from '../../src/drift/compare.ts';
import { countsWithin, kolmogorovSmirnov, psi } from '../../src/drift/distances.ts';
import { Sample } from '../../src/drift/samples.ts';
import { root } from '../services/service.ts';

const read = (file: string) => JSON.parse(readFileSync(join(root, 'test/fixtures/drift', file), 'utf8'));
const told: { name: string; psi: number; ks_p: number }[] = read('evidently.json').cases;
const samples: { name: string; reference: number[]; current: number[] }[] = read('statistics.json').numbers;

/** The bins of Evidently: of equal width over both samples, as many as Sturges counts; the last one holds its end. */
function countEvenly(reference: number[], current: number[]): [number[], number[]] {
  const all = [...reference, ...current];
  if (new Set(reference).size <= 20) {
    const values = [...new Set(all)];
    const countsOf = (sample: number[]) =>
      values.map((value) => sample.filter((one) => one === value).length);
    return [countsOf(reference), countsOf(current)];
  }
  const [least, most] = [Math.min(...all), Math.max(...all)];
  const bins = Math.ceil(Math.log2(all.length) + 1);
  const bounds = Array.from({ length: bins - 1 }, (_, n) => least + ((most - least) * (n + 1)) / bins);
  return [
    countsWithin(bounds, reference.toSorted(ascending)),
    countsWithin(bounds, current.toSorted(ascending)),
  ];
}

const ascending = (a: number, b: number): number => a - b;

for (const { name, psi: evidently, ks_p } of told) {
  const { reference, current } = samples.find((sample) => sample.name === name)!;

  test(`${name}: KS is Evidently's, and so is PSI in Evidently's bins`, () => {
    const { p } = kolmogorovSmirnov(reference.toSorted(ascending), current.toSorted(ascending));
    assert.ok(Math.abs(p - ks_p) <= 1e-9 + 1e-6 * ks_p, `${p} is not ${ks_p}`);
    const index = psi(...countEvenly(reference, current));
    assert.ok(Math.abs(index - evidently) <= 1e-9 * Math.max(1, evidently), `${index} is not ${evidently}`);
  });
}

/** Evidently calls it drift from a PSI of 0.1 on, whatever chance explains; docs/drift.md tells why this differs. */
test('verdicts are those of Evidently, but for small samples', () => {
  const differing = told.flatMap(({ name, psi: evidently }) => {
    const sample = samples.find((one) => one.name === name)!;
    const [before, after] = [sample.reference, sample.current].map((values) => {
      const made = new Sample();
      for (const x of values) made.add({ input_data: { x } });
      return made;
    });
    const [feature] = compare(before!, after!, 10);
    const isDrift = feature!.drift === 'moderate' || feature!.drift === 'major';
    return isDrift === evidently >= 0.1 ? [] : [[name, feature!.drift]];
  });
  assert.deepEqual(differing, [
    ['the same distribution', 'stable'],
    ['a small shift', 'stable'],
    ['few values', 'too few'],
  ]);
});
