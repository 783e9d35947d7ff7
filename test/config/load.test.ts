import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type ConfigInput, loadConfig } from '../../src/config/load.ts';
import type { Config } from '../../src/config/schema.ts';
import { SidecarError } from '../../src/util/errors.ts';
import { findNearest } from '../../src/util/nearest.ts';
import { temporaryFolder } from '../samples.ts';
import { root } from '../services/service.ts';

/** A folder with `configs/pipeline.yaml` and, where given, `.env`. */
function folderWith(t: TestContext, yaml: string, dotEnv?: string): string {
  const cwd = temporaryFolder(t);
  mkdirSync(join(cwd, 'configs'));
  writeFileSync(join(cwd, 'configs/pipeline.yaml'), yaml);
  if (dotEnv !== undefined) writeFileSync(join(cwd, '.env'), dotEnv);
  return cwd;
}

const load = (input: ConfigInput): Config => loadConfig({ env: {}, ...input }).config;

/** The lines of the refusal. */
function refusal(input: ConfigInput): string[] {
  try {
    load(input);
  } catch (error) {
    assert.ok(error instanceof SidecarError);
    assert.equal(error.code, 'config');
    return error.message.split('\n');
  }
  return assert.fail('it was accepted');
}

const flag = (name: string, path: string, value: unknown) => ({ flag: name, path, value });

test('flags win over the environment, that over .env, that over the YAML, that over defaults', (t) => {
  const yaml = 'pipeline:\n  batch_size: 2\n';
  const withDotEnv = folderWith(t, yaml, 'PIPELINE_BATCH_SIZE=3\n');
  const env = { PIPELINE_BATCH_SIZE: '4' };
  const flags = [flag('--batch-size', 'pipeline.batch_size', 5)];
  const size = (input: ConfigInput): number => load(input).pipeline.batch_size;
  assert.equal(size({ cwd: withDotEnv, env, flags }), 5);
  assert.equal(size({ cwd: withDotEnv, env }), 4);
  assert.equal(size({ cwd: withDotEnv }), 3);
  assert.equal(size({ cwd: folderWith(t, yaml) }), 2);
  assert.equal(size({ cwd: folderWith(t, '') }), 100);
});

test('empty variables and flags that were not given set nothing', (t) => {
  const cwd = folderWith(t, 'redis:\n  host: from-yaml\n', 'REDIS_HOST=\n');
  const flags = [flag('--redis-host', 'redis.host', undefined)];
  assert.equal(load({ cwd, env: { REDIS_HOST: '' }, flags }).redis.host, 'from-yaml');
});

test('variables are read as the type they set', (t) => {
  const cwd = folderWith(t, '', 'PIPELINE_FILTER_PATTERN="API Call - GET"\n');
  const config = load({
    cwd,
    env: {
      REDIS_PORT: '6390',
      REDIS_TLS: 'yes',
      PIPELINE_POLL_INTERVAL: '0.5',
      PIPELINE_FILTER_METHODS: 'POST, GET',
      REDIS_LOGS_KEY: '42',
    },
  });
  assert.equal(config.redis.port, 6390);
  assert.equal(config.redis.tls, true);
  assert.equal(config.pipeline.poll_interval, 0.5);
  assert.deepEqual(config.pipeline.filter, { pattern: 'API Call - GET', methods: ['POST', 'GET'] });
  assert.deepEqual(config.redis.logs_key, ['42']);
  assert.equal(load({ cwd, env: { REDIS_TLS: '0' } }).redis.tls, false);
});

test('a wrong value is refused with where it was written, what it must be, and what it is', (t) => {
  const cwd = folderWith(t, '\npipeline:\n  source: redis\n  batch_size: many\n');
  assert.deepEqual(refusal({ cwd }), [
    `configs/pipeline.yaml:4: pipeline.batch_size must be a whole number, but is "many" (Maximum number of logs that are written, and confirmed, together.)`,
  ]);
  const [fromEnv] = refusal({ cwd: folderWith(t, ''), env: { PIPELINE_SOURCE: 'kafka' } });
  assert.match(
    fromEnv!,
    /^PIPELINE_SOURCE \(environment\): pipeline\.source must be one of redis, .*, but is "kafka"/,
  );
  const [fromDotEnv] = refusal({ cwd: folderWith(t, '', 'REDIS_PORT=high\n') });
  assert.match(fromDotEnv!, /^REDIS_PORT \(\.env\): redis\.port must be a whole number, but is "high"/);
  const [fromFlag] = refusal({
    cwd: folderWith(t, ''),
    flags: [flag('--interval', 'pipeline.poll_interval', Number.NaN)],
  });
  assert.match(fromFlag!, /^--interval: pipeline\.poll_interval must be .*, but is NaN/);
});

test('the origin of a value that was overridden is that of the one that counts', (t) => {
  const cwd = folderWith(t, 'redis:\n  port: 1\n');
  const [line] = refusal({ cwd, env: { REDIS_PORT: '70000' } });
  assert.match(line!, /^REDIS_PORT \(environment\): redis\.port must be <= 65535, but is 70000/);
});

test('a wrong item of a list is refused at its own line', (t) => {
  const cwd = folderWith(
    t,
    'plugins:\n  - use: ml-api-logs\n  - use: ml-api-perfs\n    optoins: {}\n  - index: ml-api-x\n  - use: ""\n',
  );
  const lines = refusal({ cwd });
  assert.equal(lines.length, 3);
  assert.match(
    lines[0]!,
    /^configs\/pipeline\.yaml:3: unknown key plugins\.1\.optoins\. Did you mean options\?/,
  );
  assert.match(lines[1]!, /^configs\/pipeline\.yaml:5: plugins\.2 must have required property 'use'/);
  assert.match(
    lines[2]!,
    /^configs\/pipeline\.yaml:6: plugins\.3\.use must NOT have fewer than 1 characters/,
  );
});

test('an unknown key is refused with the nearest known one, or with all of them', (t) => {
  const cwd = folderWith(
    t,
    'pipelin: {}\npipeline:\n  batchsize: 5\n  filter:\n    zzz: 1\n__proto__:\n  a: 1\n',
  );
  const lines = refusal({ cwd });
  assert.ok(lines.includes('configs/pipeline.yaml:1: unknown key pipelin. Did you mean pipeline?'));
  assert.ok(
    lines.includes('configs/pipeline.yaml:3: unknown key pipeline.batchsize. Did you mean batch_size?'),
  );
  assert.ok(
    lines.includes('configs/pipeline.yaml:5: unknown key pipeline.filter.zzz. Known here: pattern, methods'),
  );
  assert.ok(lines.some((line) => /pipeline\.yaml:6: unknown key __proto__/.test(line)));
});

test('everything that is wrong is told at once', (t) => {
  const cwd = folderWith(t, 'redis:\n  port: 0\nlanguage: de\n', 'REDIS_DB=-1\n');
  const lines = refusal({ cwd, env: { LOG_LEVEL: 'loud' }, flags: [flag('--limit', 'pipeline.limit', 0)] });
  for (const origin of [
    /^configs\/pipeline\.yaml:2: redis\.port/,
    /^configs\/pipeline\.yaml:3: language must be one of auto, en, fr, but is "de"/,
    /^REDIS_DB \(\.env\)/,
    /^LOG_LEVEL \(environment\)/,
    /^--limit: pipeline\.limit/,
  ]) {
    assert.ok(
      lines.some((line) => origin.test(line)),
      String(origin),
    );
  }
  assert.equal(lines.length, 5);
});

test('secrets may come from files, without their last newline', (t) => {
  const cwd = folderWith(t, '');
  writeFileSync(join(cwd, 'secret'), 's3cret\n');
  const { redis } = load({ cwd, env: { REDIS_PASSWORD_FILE: join(cwd, 'secret') } });
  assert.equal(redis.password, 's3cret');
  const [line] = refusal({ cwd, env: { REDIS_PASSWORD_FILE: join(cwd, 'missing') } });
  assert.match(line!, /^REDIS_PASSWORD_FILE \(environment\): .*missing can't be read: ENOENT/);
});

test('only secrets come from files', (t) => {
  const cwd = folderWith(t, '');
  writeFileSync(join(cwd, 'host'), 'elsewhere');
  assert.equal(load({ cwd, env: { REDIS_HOST_FILE: join(cwd, 'host') } }).redis.host, 'localhost');
});

test('a secret that is wrong is refused without being told', (t) => {
  const cwd = folderWith(t, 'redis:\n  password: [s3cret-a]\n', 'ELASTICSEARCH_URL=s3cret-b\n');
  writeFileSync(join(cwd, 'url'), 's3cret-c');
  const lines = refusal({ cwd, env: { REDIS_URL_FILE: join(cwd, 'url') } });
  assert.equal(lines.length, 3);
  assert.doesNotMatch(lines.join('\n'), /s3cret/);
  assert.match(lines.join('\n'), /REDIS_URL_FILE \(environment\): redis\.url must match pattern/);
});

test('a YAML file with a syntax error, or without keys, is refused with the line', (t) => {
  assert.match(refusal({ cwd: folderWith(t, 'redis:\n  host: "a\n') })[0]!, /^configs\/pipeline\.yaml:\d: /);
  assert.match(
    refusal({ cwd: folderWith(t, 'a: 1\nb: 2\na: 3\n') })[0]!,
    /^configs\/pipeline\.yaml:3: .*unique/,
  );
  assert.match(
    refusal({ cwd: folderWith(t, '- redis\n') })[0]!,
    /^configs\/pipeline\.yaml: it must hold keys/,
  );
});

test('aliases of aliases that stand for more than memory holds are refused with the line', (t) => {
  const bomb = ['plugins:', '  - &a0 [x, x, x, x, x, x, x, x, x]'];
  for (let n = 1; n < 9; n++) bomb.push(`  - &a${n} [${`*a${n - 1}, `.repeat(9)}]`);
  assert.match(
    refusal({ cwd: folderWith(t, `${bomb.join('\n')}\n`) })[0]!,
    /^configs\/pipeline\.yaml:1: .*alias/i,
  );
});

test('sections whose lines are all commented out set nothing', (t) => {
  const cwd = folderWith(t, 'pipeline:\n  # source: file\n  filter:\n    # pattern: x\nredis:\nplugins:\n');
  assert.deepEqual(load({ cwd }), load({ cwd: folderWith(t, '') }));
});

test('the YAML that ships sets no more than the rename of one input', (t) => {
  const shipped = load({ cwd: root });
  const defaults = load({ cwd: folderWith(t, '') });
  const plugins = defaults.plugins.map((plugin) =>
    plugin.use === 'ml-api-message'
      ? { ...plugin, options: { rename: { 'ALCOHOL CONSUMING': 'ALCOHOL' } } }
      : plugin,
  );
  assert.deepEqual(shipped, { ...defaults, plugins });
});

test('where a folder has no file of its own, the one that ships counts', (t) => {
  const cwd = temporaryFolder(t);
  const { config, base } = loadConfig({ cwd, env: {} });
  assert.deepEqual(config, load({ cwd: root }));
  assert.equal(base, join(root, 'configs'));
});

test('a file that is named is read, and plugins are looked for beside it', (t) => {
  const cwd = temporaryFolder(t);
  writeFileSync(join(cwd, 'mine.yaml'), 'language: fr\n');
  const { config, base } = loadConfig({ cwd, env: {}, file: 'mine.yaml' });
  assert.equal(config.language, 'fr');
  assert.equal(base, cwd);
  assert.match(
    refusal({ cwd, file: 'absent.yaml' })[0]!,
    /^the configuration absent\.yaml can't be read: ENOENT/,
  );
});

test('the nearest name is one that is like it', () => {
  assert.equal(findNearest('BATCHSIZE', ['batch_size', 'source']), 'batch_size');
  assert.equal(findNearest('hsot', ['port', 'host']), 'host');
  assert.equal(findNearest('completely-different', ['batch_size', 'source']), undefined);
});

test('a reference in the YAML is a variable, of the type that is wanted; one that is not set is refused', (t) => {
  const yaml = `redis:\n  port: \${PORT_OF_REDIS}\n  logs_key: logs_\${STAGE}\nplugins:\n  - use: redact\n    options: { key: "\${REDACT_KEY}" }\n`;
  const cwd = folderWith(t, yaml, 'STAGE=test\n');
  const { redis, plugins } = load({ cwd, env: { PORT_OF_REDIS: '6380', REDACT_KEY: 'k' } });
  assert.deepEqual([redis.port, redis.logs_key, plugins[0]!.options], [6380, ['logs_test'], { key: 'k' }]);
  assert.deepEqual(refusal({ cwd, env: { REDACT_KEY: 'k' } }), [
    `configs/pipeline.yaml:2: \${PORT_OF_REDIS} is not set: set PORT_OF_REDIS in the environment or in .env, or write the value here`,
  ]);
});
