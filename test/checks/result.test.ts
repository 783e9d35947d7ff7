import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exitOf, failed, ok, span, warning } from '../../src/checks/result.ts';

test('a wrong configuration comes before a server out of reach, and that before other failures', () => {
  const all = [
    ok('a', ''),
    warning('b', '', ''),
    failed('c', '', ''),
    failed('d', '', '', 3),
    failed('e', '', '', 2),
  ];
  for (const [count, exit] of [
    [1, 0],
    [2, 0],
    [3, 1],
    [4, 3],
    [5, 2],
  ] as const)
    assert.equal(exitOf(all.slice(0, count)), exit);
});

test('a span is told in the unit that fits', () => {
  const spans = [5_000, 119_000, 120_000, -3_600_000, 7_200_000, 172_800_000].map(span);
  assert.deepEqual(spans, ['5 s', '119 s', '2 min', '60 min', '2 h', '2 days']);
});
