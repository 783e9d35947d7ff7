import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Entry } from '../src/entry.ts';
import { Filter } from '../src/filter.ts';
import { SidecarError } from '../src/util/errors.ts';
import { line, parse, realEntries } from './samples.ts';

const passes = (pattern: string, entry: Entry, methods: string[] = []): boolean =>
  new Filter({ pattern, methods }).passes(parse(entry));

const predict = line('[x] API Call - POST /predict - Status: 200 - Time: 1ms');
const proba = line('[x] API Call - POST /predict_proba - Status: 200 - Time: 1ms');
const health = line('API Call - GET /health - Status: 200 - Time: 1ms');
const metrics = line('{"performance_metrics": {"latency_ms": 1}}');
const other = line("Démarrage de l'API...");

test('the documented patterns do as documented', () => {
  for (const [pattern, passing] of [
    ['API Call - POST /predict', [predict, proba, metrics]],
    ['API Call - POST /predict_proba', [proba, metrics]],
    ['Performance metrics', [metrics]],
    ['', [predict, proba, health, metrics, other]],
  ] as const) {
    const passed = [predict, proba, health, metrics, other].filter((entry) => passes(pattern, entry));
    assert.deepEqual(passed, passing, pattern);
  }
});

test('the default pattern passes every real prediction and metrics line, and nothing else', () => {
  const filter = new Filter({ pattern: 'API Call - POST /predict', methods: [] });
  for (const entry of realEntries) {
    assert.equal(
      filter.passes(parse(entry)),
      /API Call - POST \/predict|INFO - \{"performance_metrics"/.test(entry),
      entry,
    );
  }
});

test('logs of the documented JSON shape pass by their method and path', () => {
  const entry = (message: string): Entry => ({ level: 'INFO', message, data: { input_data: {} } });
  assert.ok(passes('API Call - POST /predict', entry('[x] POST /predict - 200 - 45ms - input - result')));
  assert.ok(!passes('API Call - POST /predict', entry('[x] GET /health - 200 - 45ms')));
  assert.ok(passes('200 - 45ms', entry('[x] GET /health - 200 - 45ms')));
});

test('methods narrow what passes, metrics and logs without a call they leave alone', () => {
  assert.ok(passes('API Call', health, ['GET']));
  assert.ok(passes('API Call', health, ['post', 'get']));
  assert.ok(!passes('API Call', health, ['POST']));
  assert.ok(passes('API Call', metrics, ['POST']));
  assert.ok(passes('Démarrage', other, ['POST']));
});

test('a log is judged anew every time', () => {
  const filter = new Filter({ pattern: 'predict', methods: [] });
  for (let n = 0; n < 3; n++) assert.ok(filter.passes(parse(predict)));
});

test('a pattern that is no regular expression is refused with its setting', () => {
  assert.throws(
    () => new Filter({ pattern: '(', methods: [] }),
    (error) => error instanceof SidecarError && /PIPELINE_FILTER_PATTERN/.test(error.message),
  );
});
