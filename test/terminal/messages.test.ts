import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Messages, messagesIn } from '../../src/terminal/messages.ts';

const languageOf = (messages: Messages): string => (messages.duration('1').startsWith('Durée') ? 'fr' : 'en');

test('the language is the configured one, or that of the locale', () => {
  for (const [language, env, expected] of [
    ['fr', { LANG: 'en_GB.UTF-8' }, 'fr'],
    ['en', { LANG: 'fr_FR.UTF-8' }, 'en'],
    ['auto', { LANG: 'fr_FR.UTF-8' }, 'fr'],
    ['auto', { LANG: 'fr' }, 'fr'],
    ['auto', { LANG: 'C.UTF-8' }, 'en'],
    ['auto', { LANG: 'fry_NL.UTF-8' }, 'en'],
    ['auto', { LANG: 'de_DE.UTF-8', LC_ALL: 'fr_CA.UTF-8' }, 'fr'],
    ['auto', { LANG: 'fr_FR.UTF-8', LC_MESSAGES: 'en_US.UTF-8' }, 'en'],
    ['auto', { LC_ALL: '', LANG: 'fr_BE' }, 'fr'],
    ['auto', {}, 'en'],
  ] as const) {
    assert.equal(languageOf(messagesIn(language, env)), expected, JSON.stringify([language, env]));
  }
});

test('English says one log and two logs', () => {
  const say = messagesIn('en');
  assert.equal(say.collected(1), '✅ Collected: 1 log');
  assert.equal(say.collected(2), '✅ Collected: 2 logs');
  assert.equal(say.documents(0), '0 documents');
});

test('what both languages say of trouble leaves out what there was none of', () => {
  for (const language of ['en', 'fr'] as const) {
    const say = messagesIn(language);
    assert.equal(say.trouble(0, 0, 0), '');
    assert.match(say.trouble(0, 2, 0), /^2 \S+ \S+$/);
    assert.equal(say.trouble(1, 2, 3).split(', ').length, 3);
  }
});
