import assert from 'node:assert/strict';
import { test } from 'node:test';
import perfs from '../../plugins/ml-api-perfs.ts';
import { runPlugin } from '../../src/testing.ts';
import { line, parse, realEntries, realLines } from '../samples.ts';

test('every real line of metrics is one document with its figures', () => {
  for (const entries of [realEntries, realLines]) {
    const measured = entries.filter((entry) => entry.includes('- {"performance_metrics"'));
    const documents = runPlugin(perfs, entries);
    assert.deepEqual(
      documents.map(({ body }) => body),
      measured.map((entry) => {
        const { timestamp, metrics } = parse(entry);
        const { top_functions: _, ...figures } = metrics!;
        return { timestamp, ...figures };
      }),
    );
  }
});

test('the documented JSON shape makes the documented document; its latency may be the time of its call', () => {
  const entry = (metrics: Record<string, number>) => ({
    timestamp: '2025-11-22T10:30:45.123456',
    level: 'INFO',
    message: '[uuid] POST /predict - 200 - 45.2ms - input - result',
    data: { transaction_id: 'x', performance_metrics: metrics },
  });
  const metrics = {
    inference_time_ms: 12.5,
    cpu_time_ms: 8.3,
    memory_mb: 245.6,
    memory_delta_mb: 2.3,
    function_calls: 42,
  };
  const bodies = runPlugin(perfs, [entry(metrics), entry({ ...metrics, latency_ms: 7 })]).map(
    ({ body }) => body,
  );
  const expected = { timestamp: '2025-11-22T10:30:45.123456Z', transaction_id: 'x', ...metrics };
  assert.deepEqual(bodies, [
    { ...expected, latency_ms: 45.2 },
    { ...expected, latency_ms: 7 },
  ]);
});

test('figures that are missing, null or NaN leave the others', () => {
  const [document] = runPlugin(perfs, [
    line('{"performance_metrics": {"latency_ms": NaN, "memory_mb": 1, "x": 2}}'),
  ]);
  assert.deepEqual(JSON.parse(JSON.stringify(document!.body)), {
    timestamp: '2026-11-24T19:26:39.000Z',
    memory_mb: 1,
  });
});

test('a figure that is no number is refused by name', () => {
  assert.throws(
    () => runPlugin(perfs, [line('{"performance_metrics": {"cpu_time_ms": "fast"}}')]),
    /ml-api-perfs: .*cpu_time_ms must be number,null/,
  );
});
