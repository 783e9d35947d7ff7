import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exitOf, failed, ok, span, warning } from '../../src/checks/result.ts';
import { quote, setLanguage, t } from '../../src/terminal/messages.ts';

const none = quote('');

test('a wrong configuration comes before a server out of reach, and that before other failures', () => {
  const all = [
    ok('a', none),
    warning('b', none, none),
    failed('c', none, none),
    failed('d', none, none, 3),
    failed('e', none, none, 2),
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

test('what a check says is in the catalogue, or the compiler refuses it', () => {
  // @ts-expect-error
  ok('a', 'a text that is in no catalogue');
  // @ts-expect-error
  t('a text that is in no catalogue');
  setLanguage('fr');
  assert.equal(ok('a', t('{path} can be written', { path: './data' })).says, 'on peut écrire dans ./data');
  setLanguage('en');
});
