import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Chart } from '../../src/dashboards/definitions.ts';
import { createSearch } from '../../src/dashboards/search.ts';
import type { JsonObject } from '../../src/util/json.ts';

const HOUR = 3_600_000;

function aggsOf(aggs: JsonObject, from: number, to: number): JsonObject {
  const url = { index: 'i*', '%context%': true, '%timefield%': 'timestamp', body: { size: 0, aggs } };
  const chart = { spec: { data: { url, format: { property: 'aggregations' } } } } as unknown as Chart;
  const { index, body } = createSearch(chart, { from, to });
  assert.equal(index, 'i*');
  assert.deepEqual(body.query, { range: { timestamp: { gte: from, lte: to, format: 'epoch_millis' } } });
  return body.aggs;
}

test('%timefilter% becomes the ends of the range, wherever it stands', () => {
  const bounds = { min: { '%timefilter%': 'min' }, max: { '%timefilter%': 'max' } };
  const aggs = { a: { filters: { filters: [{ range: { b: bounds } }] } } };
  assert.deepEqual(aggsOf(aggs, 5, 9), {
    a: { filters: { filters: [{ range: { b: { min: 5, max: 9 } } }] } },
  });
});

for (const [hours, buckets, interval] of [
  [24, 24, '1h'],
  [24, 12, '2h'],
  [1, 40, '5m'],
  [1 / 60, 40, '5s'],
  [0, 40, '1s'],
  [24 * 3650, 40, '30d'],
] as const) {
  test(`%autointerval% ${buckets} makes ${interval} of ${hours} hours`, () => {
    const aggs = { a: { date_histogram: { field: 't', interval: { '%autointerval%': buckets } } } };
    const filled = aggsOf(aggs, 0, hours * HOUR);
    assert.deepEqual(filled, { a: { date_histogram: { field: 't', fixed_interval: interval } } });
  });
}
