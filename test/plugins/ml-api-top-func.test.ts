import assert from 'node:assert/strict';
import { test } from 'node:test';
import topFunc from '../../plugins/ml-api-top-func.ts';
import { runPlugin } from '../../src/testing.ts';
import type { JsonObject } from '../../src/util/json.ts';
import { line, parse, realEntries, realLines } from '../samples.ts';

const metricsLine = (metrics: JsonObject): string => line(JSON.stringify({ performance_metrics: metrics }));

test('every function of every real line of metrics is one document, numbered under the id of its line', () => {
  for (const entries of [realEntries, realLines]) {
    const measured = entries.filter((entry) => entry.includes('- {"performance_metrics"'));
    const documents = runPlugin(topFunc, entries);
    assert.deepEqual(
      documents,
      measured.flatMap((entry) => {
        const { id, timestamp, transactionId, metrics } = parse(entry);
        return (metrics!.top_functions as JsonObject[]).map((each, n) => ({
          index: 'ml-api-top-func',
          id: `${id}.${n}`,
          body: {
            timestamp,
            transaction_id: transactionId,
            function_name: each.function,
            cumulative_time: each.cumulative_time_ms,
            total_time: each.total_time_ms,
            calls: each.calls,
            filename: each.file,
            line_number: each.line,
          },
        }));
      }),
    );
  }
});

test('the documented spelling is read as well', () => {
  const documented = {
    function_name: 'predict',
    cumulative_time: 8.5,
    total_time: 1.5,
    calls: 1,
    filename: 'predictor.py',
    line_number: 42,
  };
  const [document] = runPlugin(topFunc, [metricsLine({ transaction_id: 'x', top_functions: [documented] })]);
  assert.deepEqual(document!.body, {
    timestamp: '2026-11-24T19:26:39.000Z',
    transaction_id: 'x',
    ...documented,
  });
});

test('metrics without functions make no document', () => {
  for (const metrics of [{}, { top_functions: [] }, { top_functions: 'many' }] as JsonObject[]) {
    assert.deepEqual(runPlugin(topFunc, [metricsLine(metrics)]), []);
  }
});

test('an item that is no function is refused with its place in the list', () => {
  for (const odd of [5, null, { calls: 1 }]) {
    const entry = metricsLine({ top_functions: [{ function: 'f' }, odd] });
    assert.throws(() => runPlugin(topFunc, [entry]), /\.1 for ml-api-top-func is not valid: .*function_name/);
  }
});

test('the names that the API writes are aliases in the index', () => {
  const { properties } = topFunc.index!.mappings as { properties: Record<string, object> };
  for (const [alias, path] of [
    ['@timestamp', 'timestamp'],
    ['function', 'function_name'],
    ['file', 'filename'],
    ['line', 'line_number'],
    ['cumulative_time_ms', 'cumulative_time'],
    ['total_time_ms', 'total_time'],
  ] as const) {
    assert.deepEqual(properties[alias], { type: 'alias', path });
  }
});
