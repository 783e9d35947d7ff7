import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { look } from '../../src/alerts/evaluate.ts';
import { parseExpression } from '../../src/alerts/expression.ts';
import { findWorst, formatFigure, judgeLevel, LEVELS } from '../../src/alerts/finding.ts';
import type { Rule } from '../../src/alerts/rules.ts';
import { clientOptions, TestIndices } from '../helpers.ts';
import { elasticsearchUrl } from '../services/env.ts';

const NOW = Date.parse('2026-11-24T19:30:00Z');
const options = clientOptions(elasticsearchUrl(), { patienceMs: 1_000 });

function rule(value: string, settings: Partial<Rule> = {}): Rule {
  return {
    name: 'slow',
    label: 'Slow',
    index: 'x',
    query: undefined,
    window: '15m',
    windowMs: 900_000,
    reference: '7d',
    referenceMs: 604_800_000,
    min_count: 1,
    value,
    expression: parseExpression(value),
    unit: 'ms',
    warning: 100,
    critical: 200,
    hysteresis: 10,
    action: 'act',
    ...settings,
  };
}

test('a threshold is passed above it, not at it', () => {
  const levels = [99, 100, 100.1, 200, 200.1].map((value) => judgeLevel(rule('1'), value));
  assert.deepEqual(levels, ['ok', 'ok', 'warning', 'warning', 'critical']);
});

test('a level is left only once the value is the hysteresis below its threshold', () => {
  const walk = [150, 95, 91, 90, 95, 210, 190, 181, 180, 99, 89, 300, 10];
  let level: (typeof LEVELS)[number] = 'ok';
  const levels = walk.map((value) => {
    level = judgeLevel(rule('1'), value, level);
    return level[0];
  });
  assert.equal(levels.join(''), 'wwwoocccwwoco');
});

test('below zero, too, hysteresis lies under the threshold', () => {
  const cold = rule('1', { warning: -100, critical: -50 });
  assert.equal(judgeLevel(cold, -105, 'warning'), 'warning');
  assert.equal(judgeLevel(cold, -111, 'warning'), 'ok');
});

test('from a worse level one never comes to a better one than from a better level', () => {
  fc.assert(
    fc.property(fc.double({ min: -500, max: 500, noNaN: true }), (value) => {
      const ranks = LEVELS.map((before) => LEVELS.indexOf(judgeLevel(rule('1'), value, before)));
      assert.deepEqual(ranks, [...ranks].sort());
    }),
  );
});

test('the worst finding counts, and no data counts for nothing', () => {
  const finding = (state: (typeof LEVELS)[number] | 'no data') => ({ rule: rule('1'), state, documents: 0 });
  assert.equal(findWorst([]), 'ok');
  assert.equal(findWorst([finding('no data'), finding('ok')]), 'ok');
  assert.equal(
    findWorst([finding('warning'), finding('no data'), finding('critical'), finding('ok')]),
    'critical',
  );
});

test('values are shown short', () => {
  assert.deepEqual(
    [formatFigure(98.44, '%'), formatFigure(1234.5, 'MB'), formatFigure(0, ''), formatFigure(0.25, '')],
    ['98.4 %', '1235 MB', '0.0', '0.25'],
  );
});

test('psi() tells how far inputs are from those before the window, and chance is no drift', async (t) => {
  const indices = new TestIndices(t);
  const index = `${indices.prefix}message`;
  // Ages from 40 to 59, each five times, on two days; then from 60 to 79.
  const made = (days: number, from: number) =>
    Array.from({ length: 100 }, (_, n) => [
      { index: { _index: index } },
      {
        timestamp: new Date(NOW - days * 86_400_000 + n).toISOString(),
        input_data: { AGE: from + (n % 20), SEX: n % 2 },
        result: { prediction: 1 },
      },
    ]).flat();
  const operations = [...made(3, 40), ...made(2.5, 40), ...made(0.5, 60)];
  await indices.client.bulk({ operations, refresh: true });
  const at = (settings: Partial<Rule>, now = NOW) =>
    look(
      indices.client,
      options,
      rule('psi()', {
        ...{ index, window: '1d', windowMs: 86_400_000, warning: 0.1, critical: 0.25, min_count: 100 },
        ...settings,
      }),
      now,
    );
  const moved = await at({});
  assert.equal(moved.state, 'critical');
  // Ten bins of a tenth, all of whose values are in the last: (1 - 0.1) ln(1 / 0.1) + 9 (0.1 - 0.0001) ln(0.1 / 0.0001).
  assert.equal(moved.value?.toFixed(2), '8.28');
  const steady = await at({}, NOW - 1.75 * 86_400_000);
  assert.deepEqual([steady.state, steady.value], ['ok', 0]);
  const young = await at({}, NOW - 2.75 * 86_400_000);
  assert.deepEqual([young.state, young.why], ['no data', 'no feature has 100 values before and now']);
});

test('only documents of the window and the query are looked at', async (t) => {
  const indices = new TestIndices(t);
  const index = `${indices.prefix}perfs`;
  const documents = [
    { timestamp: '2026-11-24T19:15:00.000Z', ms: 1000, kind: 'a' }, // not within
    { timestamp: '2026-11-24T19:15:00.001Z', ms: 10, kind: 'a' },
    { timestamp: '2026-11-24T19:20:00.000Z', ms: 20, kind: 'b' },
    { timestamp: '2026-11-24T19:30:00.000Z', ms: 60, kind: 'a' },
    { timestamp: '2026-11-24T19:30:00.001Z', ms: 1000, kind: 'a' }, // not yet
  ];
  const operations = documents.flatMap((document) => [{ index: { _index: index } }, document]);
  await indices.client.bulk({ operations, refresh: true });
  const at = (value: string, settings: Partial<Rule> = {}) =>
    look(indices.client, options, rule(value, { index, ...settings }), NOW);
  const { value, documents: count, state } = await at('avg(ms)');
  assert.deepEqual([value, count, state], [30, 3, 'ok']);
  assert.equal((await at('avg(ms)', { query: 'kind:a' })).value, 35);
  assert.equal((await at('100 * count("kind:b") / count()')).value?.toFixed(1), '33.3');
  assert.equal((await at('percentile(ms, 100)')).value, 60);
  assert.equal((await at('sum(ms) * 3')).state, 'critical');
  assert.deepEqual(await at('avg(ms)', { min_count: 4 }).then(({ state, why }) => [state, why]), [
    'no data',
    'fewer than 4 documents',
  ]);
  assert.equal((await at('avg(nothing)')).why, 'its fields hold no numbers');
  assert.match((await at('avg(ms)', { index: `${indices.prefix}none` })).why!, /^there is no index test-/);
  await assert.rejects(at('count("(")'), {
    code: 'config',
    message: /refused to look at the alert slow: .*parse.*\(/s,
  });
});
