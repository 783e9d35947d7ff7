import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseEnv } from 'node:util';
import { parse } from 'yaml';
import { loadConfig } from '../src/config/load.ts';
import { listLeaves } from '../src/config/schema.ts';
import { temporaryFolder } from './helpers.ts';
import { root } from './services/service.ts';

const read = (path: string): string => readFileSync(join(root, path), 'utf8');

interface ComposeService {
  image: string;
  build?: string;
  command?: string[];
  environment?: Record<string, string>;
  ports?: string[];
  volumes?: string[];
  networks: string[];
  mem_limit?: string;
  profiles?: string[];
  read_only?: boolean;
  healthcheck?: { test?: string[]; disable?: boolean };
  depends_on?: Record<string, { condition: string }>;
}

const compose = parse(read('docker-compose.yml'), { merge: true }) as {
  services: Record<string, ComposeService>;
  volumes: Record<string, unknown>;
};
const services = Object.entries(compose.services);

test('every service has a pinned image, a bound on its memory, and the one network', () => {
  for (const [name, { image, build, mem_limit, networks }] of services) {
    assert.ok(build !== undefined || /:\d+\.\d+\.\d+/.test(image), `${name}: ${image}`);
    assert.ok(mem_limit, name);
    assert.deepEqual(networks, ['pipeline'], name);
  }
});

test('every port is open to this machine only', () => {
  const ports = services.flatMap(([, { ports = [] }]) => ports);
  assert.ok(ports.length > 0);
  for (const port of ports) assert.match(port, /^127\.0\.0\.1:\d+:\d+$/);
});

test('whatever stays up tells its health, and what others wait for exists and does', () => {
  for (const [name, { depends_on = {} }] of services) {
    for (const [needed, { condition }] of Object.entries(depends_on)) {
      const service = compose.services[needed];
      assert.ok(service, `${name} needs ${needed}`);
      const staysUp = condition === 'service_healthy';
      assert.equal(service.healthcheck?.disable !== true, staysUp, `${name} waits for ${needed}`);
      // The sidecar's is in the Dockerfile.
      if (staysUp && service.build === undefined) assert.ok(service.healthcheck?.test, needed);
    }
  }
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
  const version = (name: string): string => compose.services[name]!.image.split(':').at(-1)!;
  assert.equal(version('kibana'), version('elasticsearch'));
  assert.equal(compose.services.vector!.depends_on!.setup!.condition, 'service_completed_successfully');
  assert.deepEqual(compose.services.setup!.command, ['setup']);
});

test('the demo comes only when it is asked for', () => {
  const asked = services.filter(([, { profiles }]) => profiles !== undefined).map(([name]) => name);
  assert.deepEqual(asked, ['demo']);
});

test("the sidecar's variables in docker-compose.yml are the program's own, and their defaults its defaults", (t) => {
  const { config } = loadConfig({ env: {}, cwd: temporaryFolder(t) });
  for (const name of ['setup', 'sidecar', 'demo']) {
    for (const [variable, value] of Object.entries(compose.services[name]!.environment ?? {})) {
      const leaf = listLeaves().find(({ schema }) => schema.variable === variable);
      assert.ok(leaf, `${name}: ${variable}`);
      const byDefault = /^\$\{(\w+):-(.*)\}$/.exec(value);
      if (!byDefault) continue;
      assert.equal(byDefault[1], variable);
      const known = leaf.path.reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], config);
      assert.equal(byDefault[2], String(known), variable);
    }
  }
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
