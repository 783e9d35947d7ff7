import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { TestList, Workspace } from '../helpers.ts';
import { realLines } from '../samples.ts';
import { redisUrl } from '../services/env.ts';

const DOWN = { ELASTICSEARCH_URL: 'http://127.0.0.1:1' };

test('a dry run tells what would be stored, and leaves no trace', { timeout: 60_000 }, async (t) => {
  const list = new TestList(t);
  await list.push([...realLines.slice(0, 50), 'x'.repeat(2 << 20)]);
  const workspace = new Workspace(t);
  const env = { ...DOWN, REDIS_URL: redisUrl(), REDIS_LOGS_KEY: list.key };
  const { code, stdout, stderr } = await workspace.run(['run', '--dry-run'], env);
  assert.equal(code, 1, stderr);
  assert.match(stdout, /^📊 Log pipeline - Dry run: nothing is stored\n/);
  assert.match(stdout, /ml-api-logs: 50 documents/);
  assert.match(stdout, /Would be dead letters: 1\n {3}The first, at parse: the entry has /);
  assert.doesNotMatch(stdout, /dead-letters list/);
  assert.deepEqual(readdirSync(workspace.folder), ['configs']);
  // What was read does not count as read.
  const again = JSON.parse((await workspace.run(['run', '--dry-run', '--json'], env)).stdout);
  assert.deepEqual([again.dryRun, again.logs, again.indices['ml-api-logs'].stored], [true, 51, 50]);
  assert.equal(existsSync(join(workspace.folder, 'data')), false);
});

test('what can not be read without being taken is not', async (t) => {
  const workspace = new Workspace(t);
  const taken = await workspace.run(['run', '--dry-run', '--source', 'http'], DOWN);
  assert.equal(taken.code, 2);
  assert.match(taken.stderr, /--dry-run: reading .* takes logs away .*`try FILE`/);
  const { code, stderr } = await workspace.run(['run', '--dry-run', '--continuous'], DOWN);
  assert.equal(code, 2);
  assert.match(stderr, /leave --continuous out/);
});
