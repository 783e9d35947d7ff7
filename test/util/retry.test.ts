import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SidecarError } from '../../src/util/errors.ts';
import { setLogLevel } from '../../src/util/log.ts';
import { backoffMs, Trouble } from '../../src/util/retry.ts';

setLogLevel('error');

const never = new AbortController().signal;
const leaveAlone = async (): Promise<number> => 0;

test('the time between attempts doubles, with equal jitter, up to 15 s', () => {
  for (const [attempt, ceiling] of [
    [1, 400],
    [2, 800],
    [20, 15_000],
  ] as const) {
    const waits = Array.from({ length: 200 }, () => backoffMs(attempt));
    assert.ok(Math.min(...waits) >= ceiling / 2 && Math.max(...waits) <= ceiling);
    assert.ok(new Set(waits).size > 100);
  }
});

test('an attempt is repeated until it succeeds; what failed is let go of each time', async () => {
  const trouble = new Trouble('Here', 'Look', 60_000);
  const failures: unknown[] = [];
  let attempts = 0;
  const answer = await trouble.outlast(
    async () => {
      if (++attempts < 3) throw new Error(`failure ${attempts}`);
      return 'answer';
    },
    async (error) => {
      failures.push((error as Error).message);
      return 0;
    },
    never,
  );
  assert.deepEqual([answer, failures], ['answer', ['failure 1', 'failure 2']]);
});

test('patience ends with what happened and what to do', async () => {
  const trouble = new Trouble('Here', (error) => `Look at ${(error as Error).message}`, 0);
  await assert.rejects(
    trouble.outlast(() => Promise.reject(new Error('that')), leaveAlone, never),
    (error: SidecarError) =>
      error.code === 'unreachable' && error.message === 'Here could not be reached: that. Look at that',
  );
});

test('an error for a person is thrown on at once, whether the attempt throws it or the recovery', async () => {
  const trouble = new Trouble('Here', 'Look', 60_000);
  const wrong = new SidecarError('config', 'wrong');
  let recoveries = 0;
  const recover = async (): Promise<number> => ++recoveries;
  await assert.rejects(
    trouble.outlast(() => Promise.reject(wrong), recover, never),
    wrong,
  );
  assert.equal(recoveries, 1);
  const plain = (): Promise<never> => Promise.reject(new Error('plain'));
  await assert.rejects(
    trouble.outlast(plain, () => Promise.reject(wrong), never),
    wrong,
  );
});

test('an end that is asked for ends the wait without an error', async () => {
  const trouble = new Trouble('Here', 'Look', 0);
  const stop = new AbortController();
  const failing = async (): Promise<never> => {
    stop.abort();
    throw new Error('x');
  };
  assert.equal(await trouble.outlast(failing, leaveAlone, stop.signal), undefined);
  assert.equal(await new Trouble('Here', 'Look', 60_000).wait(new Error('x'), stop.signal, 60_000), false);
});
