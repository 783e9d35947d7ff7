import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { eventually, TestIndices, TestList, Workspace } from '../helpers.ts';
import { realLines } from '../samples.ts';
import { elasticsearchUrl, redisUrl } from '../services/env.ts';
import { root } from '../services/service.ts';

const env = { ELASTICSEARCH_URL: elasticsearchUrl() };

/** Indices that hold the sample's documents, one of them with a mapping that is not ours, and one of somebody else. */
async function filled(t: TestContext): Promise<{ indices: TestIndices; workspace: Workspace }> {
  const indices = new TestIndices(t);
  const workspace = new Workspace(t, indices.prefix);
  const path = join(root, 'samples/api.log');
  const { code, stderr } = await workspace.run(['run', '--source', 'file', '--path', path], env);
  assert.equal(code, 0, stderr);
  await indices.client.index({ index: `${indices.prefix}other`, document: { x: 1 }, refresh: true });
  return { indices, workspace };
}

test('without a terminal and without --yes nothing is deleted, and it says what to do', async (t) => {
  const { indices, workspace } = await filled(t);
  const { code, stdout, stderr } = await workspace.run(['clear-indexes'], env);
  assert.equal(code, 2);
  assert.match(stdout, new RegExp(`^${indices.prefix}logs +253 documents$`, 'm'));
  assert.match(stderr, /repeat it with --yes/);
  assert.deepEqual(await indices.counts(), { logs: 253, message: 107, perfs: 107, 'top-func': 535 });
});

test('with --yes the indices are empty, have their mapping, and no other is touched', async (t) => {
  const { indices, workspace } = await filled(t);
  const logs = `${indices.prefix}logs`;
  const before = await indices.client.indices.getMapping({ index: logs });
  const { code, stdout, stderr } = await workspace.run(['clear-indexes', '--yes'], env);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /Cleared\.\n$/);
  assert.deepEqual(await indices.counts(), { logs: 0, message: 0, perfs: 0, 'top-func': 0 });
  assert.deepEqual(await indices.client.indices.getMapping({ index: logs }), before);
  assert.equal(await indices.count('other'), 1);
});

test('cleared indices are filled again by the next run', async (t) => {
  const { indices, workspace } = await filled(t);
  await workspace.run(['clear-indexes', '--yes'], env);
  await workspace.run(['run', '--source', 'file', '--path', join(root, 'samples/api.log')], env);
  assert.equal(await indices.count('logs'), 253);
});

test('--json prints what was there, and whether it was cleared', async (t) => {
  const { indices, workspace } = await filled(t);
  const unasked = await workspace.run(['clear-indexes', '--json'], env);
  assert.equal(unasked.code, 2);
  assert.equal(JSON.parse(unasked.stdout).cleared, false);
  assert.equal(await indices.count('logs'), 253);
  const { stdout } = await workspace.run(['clear-indexes', '--json', '--yes'], env);
  const counts = { logs: 253, message: 107, perfs: 107, 'top-func': 535 };
  assert.deepEqual(JSON.parse(stdout), {
    cleared: true,
    indices: Object.entries(counts).map(([name, documents]) => ({ index: indices.prefix + name, documents })),
  });
  assert.equal(await indices.count('logs'), 0);
});

test('rotated indices go, those of an earlier rotation too, and the alias stays', async (t) => {
  const indices = new TestIndices(t);
  const { prefix, client } = indices;
  const path = join(root, 'samples/api.log');
  const daily = new Workspace(t, prefix, { indices: { prefix, rotation: 'daily' } });
  assert.equal((await daily.run(['run', '--source', 'file', '--path', path], env)).code, 0);
  await client.index({ index: `${prefix}logs-2026.11-mine`, document: { x: 1 }, refresh: true });
  const workspace = new Workspace(t, prefix, { indices: { prefix, rotation: 'monthly' } });
  const { code, stdout, stderr } = await workspace.run(['clear-indexes', '--yes'], env);
  assert.equal(code, 0, stderr);
  assert.match(stdout, new RegExp(`^${prefix}logs-2026.11.24 +253 documents$`, 'm'));
  assert.deepEqual(Object.keys(await client.indices.get({ index: `${prefix}logs` })), [
    `${prefix}logs-undated`,
  ]);
  assert.equal(await indices.count('logs-2026.11-mine'), 1);
});

test('an alias of an index that is not ours is refused, and that index left alone', async (t) => {
  const indices = new TestIndices(t);
  const { prefix, client } = indices;
  await client.index({ index: `${prefix}other`, document: { x: 1 }, refresh: true });
  await client.indices.putAlias({ index: `${prefix}other`, name: `${prefix}logs` });
  const { code, stderr } = await new Workspace(t, prefix).run(['clear-indexes', '--yes'], env);
  assert.equal(code, 2);
  assert.match(stderr, /".*logs" is an alias of .*other, which is not an index of this program/);
  assert.equal(await indices.count('other'), 1);
});

test('a name beyond the prefix, or one that stands for several, is refused before anything is asked', async (t) => {
  for (const index of ['other', 'ml-api-logs,other', 'ml-api-*']) {
    const { code, stderr } = await new Workspace(t, 'ml-api-', { plugins: [{ use: 'ml-api-logs' }] }).run(
      ['clear-indexes', '--yes'],
      { ELASTICSEARCH_URL: 'http://127.0.0.1:1', ELASTICSEARCH_INDEX: index },
    );
    assert.equal(code, 2);
    assert.match(stderr, /must begin with "ml-api-"|no index can be named/);
  }
});

test('where no index is, there is nothing to clear', async (t) => {
  const workspace = new Workspace(t, new TestIndices(t).prefix);
  const { code, stdout } = await workspace.run(['clear-indexes', '--yes'], env);
  assert.deepEqual({ code, stdout }, { code: 0, stdout: 'There is nothing to clear.\n' });
});

test('Elasticsearch down: exit 3, and what to do', async (t) => {
  const { code, stderr } = await new Workspace(t).run(['clear-indexes', '--yes'], {
    ELASTICSEARCH_URL: 'http://127.0.0.1:1',
  });
  assert.equal(code, 3);
  assert.match(stderr, /could not be reached.*Is Elasticsearch running there/);
});

test('what was cleared is read again by the next continuous run', { timeout: 60_000 }, async (t) => {
  const indices = new TestIndices(t);
  const list = new TestList(t);
  await list.push(realLines.slice(0, 50));
  const workspace = new Workspace(t, indices.prefix);
  const own = { ...env, REDIS_URL: redisUrl(), REDIS_LOGS_KEY: list.key };
  const fill = async (): Promise<void> => {
    const running = workspace.start(['run', '--continuous', '--interval', '0.5'], own);
    await eventually('all is there', async () => (await indices.count('logs').catch(() => 0)) === 50);
    await running.stop();
  };
  await fill();
  const { stdout } = await workspace.run(['clear-indexes', '--yes'], own);
  assert.match(stdout, /The next run reads all that its source still has/);
  assert.equal(await indices.count('logs'), 0);
  await fill();
});
