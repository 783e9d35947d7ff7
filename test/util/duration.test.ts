import assert from 'node:assert/strict';
import { test } from 'node:test';
import { durationMs } from '../../src/util/duration.ts';

test('a duration is a number and a unit', () => {
  const texts = ['90m', '12h', '30d', '4w'];
  assert.deepEqual(
    texts.map((text) => durationMs(text, '--since')),
    [5_400_000, 43_200_000, 2_592_000_000, 2_419_200_000],
  );
});

test('anything else is refused, and the flag named', () => {
  for (const text of ['', '30', '0d', '-1d', '1.5d', '1y', '30 d', '30D', '1234567d'])
    assert.throws(() => durationMs(text, '--since'), { code: 'config', message: /^--since: / }, text);
});
