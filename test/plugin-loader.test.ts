import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { SHIPPED_FORMATS } from '../src/formats/shipped.ts';
import { PluginChain } from '../src/plugin-chain.ts';
import { loadPlugins, SHIPPED_PLUGINS } from '../src/plugin-loader.ts';
import { SidecarError } from '../src/util/errors.ts';
import { line, parse, temporaryFolder } from './samples.ts';
import { root } from './services/service.ts';

test("the shipped plugins' schemas, which no start checks, are valid", async () => {
  const uses = await loadPlugins(
    SHIPPED_PLUGINS.map((use) => ({ use })),
    root,
  );
  assert.ok(uses.every(({ shipped }) => shipped));
  const checked = uses.map((use) => ({ ...use, shipped: false }));
  assert.equal(new PluginChain(checked, 'ml-api-', () => true).indices.length, 4);
});

const pluginsPage = readFileSync(join(root, 'docs/plugins.md'), 'utf8');

test('docs/plugins.md names every field of an event, and every shipped plugin', () => {
  for (const name of [...Object.keys(parse(line('x'))), ...SHIPPED_PLUGINS])
    assert.ok(pluginsPage.includes(`\`${name}\``), name);
});

/** A folder as that of a user who has installed the package. */
function userFolder(t: TestContext, files: Record<string, string> = {}): string {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(root, join(folder, 'node_modules/ml-log-sidecar'));
  symlinkSync(join(root, 'node_modules/tsx'), join(folder, 'node_modules/tsx'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

async function refused(folder: string, uses: string[], ...patterns: RegExp[]): Promise<void> {
  await assert.rejects(
    loadPlugins(
      uses.map((use) => ({ use })),
      folder,
    ),
    (error) => {
      assert.ok(error instanceof SidecarError);
      assert.equal(error.code, 'plugin');
      for (const pattern of patterns) assert.match(error.message, pattern);
      return true;
    },
  );
}

const typed = `
import { type Fields, definePlugin, type LogEvent } from 'ml-log-sidecar/plugin';

enum Kind { Short = 'short', Long = 'long' }
const kindOf = (event: LogEvent): Kind => (event.message.length > 10 ? Kind.Long : Kind.Short);

export default definePlugin<{ more: string }>({
  name: 'typed',
  options: { type: 'object', properties: { more: { type: 'string' } } },
  index: { name: 'ml-api-typed', mappings: {}, document: { type: 'object', required: ['kind'] } },
  create: ({ more }) => ({ documents: (event): Fields => ({ kind: kindOf(event), more }) }),
});
`;

test('the shipped plugins load by name', async () => {
  const uses = await loadPlugins(
    SHIPPED_PLUGINS.map((use) => ({ use })),
    '/nowhere',
  );
  assert.deepEqual(
    uses.map(({ plugin }) => plugin.name),
    [...SHIPPED_PLUGINS],
  );
});

test("a user's TypeScript file loads by its path, with types, an enum and options", async (t) => {
  const folder = userFolder(t, { 'typed.ts': typed, 'typed.mts': typed });
  for (const use of ['./typed.ts', './typed.mts', join(folder, 'typed.ts')]) {
    const uses = await loadPlugins([{ use, index: 'ml-api-mine', options: { more: 'x' } }], folder);
    const { documents } = new PluginChain(uses, 'ml-api-', () => true).run(parse(line('hello')));
    assert.equal(documents[0]!.index, 'ml-api-mine');
    assert.equal(documents[0]!.json, '{"kind":"short","more":"x"}');
  }
});

test('it loads in a package of ES modules too, as does a JavaScript file', async (t) => {
  const plain = `export default { name: 'plain', create: () => ({}) };`;
  const folder = userFolder(t, {
    'package.json': '{"type": "module"}',
    'typed.ts': typed,
    'plain.js': plain,
    'plain.mjs': plain,
  });
  for (const [use, name] of [
    ['./typed.ts', 'typed'],
    ['./plain.js', 'plain'],
    ['./plain.mjs', 'plain'],
  ] as const) {
    const [loaded] = await loadPlugins([{ use }], folder);
    assert.equal(loaded!.plugin.name, name);
  }
});

test('an unknown name is refused with the known ones, a missing file with its path', async (t) => {
  const folder = userFolder(t);
  await refused(
    folder,
    ['ml-api-log'],
    /"ml-api-log"/,
    /ml-api-logs, ml-api-message/,
    /\.\/plugins\/ml-api-log\.ts/,
  );
  await refused(folder, ['./mine.ts'], /"\.\/mine\.ts"/, new RegExp(join(folder, 'mine.ts')));
});

test('a plugin that is loaded once more is the same until a file in its folder changes', async (t) => {
  const folder = userFolder(t, {
    'plain.mjs': `import { name } from './name.mjs'; export default { name, create: () => ({}) };`,
    'name.mjs': `export const name = 'before';`,
  });
  const load = async () => (await loadPlugins([{ use: './plain.mjs' }], folder))[0]!.plugin;
  const first = await load();
  // No second module, for which tsx would be needed.
  assert.equal(await load(), first);
  writeFileSync(join(folder, 'name.mjs'), `export const name = 'changed';`);
  assert.equal((await load()).name, 'changed');
});

test('a file that exports no plugin is refused with what it must export', async (t) => {
  const folder = userFolder(t, {
    'none.ts': 'export const plugin = 1;',
    'wrong.ts': 'export default { name: "wrong" };',
    'null.mjs': 'export default null;',
  });
  for (const use of ['./none.ts', './wrong.ts', './null.mjs']) {
    await refused(folder, [use], new RegExp(use), /export default definePlugin/);
  }
});

test('a file with a syntax error is refused with its line, one that throws with what it throws', async (t) => {
  const folder = userFolder(t, {
    'syntax.ts': 'export default {\n  name: "x",\n  create( => {},\n};',
    'throws.ts': 'throw new Error("no licence");',
    'imports.ts': 'import x from "not-installed-here"; export default x;',
  });
  await refused(folder, ['./syntax.ts'], /"\.\/syntax\.ts" could not be loaded/, /syntax\.ts:3/);
  await refused(folder, ['./throws.ts'], /"\.\/throws\.ts" could not be loaded: no licence/);
  await refused(folder, ['./imports.ts'], /not-installed-here/, /npm install/);
});

test('a plugin that is listed twice is refused, unless each has an index of its own', async (t) => {
  const folder = userFolder(t, { 'typed.ts': typed });
  await refused(folder, ['ml-api-logs', 'ml-api-logs'], /ml-api-logs is listed twice/);
  await refused(folder, ['./typed.ts', join(folder, 'typed.ts')], /typed is listed twice/);
  const uses = await loadPlugins(
    [{ use: './typed.ts' }, { use: './typed.ts', index: 'ml-api-other' }],
    folder,
  );
  assert.deepEqual(
    new PluginChain(uses, 'ml-api-', () => true).indices.map(({ name }) => name),
    ['ml-api-typed', 'ml-api-other'],
  );
});

test('the skeleton of `plugins new` is a plugin that loads, and its test passes', (t) => {
  const folder = userFolder(t);
  const cli = join(root, 'dist/src/cli.js');
  const told = execFileSync(process.execPath, [cli, 'plugins', 'new', 'ml-api-errors'], {
    cwd: folder,
    encoding: 'utf8',
  });
  const [, command] = /^Test it: +node (.*)$/m.exec(told)!;
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const tested = spawnSync(process.execPath, command!.split(' '), { cwd: folder, env, encoding: 'utf8' });
  assert.equal(tested.status, 0, tested.stdout + tested.stderr);
  assert.match(tested.stdout, /ml-api-errors keeps failed calls only/);
  const examples = [...pluginsPage.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code);
  assert.deepEqual(
    examples,
    ['plugins/ml-api-errors.ts', 'test/plugins/ml-api-errors.test.ts'].map((file) =>
      readFileSync(join(folder, file), 'utf8'),
    ),
    'the examples of docs/plugins.md are the skeleton',
  );

  mkdirSync(join(folder, 'configs'));
  writeFileSync(join(folder, 'configs/pipeline.yaml'), 'plugins:\n  - use: ../plugins/ml-api-errors.ts\n');
  const listed = execFileSync(process.execPath, [cli, 'plugins', '--json'], {
    cwd: folder,
    encoding: 'utf8',
  });
  assert.deepEqual(
    (JSON.parse(listed) as { name: string; kind: string }[])
      .filter(({ kind }) => kind === 'plugin')
      .map(({ name }) => name),
    ['ml-api-errors'],
  );

  const again = spawnSync(process.execPath, [cli, 'plugins', 'new', 'ml-api-errors'], { cwd: folder });
  assert.equal(again.status, 2);
  assert.match(String(again.stderr), /is there already/);
  const badName = spawnSync(process.execPath, [cli, 'plugins', 'new', '../x'], { cwd: folder });
  assert.equal(badName.status, 2);
  assert.match(String(badName.stderr), /"\.\.\/x" is not a name for a plugin/);
});

test('plugins new works in a package whose files are CommonJS, with the strictest compiler', (t) => {
  const folder = userFolder(t, { 'package.json': '{ "type": "commonjs" }' });
  mkdirSync(join(folder, 'node_modules/@types'));
  symlinkSync(join(root, 'node_modules/@types/node'), join(folder, 'node_modules/@types/node'));
  const run = (...args: string[]) => spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  for (const args of [['ml-api-mine'], ['mine', '--format']]) {
    const told = run(join(root, 'dist/src/cli.js'), 'plugins', 'new', ...args);
    assert.equal(told.status, 0, told.stderr);
  }
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const flags = '--module nodenext --target es2023 --strict --noEmit --allowImportingTsExtensions';
  const files = ['plugins/ml-api-mine.ts', 'plugins/mine.ts', 'test/plugins/mine.test.ts'];
  const compiled = run(compiler, ...flags.split(' '), '--verbatimModuleSyntax', '--types', 'node', ...files);
  assert.equal(compiled.status, 0, compiled.stdout);
});

test('the skeleton of `plugins new --format` reads its line, its test passes, and docs/formats.md shows it', (t) => {
  const folder = userFolder(t);
  const cli = join(root, 'dist/src/cli.js');
  execFileSync(process.execPath, [cli, 'plugins', 'new', 'my-format', '--format'], { cwd: folder });
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const args = ['--import', 'tsx', '--test', 'test/plugins/my-format.test.ts'];
  const tested = spawnSync(process.execPath, args, { cwd: folder, env, encoding: 'utf8' });
  assert.equal(tested.status, 0, tested.stdout + tested.stderr);
  const page = readFileSync(join(root, 'docs/formats.md'), 'utf8');
  assert.ok(page.includes(readFileSync(join(folder, 'plugins/my-format.ts'), 'utf8')));
  for (const { name } of SHIPPED_FORMATS) assert.ok(page.includes(`| \`${name}\` |`), name);
});
