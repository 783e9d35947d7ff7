import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CONFIG_SCHEMA, type Config, listLeaves } from '../src/config/schema.ts';
import { validate } from '../src/config/validate.ts';
import { SINKS, SOURCES } from '../src/registry.ts';
import { SidecarError } from '../src/util/errors.ts';
import { root } from './services/service.ts';

const COMPONENTS = [...SOURCES, ...SINKS];

/** The configuration that these settings make, as they would stand in a file. */
function configured(settings: Record<string, string>): Config {
  const list = Object.entries(settings).map(([path, value]) => ({
    path: path.split('.'),
    value,
    origin: 'here',
  }));
  return validate(CONFIG_SCHEMA, list);
}

test('every source and every sink keeps its contract: a test of it says so', () => {
  for (const [kind, definitions] of Object.entries({ source: SOURCES, sink: SINKS })) {
    const folder = join(root, 'test', `${kind}s`);
    const tests = readdirSync(folder)
      .filter((name) => name.endsWith('.test.ts'))
      .map((name) => readFileSync(join(folder, name), 'utf8'));
    for (const { name } of definitions) {
      const call = new RegExp(`${kind}Contract\\(\\s*'${name}'`);
      assert.ok(
        tests.some((text) => call.test(text)),
        `call ${kind}Contract('${name}', …) in a test under test/${kind}s`,
      );
    }
  }
});

test('no two are called the same, and each says what it is', () => {
  for (const definitions of [SOURCES, SINKS]) {
    const names: string[] = definitions.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
    for (const { name, help } of definitions) assert.match(help, /^\S.*[^.]$/, name);
  }
});

test('a section that two share is one and the same', () => {
  const sections = new Map<string, unknown>();
  for (const component of COMPONENTS) {
    for (const [name, section] of Object.entries(component.sections)) {
      assert.equal(sections.get(name) ?? section, section, `${component.name}: ${name}`);
      sections.set(name, section);
    }
  }
});

test('no flag of a run sets two settings', () => {
  const settings = listLeaves().filter(({ path }) => path[0] !== 'alerts');
  const flags = settings.flatMap(({ schema }) => schema.flag ?? []);
  assert.ok(flags.length > 10);
  assert.equal(new Set(flags).size, flags.length, flags.join());
});

const URLS = ['redis.url', 'gradio.url', 'vector.url', 'elasticsearch.url'];
const SECRETS = [
  'canary',
  'ca@nary',
  'ca/nary',
  '4321/canary',
  'ca?nary',
  'ca#nary',
  '1@canary/2',
  'canary:1',
  '[canary',
  'ca nary',
  'ca%2Fnary',
];

test('an address, or what is said of a wrong one, never holds a part of a secret', () => {
  let addresses = 0;
  for (const secret of SECRETS) {
    const urls = URLS.map((path) => [
      path,
      `${path.startsWith('redis') ? 'redis' : 'http'}://whoami:${secret}@host.test:7000`,
    ]);
    const config = configured({
      'file.path': 'api.log',
      ...Object.fromEntries(urls),
      'redis.password': secret,
      'gradio.token': secret,
      'http.token': secret,
      'vector.password': secret,
      'elasticsearch.password': secret,
      'elasticsearch.api_key': secret,
    });
    for (const component of COMPONENTS) {
      let said: string;
      try {
        said = component.configure(config).address;
        addresses++;
      } catch (error) {
        assert.ok(error instanceof SidecarError && error.code === 'config', `${component.name}: ${error}`);
        said = error.message;
      }
      for (const part of ['whoami', 'nary', '4321'])
        assert.ok(!said.includes(part), `${component.name} with ${secret}: ${said}`);
    }
  }
  assert.ok(addresses > COMPONENTS.length);
});

test('the package, and so every definition, is loaded without any client', () => {
  const script = `await import('./dist/src/index.js');
    const { default: module } = await import('node:module');
    console.log(Object.keys(module._cache).join('\\n'));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: root,
    encoding: 'utf8',
  });
  assert.match(stdout, /node_modules\/ajv\//, stderr);
  assert.doesNotMatch(stdout, /node_modules\/(ioredis|undici|@elastic|prom-client|vega)/);
});
