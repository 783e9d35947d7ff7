import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseExpression } from '../../src/alerts/expression.ts';

/** The value where `count()` is 10 and each aggregation answers as given, in order. */
function evaluate(source: string, ...aggregations: object[]): number | undefined {
  const named = Object.fromEntries(aggregations.map((answer, n) => [`value_${n}`, answer]));
  return parseExpression(source).evaluate({ documents: 10, aggregations: named });
}

test('arithmetic binds as everywhere', () => {
  assert.equal(evaluate('1 + 2 * 3 - 4 / 2'), 5);
  assert.equal(evaluate('(1 + 2) * -3'), -9);
  assert.equal(evaluate('10 - 3 - 2'), 5);
  assert.equal(evaluate(' 100*1.5/count() '), 15);
});

test('functions become aggregations, and their answers figures', () => {
  const { aggs } = parseExpression(
    `100 * count("level:ERROR AND status_code:>=500") / count() + percentile(latency_ms, 95) - max(result.probability)`,
  );
  assert.deepEqual(aggs, {
    value_0: { filter: { query_string: { query: 'level:ERROR AND status_code:>=500' } } },
    value_1: { percentiles: { field: 'latency_ms', percents: [95], keyed: false } },
    value_2: { max: { field: 'result.probability' } },
  });
  const answers = [{ doc_count: 2 }, { values: [{ key: 95, value: 7 }] }, { value: 0.5 }];
  assert.equal(evaluate(`100 * count('a') / count() + percentile(x, 95) - max(y)`, ...answers), 26.5);
});

test('a missing figure, or a division by zero, leaves no value', () => {
  assert.equal(evaluate('1 + avg(x)', { value: null }), undefined);
  assert.equal(evaluate('sum(a) / sum(b)', { value: 1 }, { value: 0 }), undefined);
  assert.equal(evaluate('sum(a) / sum(b)', { value: 0 }, { value: 0 }), undefined);
  assert.equal(evaluate('-avg(x)', { value: null }), undefined);
});

for (const [source, message] of [
  ['', /a name is expected at column 1, but there is its end/],
  ['avg(latency_ms', /"\)" is expected at column 15, but there is its end/],
  ['1 + 2)', /nothing more is expected at column 6, but there is "\)"/],
  ['mean(x)', /there is no function "mean"; there are avg, sum, min, max, percentile, count/],
  ['percentile(x)', /"," is expected at column 13/],
  ['percentile(x, 101)', /there is no percentile 101/],
  ['1 $ 2', /"\$" at column 3 means nothing here/],
  ['count("a)', /""" at column 7 means nothing here/],
] as const) {
  test(`"${source}" is refused with the reason`, () => {
    assert.throws(() => parseExpression(source), { message });
  });
}
