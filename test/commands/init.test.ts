import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Workspace } from '../helpers.ts';
import { root } from '../services/service.ts';

test('what init writes is valid, and runs', { timeout: 60_000 }, async (t) => {
  const workspace = new Workspace(t);
  rmSync(join(workspace.folder, 'configs'), { recursive: true });
  const modules = join(workspace.folder, 'node_modules');
  mkdirSync(modules);
  symlinkSync(root, join(modules, 'ml-log-sidecar'));
  const { code, stdout, stderr } = await workspace.run([
    ...['init', '--json', '--yes', '--source', 'file', '--sink', 'directory'],
  ]);
  assert.equal(code, 0, stderr);
  const { written, kept } = JSON.parse(stdout);
  assert.deepEqual(kept, []);
  assert.deepEqual(written, [
    'configs/pipeline.yaml',
    'configs/pipeline.schema.json',
    '.env',
    'tsconfig.json',
    'plugins/ml-api-errors.ts',
    'test/plugins/ml-api-errors.test.ts',
    'plugins/package.json',
    'test/plugins/package.json',
  ]);
  assert.equal(statSync(join(workspace.folder, '.env')).mode & 0o777, 0o600);
  workspace.write(
    'api.log',
    '2026-11-24 19:26:39 - api - INFO - API Call - POST /predict - Status: 503 - Time: 2.5ms\n',
  );
  const valid = await workspace.run(['validate', '--path', 'api.log']);
  assert.equal(valid.code, 0, valid.stdout);
  assert.match(valid.stdout, /file api\.log to directory .*\n.*ml-api-errors/);
  const ran = await workspace.run(['run', '--path', 'api.log', '--out', 'out']);
  assert.equal(ran.code, 0, ran.stderr);
  assert.equal(workspace.output('ml-api-errors').length, 1);
});

test('what is there already stays, and without a terminal somebody must have answered', async (t) => {
  const workspace = new Workspace(t);
  const before = readFileSync(join(workspace.folder, 'configs/pipeline.yaml'), 'utf8');
  const unasked = await workspace.run(['init']);
  assert.equal(unasked.code, 2);
  assert.match(unasked.stderr, /nobody to ask: give --source and --sink, or --yes/);
  const { stdout } = await workspace.run(['init', '--yes']);
  assert.match(stdout, /configs\/pipeline\.yaml is there already, and stays as it is\n/);
  assert.equal(readFileSync(join(workspace.folder, 'configs/pipeline.yaml'), 'utf8'), before);
});
