import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { currentLanguage, readFrench, setLanguage, t } from '../../src/terminal/messages.ts';
import { Workspace } from '../helpers.ts';
import { line } from '../samples.ts';
import { root } from '../services/service.ts';

const { messages, titles } = readFrench();

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
  for (const [english, french] of Object.entries(messages))
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
    .map(([, text]) => text)
    .join('');
  const isSaid = (text: string): boolean =>
    [`'${text}'`, `"${text}"`, `${text}: '`].some((quoted) => all.includes(quoted));
  assert.deepEqual(
    Object.keys(messages).filter((text) => !isSaid(text)),
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

/** What is the same in both languages, or has no words. */
const SAME = /^(?:ms|MB|%|(?:DEBUG|INFO|WARNING|ERROR|CRITICAL)|[\d.]+)$/;

/** What a chart shows of its file: titles, names of colours in domains, and those that expressions make. */
function wordsOf(value: unknown, key = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((inner) => wordsOf(inner, key));
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([name, inner]) => wordsOf(inner, name));
  return typeof value === 'string' && ['title', 'description', 'empty', 'domain'].includes(key)
    ? [value]
    : [];
}

test('each text of the dashboards and alerts that ship is known in French', () => {
  const read = (file: string): unknown => parse(readFileSync(join(root, 'configs', file), 'utf8'));
  const dashboards = readdirSync(join(root, 'configs/dashboards'), { recursive: true, encoding: 'utf8' });
  const texts = dashboards
    .filter((file) => file.endsWith('.yaml'))
    .flatMap((file) => wordsOf(read(join('dashboards', file))));
  const { alerts } = read('alerts.yaml') as { alerts: Record<string, { label: string; action: string }> };
  texts.push(...Object.values(alerts).flatMap(({ label, action }) => [label, action]));
  assert.ok(texts.includes('refused (4xx)') && texts.includes('Check the logs'));
  assert.deepEqual(
    texts.filter((text) => !SAME.test(text) && !Object.hasOwn(titles, text)),
    [],
  );
});

test('the plugins and formats that ship, and what is checked, are known in French', () => {
  const described = [...sourcesOf('formats'), ...sourcesOf('../plugins')];
  const named = [
    ...described.flatMap(([, text]) => [
      ...text.matchAll(/^ {2}description:\s+(?:'([^']+)'|"([^"]+)"),\n {2}(?:create|index|options)/gm),
    ]),
    ...sourcesOf('.').flatMap(([, text]) => [
      ...text.matchAll(/\b(?:ok|warning|failed|failure|checkFolder)\(\s*'([^']+)'/g),
    ]),
  ].map(([, one, other]) => one ?? other!);
  assert.ok(
    named.includes('every log') && named.includes('bunyan and pino') && named.includes('dead letters'),
  );
  assert.deepEqual(
    named.filter((text) => !Object.hasOwn(titles, text)),
    [],
  );
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
    [['plugins'], /tous les événements vers ml-api-logs: chaque log/],
    [['validate'], /✅ plugins: .*, et 14 formats\n.*11 champs, de types connus/],
    [['check', ...source], /✅ fichier: api\.log contient 1 ligne, de /],
  ] as const) {
    const byFlag = await workspace.run([...args, '--lang', 'fr']);
    assert.match(byFlag.stdout, said);
    const byLocale = await workspace.run(args, { LANG: 'fr_FR.UTF-8' });
    assert.match(byLocale.stdout, said);
  }
});
