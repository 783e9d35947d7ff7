import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRunStats } from '../../src/run-stats.ts';
import { Rates } from '../../src/server/rates.ts';

test('logs a second are those of the window, or of the run where that is shorter', (t) => {
  let now = 0;
  t.mock.method(performance, 'now', () => now);
  const rates = new Rates();
  const committed = (seconds: number, logs: number): void => {
    now = seconds * 1000;
    rates.committed(0, undefined, { ...createRunStats([]), logs });
  };
  assert.equal(rates.perSecond(60_000), 0);
  committed(10, 100);
  assert.equal(rates.perSecond(60_000), 10);
  for (let second = 11; second <= 100; second++) committed(second, 100 + 2 * (second - 10));
  assert.equal(rates.perSecond(60_000), 2);
  assert.equal(rates.perSecond(300_000), 2.8);
  now = 1_000_000;
  assert.equal(rates.perSecond(60_000), 0, 'nothing came any more');
});
