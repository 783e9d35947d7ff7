import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { checkTypes } from '../src/checks/check-types.ts';
import type { Check } from '../src/checks/result.ts';
import { listLeaves } from '../src/config/schema.ts';
import { temporaryFolder, Workspace } from './helpers.ts';
import { root } from './services/service.ts';

const folder = join(root, 'configs/deploy');
const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;

test('systemd finds nothing to complain of in the unit', {
  skip: !hasSystemd && 'no systemd-analyze here',
}, (t) => {
  const state = temporaryFolder(t);
  const unit = join(folder, 'ml-log-sidecar.service');
  const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', unit], {
    encoding: 'utf8',
    env: { ...process.env, XDG_RUNTIME_DIR: state },
  });
  assert.equal(stderr.match(/^.*ml-log-sidecar\.service.*$/m), null, stderr);
  assert.equal(status, 0, stderr);
});

/** Where each kind's type stands in kubernetes-types, which are made of Kubernetes' own OpenAPI. */
const TYPES: Readonly<Record<string, string>> = {
  Secret: 'core/v1',
  ConfigMap: 'core/v1',
  PersistentVolumeClaim: 'core/v1',
  Deployment: 'apps/v1',
};

/** What Kubernetes' types say of manifests: of members that they don't have, too. */
async function checkManifests(t: TestContext, manifests: readonly { kind: string }[]): Promise<Check> {
  const folder = temporaryFolder(t);
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  const file = join(folder, 'manifests.ts');
  const statements = manifests.flatMap((manifest, n) => {
    const { kind } = manifest;
    const type = `import('kubernetes-types/${TYPES[kind]}.d.ts').${kind}`;
    return `export const manifest${n}: ${type} = ${JSON.stringify(manifest)};\n`;
  });
  writeFileSync(file, statements.join(''));
  return checkTypes([file], folder);
}

test('the manifests are of the types of Kubernetes', { timeout: 120_000 }, async (t) => {
  const documents = parseAllDocuments(readFileSync(join(folder, 'kubernetes.yaml'), 'utf8'));
  const manifests = documents.map((document) => document.toJS());
  assert.deepEqual(
    manifests.map(({ kind }) => kind),
    Object.keys(TYPES),
  );
  const { state, says } = await checkManifests(t, manifests);
  assert.equal(state, 'ok', says);
  const wrong = structuredClone(manifests.at(-1));
  const [api, sidecar] = wrong.spec.template.spec.containers;
  sidecar.livenessProb = sidecar.livenessProbe;
  const found = await checkManifests(t, [wrong]);
  assert.equal(found.state, 'failed');
  assert.match(found.says, /"livenessProb"' does not exist in type 'Container'/);
  delete sidecar.livenessProb;
  api.ports = 8000;
  assert.equal((await checkManifests(t, [wrong])).state, 'failed');
});

test('the manifests belong together, name variables that there are, and ask what is served', async (t) => {
  const documents = parseAllDocuments(readFileSync(join(folder, 'kubernetes.yaml'), 'utf8'));
  const found = Object.fromEntries(documents.map((document) => [document.toJS().kind, document.toJS()]));
  const { Secret, ConfigMap, PersistentVolumeClaim, Deployment } = found;
  const { spec } = Deployment.spec.template;
  assert.deepEqual(Deployment.spec.selector.matchLabels, Deployment.spec.template.metadata.labels);
  const sidecar = spec.containers.find(({ name }: { name: string }) => name === 'ml-log-sidecar');
  const variables = [
    ...sidecar.env.map(({ name }: { name: string }) => name),
    ...Object.keys(Secret.stringData),
  ];
  const known = new Map(listLeaves().map(({ schema }) => [schema.variable, schema.writeOnly]));
  for (const name of variables) assert.ok(known.has(name), name);
  for (const name of Object.keys(Secret.stringData)) assert.ok(known.get(name), `${name} is a secret`);
  assert.equal(sidecar.envFrom[0].secretRef.name, Secret.metadata.name);
  const named = (name: string) => spec.volumes.find((volume: { name: string }) => volume.name === name);
  for (const { name } of sidecar.volumeMounts) assert.ok(named(name), name);
  assert.equal(named('config').configMap.name, ConfigMap.metadata.name);
  assert.equal(named('data').persistentVolumeClaim.claimName, PersistentVolumeClaim.metadata.name);
  const [port] = sidecar.ports;
  for (const probe of [sidecar.livenessProbe, sidecar.readinessProbe]) {
    assert.equal(probe.httpGet.port, port.name);
    assert.match(probe.httpGet.path, /^\/(health|ready)z$/);
  }
  const workspace = new Workspace(t);
  mkdirSync(join(workspace.folder, 'config'));
  workspace.write('config/pipeline.yaml', ConfigMap.data['pipeline.yaml']);
  const env = Object.fromEntries(
    sidecar.env.map(({ name, value }: { name: string; value: string }) => [name, value]),
  );
  const [, ...args] = sidecar.args.map((arg: string) => arg.replace('/config/', 'config/'));
  assert.deepEqual(args.slice(0, 2), ['--continuous', '--watch']);
  const { code, stdout } = await workspace.run(['validate', ...args.slice(2)], {
    ...env,
    ...Secret.stringData,
  });
  assert.equal(code, 0, stdout);
});
