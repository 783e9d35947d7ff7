import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { eventually, TestIndices, Workspace } from '../helpers.ts';
import { elasticsearchUrl } from '../services/env.ts';

const LINE = '2026-11-24 19:26:39 - api - INFO - x\n';
const RUN = ['run', '--source', 'file', '--path', 'api.log', '--sink', 'directory', '--out', 'out'];
const NOWHERE = { ELASTICSEARCH_URL: 'http://127.0.0.1:1', REDIS_HOST: '127.0.0.1', REDIS_PORT: '1' };

function workspaceWithLog(t: TestContext): Workspace {
  const workspace = new Workspace(t);
  workspace.write('api.log', LINE);
  return workspace;
}

for (const args of [
  ['--help'],
  ['--version'],
  ['run', '--help'],
  RUN,
  [...RUN, '--json'],
  [...RUN, '--continuous'],
  ['check'],
  ['plugins', '--json'],
  ['plugins', 'new', 'ml-api-errors'],
  ['setup', '--dry-run'],
  ['dead-letters', 'list'],
  ['dashboards', 'build'],
]) {
  test(`\`${args.join(' ')}\` with stdout closed ends quietly with 3`, { timeout: 60_000 }, async (t) => {
    const run = workspaceWithLog(t).start(args, NOWHERE);
    run.child.stdout!.destroy();
    const { code, stderr } = await run.ended;
    assert.deepEqual([code, stderr], [3, '']);
  });
}

for (const args of [['stats'], ['prune', '--older-than', '1d'], ['export'], ['drift', '--json']]) {
  test(`\`${args.join(' ')}\` of a server with stdout closed ends quietly with 3`, async (t) => {
    const { prefix } = new TestIndices(t);
    const workspace = new Workspace(t, prefix);
    workspace.write('api.log', LINE);
    const env = { ELASTICSEARCH_URL: elasticsearchUrl() };
    const setUp = await workspace.run(['setup'], env);
    assert.equal(setUp.code, 0, setUp.stderr);
    const run = workspace.start(args, env);
    run.child.stdout!.destroy();
    const { code, stderr } = await run.ended;
    assert.deepEqual([code, stderr], [3, '']);
  });
}

for (const args of [
  ['stats'],
  ['rum'],
  ['run', '--config', 'none.yaml'],
  ['run', '--continuous', '--sink', 'directory', '--out', 'out'],
]) {
  test(`\`${args.join(' ')}\` with stderr closed ends with 3`, { timeout: 60_000 }, async (t) => {
    const run = workspaceWithLog(t).start(args, NOWHERE);
    run.child.stderr!.destroy();
    assert.equal((await run.ended).code, 3);
  });
}

test('a run whose output is closed puts its work away first', { timeout: 60_000 }, async (t) => {
  const workspace = workspaceWithLog(t);
  const run = workspace.start([...RUN, '--continuous', '--interval', '0.2']);
  run.child.stdout!.destroy();
  assert.equal((await run.ended).code, 3);
  const again = await workspace.run([...RUN, '--json']);
  const { stored, existing } = JSON.parse(again.stdout).indices['ml-api-logs'];
  assert.deepEqual([stored + existing, workspace.output('ml-api-logs').length], [1, 1]);
});

for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
  test(`${signal} ends a continuous run in order, with 0`, { timeout: 60_000 }, async (t) => {
    const workspace = workspaceWithLog(t);
    const run = workspace.start([...RUN, '--continuous', '--interval', '0.2', '--json']);
    const path = join(workspace.folder, 'out/ml-api-logs.ndjson');
    await eventually('the log is written', () => existsSync(path) && readFileSync(path, 'utf8') !== '');
    const { code, stdout } = await run.stop(signal);
    assert.equal(code, 0);
    assert.equal(JSON.parse(stdout).logs, 1);
  });

  test(`${signal} ends alerts watch in order, with 0`, { timeout: 60_000 }, async (t) => {
    const run = new Workspace(t).start(['alerts', 'watch'], { ELASTICSEARCH_URL: elasticsearchUrl() });
    await run.says(/watching /);
    assert.equal((await run.stop(signal)).code, 0);
  });
}
