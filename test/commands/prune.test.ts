import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { TestIndices, Workspace } from '../helpers.ts';
import { elasticsearchUrl } from '../services/env.ts';

const env = { ELASTICSEARCH_URL: elasticsearchUrl() };
const DAY_MS = 86_400_000;

/** Python's line of a log that is so many days old. */
function line(days: number, message = `${days} days old`): string {
  const time = new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 19).replace('T', ' ');
  return `${time} - api - INFO - ${message}`;
}

/** Indices that hold logs of these ages. */
async function filled(t: TestContext, rotation: string, ...days: number[]) {
  const indices = new TestIndices(t);
  const { prefix } = indices;
  const workspace = new Workspace(t, prefix, { indices: { prefix, rotation } });
  const path = workspace.write('api.log', days.map((age) => `${line(age)}\n`).join(''));
  const { code, stderr } = await workspace.run(['run', '--source', 'file', '--path', path], env);
  assert.equal(code, 0, stderr);
  await indices.client.indices.refresh({ index: `${prefix}*` });
  const messages = async (): Promise<unknown[]> =>
    [...(await indices.documents('logs')).values()].map(({ message }) => message).sort();
  return { indices, workspace, prefix, messages };
}

test('old documents of the one index go, younger ones stay, and so do other indices', async (t) => {
  const { indices, workspace, prefix, messages } = await filled(t, 'none', 100, 31, 29, 1);
  const other = { timestamp: '2000-01-01', message: 'mine' };
  await indices.client.index({ index: `${prefix}other`, document: other, refresh: true });
  const { code, stdout, stderr } = await workspace.run(['prune', '--older-than', '30d', '--yes'], env);
  assert.equal(code, 0, stderr);
  assert.match(stdout, new RegExp(`^${prefix}logs +2 documents +2 stay$`, 'm'));
  assert.match(stdout, /Deleted\.\n$/);
  assert.deepEqual(await messages(), ['1 days old', '29 days old']);
  assert.equal(await indices.count('other'), 1);
});

test('rotated indices go as a whole where their period is over, and document by document where it is not', async (t) => {
  const { indices, workspace, prefix, messages } = await filled(t, 'daily', 100, 50, 29, 1);
  // In the period of yesterday, but written as if of long ago: such an index is not old as a whole.
  await indices.client.index({
    index: `${prefix}logs-${day(1)}`,
    document: { timestamp: '2000-01-01', message: 'ancient' },
    refresh: true,
  });
  const { code, stdout, stderr } = await workspace.run(
    ['prune', '--older-than', '30d', '--json', '--yes'],
    env,
  );
  assert.equal(code, 0, stderr);
  const { pruned, indices: found } = JSON.parse(stdout);
  assert.equal(pruned, true);
  const shown = found.map(({ index, drop, old, kept }: Record<string, unknown>) => [index, drop, old, kept]);
  assert.deepEqual(shown, [
    [`${prefix}logs-${day(100)}`, true, 1, 0],
    [`${prefix}logs-${day(50)}`, true, 1, 0],
    [`${prefix}logs-${day(1)}`, false, 1, 1],
  ]);
  const left = Object.keys(await indices.client.indices.get({ index: `${prefix}logs` })).sort();
  assert.deepEqual(left, [`${prefix}logs-${day(29)}`, `${prefix}logs-${day(1)}`, `${prefix}logs-undated`]);
  assert.deepEqual(await messages(), ['1 days old', '29 days old']);
});

function day(days: number): string {
  return line(days).slice(0, 10).replaceAll('-', '.');
}

test('a whole period that holds a younger document stays, less its old ones', async (t) => {
  const { indices, workspace, prefix, messages } = await filled(t, 'monthly', 100);
  const month = day(100).slice(0, 7);
  const document = { timestamp: new Date().toISOString(), message: 'young' };
  await indices.client.index({ index: `${prefix}logs-${month}`, document, refresh: true });
  const { code, stderr } = await workspace.run(['prune', '--older-than', '30d', '--yes'], env);
  assert.equal(code, 0, stderr);
  assert.deepEqual(await messages(), ['young']);
});

test('--dry-run, and a run without anybody to ask, delete nothing', async (t) => {
  const { workspace, messages } = await filled(t, 'none', 100);
  const dry = await workspace.run(['prune', '--older-than', '30d', '--dry-run'], env);
  assert.equal(dry.code, 0);
  assert.match(dry.stdout, /logs +1 document +0 stay\n$/);
  const unasked = await workspace.run(['prune', '--older-than', '30d'], env);
  assert.equal(unasked.code, 2);
  assert.match(unasked.stderr, /prune deletes these documents for good: repeat it with --yes/);
  const json = await workspace.run(['prune', '--older-than', '30d', '--json'], env);
  assert.equal(json.code, 2);
  assert.equal(JSON.parse(json.stdout).pruned, false);
  assert.deepEqual(await messages(), ['100 days old']);
});

test('an index without dates is warned of, and left alone', async (t) => {
  const indices = new TestIndices(t);
  const { prefix, client } = indices;
  const mappings = { properties: { timestamp: { type: 'keyword' as const } } };
  await client.indices.create({ index: `${prefix}logs`, mappings });
  await client.index({ index: `${prefix}logs`, document: { timestamp: '2000-01-01' }, refresh: true });
  const workspace = new Workspace(t, prefix);
  const { code, stdout, stderr } = await workspace.run(['prune', '--older-than', '1d', '--yes'], env);
  assert.equal(code, 0);
  assert.match(stderr, /logs has a field timestamp that is keyword and not a date, so it is left alone/);
  assert.match(stdout, /^Nothing is older than /);
  assert.equal(await indices.count('logs'), 1);
});

for (const text of ['30', '0d', '-1d', 'd', '1y', '1.5d']) {
  test(`--older-than ${text} is wrong usage: exit 2, and how to write it`, async (t) => {
    const { code, stderr } = await new Workspace(t).run(['prune', `--older-than=${text}`, '--yes'], {
      ELASTICSEARCH_URL: 'http://127.0.0.1:1',
    });
    assert.equal(code, 2);
    assert.match(stderr, /--older-than: ".*" is not a time; write 24h/);
  });
}
