import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compilePattern } from '../../src/util/pattern.ts';

test('a pattern that backtracks without end still answers', { timeout: 10_000 }, () => {
  for (const pattern of ['(a+)+$', '(a|a)*b$', '^(\\w+\\s?)*$', '(.*a){12}$']) {
    assert.equal(compilePattern(pattern, 'it').test(`${'a'.repeat(5_000)}!`), false, pattern);
  }
});

test('what has no bound, or is no regular expression, is refused with its setting and the reason', () => {
  for (const [pattern, reason] of [
    ['(?=a)b', /lookahead/],
    ['(a)\\1', /backreference/],
    ['(', /[Uu]nterminated group/],
  ] as const) {
    assert.throws(
      () => compilePattern(pattern, 'the filter pattern'),
      (error: Error & { code?: string }) =>
        error.code === 'config' && /the filter pattern/.test(error.message) && reason.test(error.message),
    );
  }
});

test('documented patterns match as ever, with flags', () => {
  assert.ok(
    compilePattern('API Call - POST /predict', 'it').test('[x] API Call - POST /predict_proba - Status: 200'),
  );
  assert.equal('a1b22'.replace(compilePattern('\\d+', 'it', 'g'), '#'), 'a#b#');
});
