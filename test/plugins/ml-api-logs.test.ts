import assert from 'node:assert/strict';
import { test } from 'node:test';
import logs from '../../plugins/ml-api-logs.ts';
import { runPlugin } from '../../src/testing.ts';
import { line, parse, realEntries } from '../samples.ts';

test('every real entry is one document, of its own id', () => {
  const documents = runPlugin(logs, realEntries);
  assert.equal(documents.length, realEntries.length);
  assert.equal(new Set(documents.map(({ id }) => id)).size, realEntries.length);
});

test('a call has what its message tells in fields, its bodies as the documented data', () => {
  const input = { AGE: 64, 'CHEST PAIN': 0 };
  const result = { prediction: 1, probability: 0.86, message: 'Prédiction positive' };
  const message = `[x] API Call - POST /predict - Status: 200 - Time: 565.06ms - Input: ${JSON.stringify(input)} - Result: ${JSON.stringify(result)}`;
  assert.deepEqual(runPlugin(logs, [line(message)]), [
    {
      index: 'ml-api-logs',
      id: parse(line(message)).id,
      body: {
        timestamp: '2026-11-24T19:26:39.000Z',
        level: 'INFO',
        logger: 'api',
        message,
        transaction_id: 'x',
        http_method: 'POST',
        http_path: '/predict',
        status_code: 200,
        execution_time_ms: 565.06,
        data: { transaction_id: 'x', input_data: input, result },
      },
    },
  ]);
});

test('metrics stand in the data', () => {
  const [document] = runPlugin(logs, [
    line('{"performance_metrics": {"latency_ms": 26.63, "transaction_id": "x"}}'),
  ]);
  assert.equal(document!.body.transaction_id, 'x');
  assert.deepEqual(document!.body.data, {
    transaction_id: 'x',
    performance_metrics: { latency_ms: 26.63, transaction_id: 'x' },
  });
});

test('data that the entry carries is kept as it is', () => {
  const data = { transaction_id: 'x', input_data: { AGE: 1 }, more: [1, { deep: true }] };
  const [document] = runPlugin(logs, [
    { timestamp: '2026-11-24 19:26:39', level: 'INFO', message: 'm', data },
  ]);
  assert.deepEqual(document!.body.data, data);
});

test('what is no log of the API has no more than time, level and message', () => {
  for (const message of ['Traceback (most recent call last):\n  File "x.py"', '{"broken": ', '']) {
    const [document] = runPlugin(logs, [message]);
    const { timestamp, ...body } = JSON.parse(JSON.stringify(document!.body));
    assert.deepEqual(body, { level: 'UNKNOWN', message });
    assert.match(timestamp, /^\d{4}-/);
  }
});

test('data with keys that Elasticsearch would refuse goes in as text', () => {
  for (const data of [{ 'a\0b': 1 }, { deep: [{ ['k'.repeat(513)]: 1 }] }]) {
    const [document] = runPlugin(logs, [{ message: 'm', data }]);
    assert.deepEqual(document!.body.data, { text: JSON.stringify(data) });
  }
  const odd = JSON.parse('{"__proto__": 1, "a.b": 2, " ": 3}');
  const [document] = runPlugin(logs, [{ message: 'm', data: odd }]);
  assert.equal(JSON.stringify(document!.body.data), JSON.stringify(odd));
});
