import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { TestIndices, Workspace } from '../helpers.ts';
import { elasticsearchUrl } from '../services/env.ts';
import { root } from '../services/service.ts';

export const env = { ELASTICSEARCH_URL: elasticsearchUrl() };

/** Indices that hold the sample's documents. */
export async function filled(t: TestContext): Promise<{ indices: TestIndices; workspace: Workspace }> {
  const indices = new TestIndices(t);
  const workspace = new Workspace(t, indices.prefix);
  const path = join(root, 'samples/api.log');
  const { code, stderr } = await workspace.run(['run', '--source', 'file', '--path', path, '--quiet'], env);
  assert.equal(code, 0, stderr);
  await indices.counts();
  return { indices, workspace };
}

/** The path, within the workspace, of the one backup in its folder `backup`. */
export function backupIn({ folder }: Workspace): string {
  const names = readdirSync(join(folder, 'backup'));
  assert.equal(names.length, 1);
  assert.match(names[0]!, /^backup_\d{8}_\d{6}$/);
  return join('backup', names[0]!);
}

/** Makes a backup of filled indices. */
export async function exported(
  t: TestContext,
): Promise<{ indices: TestIndices; workspace: Workspace; input: string }> {
  const { indices, workspace } = await filled(t);
  const { code, stderr } = await workspace.run(['export'], env);
  assert.equal(code, 0, stderr);
  return { indices, workspace, input: backupIn(workspace) };
}
