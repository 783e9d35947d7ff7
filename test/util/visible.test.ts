import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeLinesVisible, makeVisible } from '../../src/util/visible.ts';

test('what a terminal would obey is shown instead', () => {
  assert.equal(makeVisible('\x1b]0;pwned\x07\x1b[2J'), '\\x1b]0;pwned\\x07\\x1b[2J');
  assert.equal(makeVisible('a\nb\r\x9b31m\u202e\u2028'), 'a\\x0ab\\x0d\\x9b31m\\u202e\\u2028');
});

test('all other text stays as it is', () => {
  const text = 'é € 😀 "quoted" \\x1b';
  assert.equal(makeVisible(text), text);
});

test('lines stay lines', () => {
  assert.equal(makeLinesVisible('a\nb\x1b'), 'a\nb\\x1b');
});
