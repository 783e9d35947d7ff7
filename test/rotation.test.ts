import assert from 'node:assert/strict';
import { test } from 'node:test';
import { belongsTo, createSuffixReader, findPeriodEnd, fits } from '../src/rotation.ts';

test('a suffix is the date, or month, that the log itself was written with, whatever zone that is', () => {
  const daily = createSuffixReader('daily');
  const monthly = createSuffixReader('monthly');
  for (const written of [
    '2026-11-30 23:59:59',
    '2026-11-30T23:59:59.123456',
    '2026-11-30 23:59:59,123',
    '2026-11-30T23:59:59-05:00',
    '2026-11-30T00:00:00+14:00',
    '2026-11-30T12:00:00Z',
  ]) {
    assert.equal(daily(written), '-2026.11.30', written);
    assert.equal(monthly(written), '-2026.11', written);
  }
  assert.equal(createSuffixReader('none')('2026-11-30 23:59:59'), '');
});

test('a log that names no time, or none that there is, has an index of its own', () => {
  for (const written of ['', 'soon', '2026-02-30 12:00:00', '30/11/2026 12:00:00', 'Nov 30 12:00:00'])
    assert.equal(createSuffixReader('monthly')(written), '-undated', written);
});

test('an index belongs to a name as itself, as a period, or as what has no time, and else not', () => {
  for (const own of ['logs', 'logs-2026.11', 'logs-2026.11.30', 'logs-undated'])
    assert.ok(belongsTo('logs', own), own);
  for (const other of [
    'logs-2026',
    'logs-2026.11-old',
    'logs-errors',
    'logs-errors-2026.11',
    'log',
    'logs2026.11',
  ])
    assert.ok(!belongsTo('logs', other), other);
});

test('a period ends with its day or month, the last of a year too', () => {
  assert.equal(findPeriodEnd('logs', 'logs-2026.12'), Date.parse('2027-01-01'));
  assert.equal(findPeriodEnd('logs', 'logs-2026.02.28'), Date.parse('2026-03-01'));
  assert.equal(findPeriodEnd('logs', 'logs'), undefined);
  assert.equal(findPeriodEnd('logs', 'logs-undated'), undefined);
});

test('an index fits the rotation that would make it, and no other', () => {
  for (const [index, rotations] of [
    ['logs', ['none']],
    ['logs-2026.11', ['monthly']],
    ['logs-2026.11.30', ['daily']],
    ['logs-undated', ['daily', 'monthly']],
  ] as const) {
    const fitting = (['none', 'daily', 'monthly'] as const).filter((each) => fits('logs', index, each));
    assert.deepEqual(fitting, rotations, index);
  }
});
