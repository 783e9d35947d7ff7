import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseEnv } from 'node:util';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { loadConfig } from '../src/config/load.ts';
import { listLeaves } from '../src/config/schema.ts';
import { temporaryFolder } from './helpers.ts';
import { root } from './services/service.ts';

const read = (path: string): string => readFileSync(join(root, path), 'utf8');

interface ComposeService {
  image?: string;
  build?: string;
  command?: string[];
  pull_policy?: string;
  env_file?: { path: string; required: boolean }[];
  tmpfs?: string[];
  environment?: Record<string, string>;
  ports?: string[];
  volumes?: string[];
  networks: string[];
  mem_limit?: string;
  profiles?: string[];
  read_only?: boolean;
  healthcheck?: { test?: string[] };
  depends_on?: Record<string, { condition: string }>;
}

const compose = parse(read('docker-compose.yml'), { merge: true }) as {
  services: Record<string, ComposeService>;
  volumes: Record<string, unknown>;
};
const services = Object.entries(compose.services);

/** Of the sidecar's own image. */
const ours = services.filter(([, { build }]) => build !== undefined);

test('docker-compose.yml is one by the schema of Compose', () => {
  // Of github.com/compose-spec/compose-go 2.9.1, which Compose 2.40 uses; under the Apache License 2.0.
  const { $schema: _, ...schema } = JSON.parse(read('test/fixtures/compose-spec.json'));
  const ajv = new Ajv({ strict: false, validateFormats: false });
  const isValid = ajv.validate(schema, parse(read('docker-compose.yml'), { merge: true }));
  assert.ok(isValid, ajv.errorsText());
});

const hasCompose = spawnSync('docker', ['compose', 'version']).status === 0;
const noCompose = !hasCompose && "docker's plugin for Compose is not installed";

test('Compose itself reads it', { skip: noCompose }, () => {
  const { status, stderr } = spawnSync('docker', ['compose', '--profile', 'demo', 'config', '--quiet'], {
    cwd: root,
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  assert.equal(stderr, '');
});

test('every service has a pinned image, a bound on its memory, and the one network', () => {
  for (const [name, { image, build, mem_limit, networks }] of services) {
    assert.ok(build !== undefined || /:\d+\.\d+\.\d+/.test(image!), `${name}: ${image}`);
    assert.ok(mem_limit, name);
    assert.deepEqual(networks, ['pipeline'], name);
  }
});

test('every port is open to this machine only', () => {
  const ports = services.flatMap(([, { ports = [] }]) => ports);
  assert.ok(ports.length > 0);
  for (const port of ports) assert.match(port, /^127\.0\.0\.1:\$\{[A-Z]+_HOST_PORT:-(\d+)\}:\1$/);
});

test('whatever stays up tells its health, and what others wait for exists and does', () => {
  for (const [name, { depends_on = {} }] of services) {
    for (const [needed, { condition }] of Object.entries(depends_on)) {
      const service = compose.services[needed];
      assert.ok(service, `${name} needs ${needed}`);
      // The sidecar's health check is in the Dockerfile.
      if (condition === 'service_healthy' && service.build === undefined)
        assert.ok(service.healthcheck?.test, needed);
    }
  }
});

test('no health check is switched off: `up --wait` would fail for it', () => {
  assert.doesNotMatch(read('docker-compose.yml'), /disable:|NONE/);
});

test('the image is built anew at each start, and gets .env; what comes and goes leaves no volume behind', () => {
  assert.deepEqual(ours.map(([name]) => name).sort(), ['demo', 'setup', 'sidecar']);
  const [, declared] = /^VOLUME (\S+)$/m.exec(read('Dockerfile'))!;
  for (const [name, { image, pull_policy, env_file, tmpfs = [], volumes = [] }] of ours) {
    assert.equal(pull_policy, 'build', name);
    // One name for several would be that of whichever is built last, and a start would recreate the others.
    assert.equal(image, undefined, name);
    assert.deepEqual(env_file, [{ path: '.env', required: false }], name);
    assert.ok(tmpfs.includes('/tmp'), name);
    const kept = volumes.map((volume) => volume.split(':')[1]);
    assert.ok(tmpfs.includes(declared!) || kept.includes(declared), name);
  }
});

test('what stops the services stops the demo too, which would keep the network', () => {
  const files = ['Makefile', 'README.md', 'docs/compose.md', 'docker-compose.yml'].map(read).join('\n');
  const downs = [...files.matchAll(/docker compose [^#\n]*\bdown\b/g)].map(([command]) => command);
  assert.ok(downs.length > 0);
  for (const down of downs) assert.match(down, /--profile demo down/);
});

test('what is mounted exists', () => {
  for (const [name, { volumes = [] }] of services) {
    for (const volume of volumes) {
      const [from = ''] = volume.split(':');
      assert.ok(
        from.startsWith('.') ? existsSync(join(root, from)) : from in compose.volumes,
        `${name}: ${volume}`,
      );
    }
  }
});

test('Elasticsearch and Kibana have one version, and the indices are set up before Vector writes', () => {
  const version = (name: string): string => compose.services[name]!.image!.split(':').at(-1)!;
  assert.equal(version('kibana'), version('elasticsearch'));
  assert.equal(compose.services.vector!.depends_on!.setup!.condition, 'service_completed_successfully');
  assert.deepEqual(compose.services.setup!.command, ['setup']);
});

test('the demo comes only when it is asked for', () => {
  const asked = services.filter(([, { profiles }]) => profiles !== undefined).map(([name]) => name);
  assert.deepEqual(asked, ['demo']);
});

test("the variables in docker-compose.yml are the program's own, and their defaults its defaults", (t) => {
  const { config } = loadConfig({ env: {}, cwd: temporaryFolder(t) });
  const leafOf = (variable: string) => listLeaves().find(({ schema }) => schema.variable === variable);
  for (const [name, { environment = {} }] of ours)
    for (const variable of Object.keys(environment)) assert.ok(leafOf(variable), `${name}: ${variable}`);
  const text = read('docker-compose.yml').replaceAll(/^ *#.*$/gm, '');
  for (const [, variable, byDefault] of text.matchAll(/\$\{(\w+):-(.*?)\}/g)) {
    if (variable!.endsWith('_HOST_PORT')) continue;
    const leaf = leafOf(variable!);
    assert.ok(leaf, variable);
    const known = leaf.path.reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], config);
    assert.equal(byDefault, String(known), variable);
  }
});

test("the sidecar's sink is a variable, so that what is run beside it has the same state; its flags set nothing", () => {
  const { command, environment } = compose.services.sidecar!;
  assert.deepEqual(command, ['run', '--continuous']);
  assert.equal(environment!.PIPELINE_SINK, 'vector');
});

test("the addresses of the others are compose's own, whatever .env says", () => {
  const names = Object.keys(compose.services);
  for (const [name, { environment = {} }] of ours) {
    for (const [variable, value] of Object.entries(environment)) {
      // What a browser opens is a port of the host.
      if (!variable.endsWith('_URL') || value.includes('_HOST_PORT')) continue;
      assert.ok(names.includes(new URL(value).hostname), `${name}: ${variable}`);
    }
  }
  // Where Redis is found by several variables, the one that wins is set.
  assert.ok(compose.services.sidecar!.environment!.REDIS_URL);
});

test('.env.example names every variable, and, uncommented, is a configuration', (t) => {
  const lines = read('configs/.env.example').split('\n');
  const settings = lines.filter((line) => /^# [A-Z_]+=/.test(line)).map((line) => line.slice(2));
  const env = parseEnv(settings.join('\n'));
  const variables = listLeaves().flatMap(({ schema }) => schema.variable ?? []);
  assert.deepEqual(Object.keys(env).sort(), variables.sort());
  const { config } = loadConfig({ env: env as NodeJS.ProcessEnv, cwd: temporaryFolder(t) });
  assert.equal(config.pipeline.filter.pattern, 'API Call - POST /predict');
  assert.deepEqual(config.pipeline.filter.methods, ['POST', 'GET']);
  assert.equal(config.listen, '127.0.0.1:9464');
});

test('the charts in the image are of the versions that package-lock.json names', () => {
  const dockerfile = read('Dockerfile');
  const [, names] = /^ARG CHARTS="(.+)"$/m.exec(dockerfile)!;
  const [, script] = /\$\(node -p "([^"]+)" \$CHARTS\)/.exec(dockerfile)!;
  const print = (...asked: string[]): string =>
    execFileSync('node', ['-p', script!.replaceAll('\\\n', ''), ...asked], { cwd: root, encoding: 'utf8' });
  const { packages } = JSON.parse(read('package-lock.json'));
  const locked = names!.split(' ').map((name) => `${name}@${packages[`node_modules/${name}`].version}`);
  assert.equal(print(...names!.split(' ')), `${locked.join(' ')}\n`);
  assert.equal(print(), '\n');
  assert.match(dockerfile, /npm install [^\n]* \$charts /);
});

test('the image is built from files that the build may see', () => {
  const seen = read('.dockerignore')
    .split('\n')
    .filter((line) => line.startsWith('!'))
    .map((line) => line.slice(1));
  const copied = [...read('Dockerfile').matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, paths]) =>
    paths!.split(' '),
  );
  assert.ok(copied.length > 0);
  for (const path of copied) {
    assert.ok(seen.includes(path), path);
    assert.ok(existsSync(join(root, path)), path);
  }
});
