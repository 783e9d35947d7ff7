import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { TestIndices, Workspace } from '../helpers.ts';
import { elasticsearchUrl } from '../services/env.ts';
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
  assert.match(stdout, new RegExp(`${indices.prefix}logs: 253 documents`));
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
