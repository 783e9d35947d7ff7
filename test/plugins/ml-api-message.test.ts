import assert from 'node:assert/strict';
import { test } from 'node:test';
import message from '../../plugins/ml-api-message.ts';
import type { Fields } from '../../src/plugin.ts';
import { runPlugin } from '../../src/testing.ts';
import type { JsonObject } from '../../src/util/json.ts';
import { line, parse, realEntries, realLines } from '../samples.ts';

const RENAME = { rename: { 'ALCOHOL CONSUMING': 'ALCOHOL' } };

/** The body for a call of this input and result. */
function bodyFor(input: unknown, result: unknown, options: JsonObject = {}): Fields | undefined {
  const call = `[x] API Call - POST /predict - Status: 200 - Time: 1ms - Input: ${JSON.stringify(input)} - Result: ${JSON.stringify(result)}`;
  return runPlugin(message, [line(call)], options)[0]?.body;
}

test('every real prediction that was answered is a document, and nothing else is', () => {
  for (const entries of [realEntries, realLines]) {
    const documents = runPlugin(message, entries, RENAME);
    const predictions = entries.filter((entry) => /POST \/predict(_proba)? - Status: 200/.test(entry));
    assert.deepEqual(
      documents.map(({ id }) => id),
      predictions.map((entry) => parse(entry).id),
    );
  }
});

test('a document holds time, transaction, inputs and result, keys without spaces', () => {
  const [written] = realLines.filter((entry) => /POST \/predict - Status: 200/.test(entry)).slice(-1);
  const event = parse(written!);
  const renamed = (key: string): string =>
    key === 'ALCOHOL CONSUMING' ? 'ALCOHOL' : key.replaceAll(' ', '_');
  const [document] = runPlugin(message, [written!], RENAME);
  assert.deepEqual(document!.body, {
    timestamp: event.timestamp,
    transaction_id: event.transactionId,
    input_data: Object.fromEntries(
      Object.entries(event.input as JsonObject).map(([key, value]) => [renamed(key), value]),
    ),
    result: event.result,
  });
  assert.ok('SHORTNESS_OF_BREATH' in (document!.body.input_data as JsonObject));
});

test('the documented JSON shape makes the documented document', () => {
  const data = {
    transaction_id: '550e8400-e29b-41d4-a716-446655440000',
    input_data: { AGE: 65, GENDER: 1, SMOKING: 1 },
    result: { prediction: 1, probability: 0.85, message: 'YES - High probability' },
  };
  const entry = {
    timestamp: '2025-11-22T10:30:45.123456',
    level: 'INFO',
    message: '[uuid] POST /predict - 200 - 45ms - input - result',
    data,
  };
  const [document] = runPlugin(message, [entry]);
  assert.deepEqual(document!.body, { timestamp: '2025-11-22T10:30:45.123456Z', ...data });
});

test('keys with spaces, dots and no text at all, and `__proto__`, are kept under plain names', () => {
  const input = JSON.parse('{"a  b": 1, "c.d": 2, "": 3, "__proto__": 4}');
  const body = bodyFor(input, { prediction: 'class a', 'the.score': 0.5 });
  assert.equal(JSON.stringify(body!.input_data), '{"a_b":1,"c_d":2,"_":3,"__proto__":4}');
  assert.deepEqual(body!.result, { prediction: 'class a', the_score: 0.5 });
});

test('two keys that meet under one name cost no document', () => {
  const body = bodyFor({ 'a b': 1, 'a.b': 2, '_ proto__': 3, '_.proto__': 4 }, { prediction: 1 });
  assert.equal(JSON.stringify(body!.input_data), '{"a_b":2,"__proto__":4}');
});

test('the rename table holds for whole names only, and may name any', () => {
  const body = bodyFor(
    { AGE: 1, 'AGE GROUP': 2, constructor: 3 },
    { prediction: 1 },
    { rename: { AGE: 'age' } },
  );
  assert.deepEqual(body!.input_data, { age: 1, AGE_GROUP: 2, constructor: 3 });
});

test('calls that were not answered with a prediction make no document', () => {
  assert.equal(bodyFor({ AGE: 1 }, { detail: 'Method Not Allowed' }), undefined);
  assert.equal(bodyFor({ AGE: 1 }, { prediction: null }), undefined);
  assert.equal(bodyFor([1], { prediction: 1 }), undefined);
  assert.equal(bodyFor({ AGE: 1 }, 'OK'), undefined);
  assert.deepEqual(bodyFor({}, { prediction: 0 })!.result, { prediction: 0 });
});

test("other models' predictions are found where the options say", () => {
  const bodies = (log: JsonObject, options: JsonObject) =>
    runPlugin(message, [{ timestamp: '2026-03-02T08:15:00Z', level: 'info', ...log }], options).map(
      ({ id, body }) => [id.slice(32), body.input_data, body.result],
    );
  const options = {
    input: 'features',
    result: 'output',
    prediction: ['output.label', 'output'],
    probability: 'output.score',
  };
  assert.deepEqual(
    bodies({ event: 'predict', features: { AGE: 52 }, output: { label: 'yes', score: 0.9 } }, options),
    [['', { AGE: 52 }, { label: 'yes', score: 0.9, prediction: 'yes', probability: 0.9 }]],
  );
  assert.deepEqual(bodies({ event: 'predict', features: { AGE: 52 }, output: 12.5 }, options), [
    ['', { AGE: 52 }, { prediction: 12.5 }],
  ]);
  const rows = {
    features: [{ AGE: 1 }, { AGE: 2 }],
    output: [
      { label: 'no', score: 0.2 },
      { label: 'yes', score: 0.9 },
    ],
  };
  assert.deepEqual(bodies({ event: 'predict', ...rows }, options), [
    ['.0', { AGE: 1 }, { label: 'no', score: 0.2, prediction: 'no', probability: 0.2 }],
    ['.1', { AGE: 2 }, { label: 'yes', score: 0.9, prediction: 'yes', probability: 0.9 }],
  ]);
});

test('a number is a prediction, and a list of predictions makes a document of each', () => {
  assert.deepEqual(bodyFor({ AGE: 1 }, 12.5)!.result, { prediction: 12.5 });
  const call = (result: JsonObject | number[]): string =>
    line(
      `API Call - POST /predict - Status: 200 - Time: 1ms - Input: [{"AGE": 1}, {"AGE": 2}] - Result: ${JSON.stringify(result)}`,
    );
  for (const result of [{ prediction: [1, 0], probability: [0.9, 0.1] }, [1, 0]])
    assert.deepEqual(
      runPlugin(message, [call(result)]).map(({ body }) => [
        body.input_data,
        (body.result as JsonObject).prediction,
      ]),
      [
        [{ AGE: 1 }, 1],
        [{ AGE: 2 }, 0],
      ],
    );
});

test('a rename table that is none is refused', () => {
  assert.throws(
    () => bodyFor({}, {}, { rename: { AGE: 5 } }),
    /plugin ml-api-message: wrong options: rename.AGE/,
  );
});
