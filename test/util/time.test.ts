import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readDuration, readTime } from '../../src/util/time.ts';

test('a duration is a number and a unit', () => {
  const texts = ['90s', '90m', '12h', '30d', '4w'];
  assert.deepEqual(
    texts.map((text) => readDuration(text, '--window')),
    [90_000, 5_400_000, 43_200_000, 2_592_000_000, 2_419_200_000],
  );
});

test('anything else is refused, and the flag named', () => {
  for (const text of ['', '30', '0d', '-1d', '1.5d', '1y', '30 d', '30D', '1234567d', 'now-1d'])
    assert.throws(() => readDuration(text, '--window'), { code: 'config', message: /^--window: / }, text);
});

const NOW = Date.parse('2026-11-24T12:00:00Z');
for (const [text, iso] of [
  ['15m', '2026-11-24T11:45:00Z'],
  ['30s', '2026-11-24T11:59:30Z'],
  ['now', '2026-11-24T12:00:00Z'],
  ['now-15m', '2026-11-24T11:45:00Z'],
  ['now-2w', '2026-11-10T12:00:00Z'],
  ['2026-11-24', '2026-11-24T00:00:00Z'],
  ['2026-11-24T19:25', '2026-11-24T19:25:00Z'],
  ['2026-11-24T19:25:11.5', '2026-11-24T19:25:11.5Z'],
  ['2026-11-24T19:25:11+01:00', '2026-11-24T18:25:11Z'],
] as const) {
  test(`the time ${text} is ${iso}`, () => assert.equal(readTime(text, 'from', NOW), Date.parse(iso)));
}

test('a bare duration may end elsewhere than now; now-… never does', () => {
  const end = Date.parse('2026-11-01T00:00:00Z');
  assert.equal(readTime('1d', '--reference', NOW, end), Date.parse('2026-10-31T00:00:00Z'));
  assert.equal(readTime('now-1d', '--reference', NOW, end), Date.parse('2026-11-23T12:00:00Z'));
});

for (const text of [
  '',
  'yesterday',
  'now+1h',
  'now-1y',
  'now-0d',
  '2026-13-01',
  '24/11/2026',
  '2026-11-24 19:25',
  '1',
]) {
  test(`"${text}" is not a time`, () =>
    assert.throws(() => readTime(text, '--from'), {
      code: 'config',
      message: /^--from: .* is not a time; write 24h/,
    }));
}
