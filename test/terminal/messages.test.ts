import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { FRENCH } from '../../src/terminal/french.ts';
import { FRENCH_TITLES } from '../../src/terminal/french-titles.ts';
import { currentLanguage, setLanguage, t } from '../../src/terminal/messages.ts';
import { Workspace } from '../helpers.ts';
import { line } from '../samples.ts';
import { root } from '../services/service.ts';

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
    setLanguage(language, env);
    assert.equal(currentLanguage(), expected, JSON.stringify([language, env]));
  }
});

test('what is put into a text is in it in either language', () => {
  const names = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).sort();
  for (const [english, french] of Object.entries(FRENCH))
    assert.deepEqual(names(french), names(english), english);
  setLanguage('fr');
  assert.equal(t('{index}: ready', { index: '$&' }), '$& : prêt');
  setLanguage('en');
  assert.equal(t('{index}: ready', { index: '$&' }), '$&: ready');
});

/** Sources, without their imports. */
function sourcesOf(folder: string): [file: string, text: string][] {
  return readdirSync(join(root, 'src', folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => [join(folder, file), readFileSync(join(root, 'src', folder, file), 'utf8')]);
}

test('each text of the catalogue is said somewhere', () => {
  const all = sourcesOf('.')
    .filter(([file]) => file !== 'terminal/french.ts')
    .map(([, text]) => text)
    .join('');
  const isSaid = (text: string): boolean =>
    [`'${text}'`, `"${text}"`, `${text}: '`].some((quoted) => all.includes(quoted));
  assert.deepEqual(
    Object.keys(FRENCH).filter((text) => !isSaid(text)),
    [],
  );
});

test('no command prints a literal that is not in the catalogue', () => {
  for (const [file, text] of sourcesOf('commands')) {
    const calls = [...text.matchAll(/\bsay\(((?:[^()]|\((?:[^()]|\([^()]*\))*\))*)\)/g)];
    for (const [, said] of calls) {
      // What `t` is given, what goes into a template, and commands to be typed.
      const bare = said!
        .replace(/\bt\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)/g, '')
        .replace(/\$\{[^}]*\}/g, '')
        .replace(/\\n/g, '');
      for (const [, literal] of bare.matchAll(/['`]([^'`]*)['`]/g))
        assert.doesNotMatch(literal!, /[a-z]{3}/i, `${file} says: ${said}`);
    }
  }
});

test('each title and description of the dashboards that ship is known in French', () => {
  const folder = join(root, 'configs/dashboards');
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.yaml')) continue;
    const { title, description } = parse(readFileSync(join(folder, file), 'utf8'));
    for (const text of [title, description])
      assert.ok(Object.hasOwn(FRENCH_TITLES, text), `${file}: "${text}" is not in french-titles.ts`);
  }
});

test('--lang fr and the locale turn what commands print into French', async (t) => {
  const workspace = new Workspace(t);
  workspace.write('api.log', `${line('one')}\n`);
  const source = ['--source', 'file', '--path', 'api.log', '--sink', 'directory', '--out', 'out'];
  for (const [args, said] of [
    [['run', ...source], /Collecte: 1 log récupérés/],
    [['verify', ...source], /1 logs de api\.log\nenregistrés .*chaque document est là, une fois/],
    [['try', 'api.log'], /filtre +il ne passe pas/],
    [['dead-letters', 'list'], /Il n'y a pas de lettres mortes/],
    [['config', 'show'], /Les options l'emportent/],
    [['plugins'], /tous les événements vers ml-api-logs/],
  ] as const) {
    const byFlag = await workspace.run([...args, '--lang', 'fr']);
    assert.match(byFlag.stdout, said);
    const byLocale = await workspace.run(args, { LANG: 'fr_FR.UTF-8' });
    assert.match(byLocale.stdout, said);
  }
});
