import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { loadRules, type Rule } from '../../src/alerts/rules.ts';
import { SidecarError } from '../../src/util/errors.ts';
import { temporaryFolder } from '../samples.ts';

const settings = (file?: string, prefix = 'ml-api-') => ({ alerts: { file }, indices: { prefix } });

/** Rules, or the lines of the refusal. */
function load(t: TestContext, yaml: string): Rule[] | string[] {
  const cwd = temporaryFolder(t);
  writeFileSync(join(cwd, 'alerts.yaml'), yaml);
  try {
    return loadRules(settings('alerts.yaml'), cwd);
  } catch (error) {
    assert.ok(error instanceof SidecarError);
    assert.equal(error.code, 'config');
    return error.message.split('\n');
  }
}

test('the shipped file has the five documented alerts, with their thresholds', (t) => {
  const rules = loadRules(settings(), temporaryFolder(t));
  assert.deepEqual(
    rules.map(({ name, warning, critical, unit, windowMs }) => [name, warning, critical, unit, windowMs]),
    [
      ['latency', 100, 200, 'ms', 900_000],
      ['error_rate', 5, 10, '%', 900_000],
      ['cpu_usage', 80, 95, '%', 900_000],
      ['memory', 1024, 2048, 'MB', 900_000],
      ['drift', 0.1, 0.25, '', 86_400_000],
    ],
  );
  for (const { action } of rules) assert.notEqual(action, '');
});

test('what ships is evaluated in the indices of the configured prefix', (t) => {
  const rules = loadRules(settings(undefined, 'shop-'), temporaryFolder(t));
  assert.deepEqual(
    rules.map(({ index }) => index),
    ['shop-perfs', 'shop-logs', 'shop-perfs', 'shop-perfs', 'shop-message'],
  );
});

const ALERT =
  'alerts:\n  slow:\n    index: x\n    value: avg(a)\n    warning: 1\n    critical: 2\n    action: do it\n';

test('what is left out has its default', (t) => {
  const [rule] = load(t, ALERT) as [Rule];
  const { label, unit, window, min_count, hysteresis, query } = rule;
  assert.deepEqual(
    [label, unit, window, min_count, hysteresis, query],
    ['slow', '', '15m', 20, 10, undefined],
  );
});

test('what is wrong is told with its line, its key, and the nearest right one', (t) => {
  const refused = (from: string, to: string): unknown => load(t, ALERT.replace(from, to));
  assert.deepEqual(refused('warning: 1', 'warnin: 1'), [
    "alerts.yaml:2: alerts.slow must have required property 'warning'",
    'alerts.yaml:5: unknown key alerts.slow.warnin. Did you mean warning?',
  ]);
  assert.deepEqual(refused('critical: 2', 'critical: high'), [
    'alerts.yaml:6: alerts.slow.critical must be number, but is "high" (Above it, the state is critical.)',
  ]);
  assert.deepEqual(refused('critical: 2', 'critical: 0'), [
    'alerts.yaml: alerts.slow.critical: it must be 1 (warning) or more, but is 0',
  ]);
  assert.deepEqual(refused('avg(a)', 'avg('), [
    'alerts.yaml: alerts.slow.value: "avg(" can\'t be read: a name is expected at column 5, but there is its end',
  ]);
  assert.deepEqual(refused('index: x', 'index: x\n    window: soon'), [
    'alerts.yaml:4: alerts.slow.window must match pattern "^\\d+[mhdw]$", but is "soon" (How far back documents count: a number and m, h, d or w.)',
  ]);
});

test('a file that is not there is told', (t) => {
  assert.throws(() => loadRules(settings('none.yaml'), temporaryFolder(t)), {
    message: /none\.yaml can't be read: ENOENT/,
  });
});
