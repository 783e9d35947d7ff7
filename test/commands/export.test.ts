import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parquetReadObjects } from 'hyparquet';
import { FaultProxy, pass } from '../faults/proxy.ts';
import { eventually, ndjson, TestIndices, Workspace } from '../helpers.ts';
import { FakeKibana } from '../kibana/fake-kibana.ts';
import { backupIn, env, filled } from './backup.ts';

const COUNTS = { logs: 253, message: 107, perfs: 107, 'top-func': 535 };

test('a backup holds every document in bulk form, what makes the indices, and checksums', async (t) => {
  const { indices, workspace } = await filled(t);
  const logs = `${indices.prefix}logs`;
  await indices.client.indices.updateAliases({
    actions: [{ add: { index: logs, alias: `${indices.prefix}all`, filter: { term: { level: 'INFO' } } } }],
  });
  const { code, stdout, stderr } = await workspace.run(['export'], env);
  assert.equal(code, 0, stderr);
  const folder = join(workspace.folder, backupIn(workspace));
  assert.match(stdout, new RegExp(`${logs} +253 +\\d+\n`));
  assert.match(
    stdout,
    /\n1002 documents in .*\nRestore them with: ml-log-sidecar import --input backup\/backup_/,
  );
  assert.deepEqual(readdirSync(folder).sort(), ['indexes', 'migration_stats.json']);
  const stats = JSON.parse(readFileSync(join(folder, 'migration_stats.json'), 'utf8'));
  assert.equal(stats.total_documents, 1002);
  for (const [name, count] of Object.entries(COUNTS)) {
    const index = indices.prefix + name;
    assert.equal(stats.indexes[index].documents, count);
    const lines = ndjson(readFileSync(join(folder, `indexes/${index}_documents.ndjson`), 'utf8'));
    const written = new Map<unknown, unknown>();
    for (let n = 0; n < lines.length; n += 2) {
      const { create } = lines[n] as { create: { _index: string; _id: string } };
      assert.equal(create._index, index);
      written.set(create._id, lines[n + 1]);
    }
    assert.deepEqual(written, await indices.documents(name));
  }
  const files = Object.entries(stats.files) as [string, { bytes: number; sha256: string }][];
  assert.equal(files.length, 8);
  for (const [path, { bytes, sha256 }] of files) {
    const content = readFileSync(join(folder, path));
    assert.equal(content.length, bytes);
    assert.equal(createHash('sha256').update(content).digest('hex'), sha256);
    assert.equal(statSync(join(folder, path)).mode & 0o077, 0, 'it is nobody else’s to read');
  }
  const made = JSON.parse(readFileSync(join(folder, `indexes/${logs}_mapping.json`), 'utf8'));
  const present = (await indices.client.indices.get({ index: logs }))[logs]!;
  assert.deepEqual(made.mappings, present.mappings);
  assert.deepEqual(made.aliases, present.aliases);
  assert.deepEqual(Object.keys(made.settings.index).sort(), [
    'codec',
    'number_of_replicas',
    'number_of_shards',
  ]);
});

test('a backup holds what was written just before, though no search has seen it', async (t) => {
  const { indices, workspace } = await filled(t);
  const index = `${indices.prefix}perfs`;
  await indices.client.indices.putSettings({ index, settings: { refresh_interval: '-1' } });
  await indices.client.index({ index, document: { timestamp: '2026-11-24T19:30:00Z' }, refresh: false });
  const { stdout } = await workspace.run(['export', '--json', '--only', index], env);
  assert.deepEqual(JSON.parse(stdout).indexes, { [index]: { documents: 108 } });
});

test('--json prints one JSON object, --only takes some of the indices', async (t) => {
  const { indices, workspace } = await filled(t);
  const index = `${indices.prefix}perfs`;
  const { code, stdout } = await workspace.run(['export', '--json', '--only', index, '--output', 'b'], env);
  assert.equal(code, 0);
  const { folder, indexes } = JSON.parse(stdout);
  assert.match(folder, /^b\/backup_/);
  assert.deepEqual(indexes, { [index]: { documents: 107 } });
});

test('an alias stands for the indices behind it', async (t) => {
  const { indices, workspace } = await filled(t);
  const actions = ['logs', 'perfs'].map((name) => ({
    add: { index: indices.prefix + name, alias: `${indices.prefix}both` },
  }));
  await indices.client.indices.updateAliases({ actions });
  const { stdout } = await workspace.run(['export', '--json', '--only', `${indices.prefix}both`], env);
  assert.deepEqual(Object.keys(JSON.parse(stdout).indexes), [
    `${indices.prefix}logs`,
    `${indices.prefix}perfs`,
  ]);
});

test('an export that still runs is not gone on with by another', { timeout: 60_000 }, async (t) => {
  const { workspace } = await filled(t);
  const proxy = await FaultProxy.start(t, env.ELASTICSEARCH_URL);
  proxy.every = async (exchange) => {
    if (!exchange.path.startsWith('/_search')) await pass(exchange);
  };
  const running = workspace.start(['export'], { ELASTICSEARCH_URL: proxy.url });
  const output = join(workspace.folder, 'backup');
  await eventually('it has begun', () => existsSync(output) && readdirSync(output).length > 0);
  const folder = join(workspace.folder, backupIn(workspace));
  await eventually('it is at work', () => readdirSync(folder).some((name) => name.endsWith('.owner')));
  const { code, stderr } = await workspace.run(['export', '--resume'], env);
  assert.equal(code, 2);
  assert.match(
    stderr,
    /another ml-log-sidecar \(process \d+ on \S+\) writes backup\/backup_\d+_\d+\. Let it end/,
  );
  await running.stop('SIGKILL');
});

/** Kills an export in the middle of its last index, and returns its folder and how many documents that index had then. */
async function killed(
  workspace: Workspace,
  proxy: FaultProxy,
  index: string,
): Promise<{ documents: number }> {
  // Searches of that index: its count, its first page, and a second that never comes back.
  let searches = 0;
  proxy.every = async (exchange) => {
    const ours = exchange.path.startsWith('/_search') && exchange.body.includes(`"_index":"${index}"`);
    if (!ours || ++searches < 3) await pass(exchange);
  };
  const running = workspace.start(['export'], { ELASTICSEARCH_URL: proxy.url });
  await eventually('the second page is asked for', () => searches === 3);
  await running.stop('SIGKILL');
  proxy.every = undefined;
  proxy.cut();
  const state = join(workspace.folder, backupIn(workspace), 'export_state.json');
  return JSON.parse(readFileSync(state, 'utf8')).current;
}

test('a killed export goes on where it was, at its own point in time', { timeout: 60_000 }, async (t) => {
  const { indices, workspace } = await filled(t);
  const index = `${indices.prefix}top-func`;
  const proxy = await FaultProxy.start(t, env.ELASTICSEARCH_URL);
  assert.equal((await killed(workspace, proxy, index)).documents, 200);
  const folder = join(workspace.folder, backupIn(workspace));
  const path = join(folder, `indexes/${index}_documents.ndjson`);
  // What the kill left behind the saved place does not count.
  writeFileSync(path, '{"create":{"_ind', { flag: 'a' });
  await indices.client.index({ index, id: 'late', document: { function_name: 'x' }, refresh: true });
  let searches = 0;
  proxy.every = async (exchange) => {
    if (exchange.path.startsWith('/_search')) searches++;
    await pass(exchange);
  };
  const resumed = await workspace.run(['export', '--resume', '--json'], { ELASTICSEARCH_URL: proxy.url });
  assert.equal(resumed.code, 0, resumed.stderr);
  assert.equal(JSON.parse(resumed.stdout).total_documents, 1002);
  assert.ok(searches <= 3, 'what was exported is not read again');
  assert.equal(existsSync(join(folder, 'export_state.json')), false);
  const lines = ndjson(readFileSync(path, 'utf8'));
  const ids = new Set(
    lines.filter((_, n) => n % 2 === 0).map(({ create }) => (create as { _id: string })._id),
  );
  assert.equal(ids.size, 535);
  const checked = await workspace.run(['import', '--input', backupIn(workspace)], env);
  assert.equal(checked.code, 0, checked.stderr);
});

test('where its point in time is gone, the index in hand begins anew, and says so', {
  timeout: 60_000,
}, async (t) => {
  const { indices, workspace } = await filled(t);
  const index = `${indices.prefix}top-func`;
  await killed(workspace, await FaultProxy.start(t, env.ELASTICSEARCH_URL), index);
  const state = JSON.parse(
    readFileSync(join(workspace.folder, backupIn(workspace), 'export_state.json'), 'utf8'),
  );
  await indices.client.closePointInTime({ id: state.pit });
  await indices.client.index({ index, id: 'late', document: { function_name: 'x' }, refresh: true });
  const { code, stdout, stderr } = await workspace.run(['export', '--resume', '--json'], env);
  assert.equal(code, 0, stderr);
  assert.match(stderr, new RegExp(`WARN the point in time is gone; ${index}: begun anew, as they are now`));
  assert.equal(JSON.parse(stdout).indexes[index].documents, 536);
});

test('Kibana’s data views and dashboards are kept, and a Kibana that is down is told', async (t) => {
  const { indices, workspace } = await filled(t);
  const kibana = await FakeKibana.start(t);
  const withKibana = {
    ...env,
    KIBANA_URL: kibana.url,
    ELASTICSEARCH_USERNAME: 'elastic',
    ELASTICSEARCH_PASSWORD: 'x',
  };
  const args = ['export', '--only', `${indices.prefix}perfs`];
  kibana.instead = { status: 401, body: '{"message":"unknown user"}' };
  const refused = await workspace.run(args, withKibana);
  assert.equal(refused.code, 2);
  assert.match(
    refused.stderr,
    /Kibana at http:\/\/127\.0\.0\.1:\d+ refused: 401 unknown user\. Set ELASTICSEARCH_API_KEY/,
  );
  assert.match(refused.stderr, /export --resume --output \.\/backup continues backup\/backup_/);
  kibana.instead = undefined;
  const { code, stdout, stderr } = await workspace.run(['export', '--resume'], withKibana);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /Kibana: 1 data views, 1 dashboards/);
  const folder = join(workspace.folder, backupIn(workspace));
  const views = ndjson(readFileSync(join(folder, 'dataviews/dataviews.ndjson'), 'utf8'));
  assert.equal(views[0]?.id, 'logs');
  const dashboards = ndjson(readFileSync(join(folder, 'dashboards/dashboards.ndjson'), 'utf8'));
  assert.deepEqual(
    dashboards.map(({ id }) => id),
    ['logs', 'overview', undefined],
  );
  assert.match(kibana.requests[0]!.headers.authorization!, /^Basic /);
});

test('predictions become a Parquet file', async (t) => {
  const { indices, workspace } = await filled(t);
  const { code, stdout, stderr } = await workspace.run(['export', '--format', 'parquet'], env);
  assert.equal(code, 0, stderr);
  const [, path = ''] =
    /^(backup\/\S+message_\d{8}_\d{6}\.parquet): 107 rows, 23 columns\n$/.exec(stdout) ?? [];
  const file = new Uint8Array(readFileSync(join(workspace.folder, path))).buffer;
  const rows = await parquetReadObjects({ file });
  const documents = (await indices.documents('message')) as Map<string, { input_data: { AGE: number } }>;
  assert.equal(rows.length, documents.size);
  for (const row of rows) assert.equal(row['input_data.AGE'], documents.get(row._id)?.input_data.AGE);
});

for (const [args, code, message] of [
  [['export', '--only', 'no-such-index'], 2, /there is none of the indices no-such-index to export/],
  [['export', '--resume'], 2, /\.\/backup holds no interrupted backup/],
  [['export', '--format', 'parquet', '--resume'], 2, /--resume is for --format ndjson/],
] as const) {
  test(`\`${args.join(' ')}\`: exit ${code}, and why`, async (t) => {
    const ended = await new Workspace(t, new TestIndices(t).prefix).run(args, env);
    assert.equal(ended.code, code, ended.stderr);
    assert.match(ended.stderr, message);
  });
}

test('a folder that can not be made: exit 3, and why', async (t) => {
  const { workspace } = await filled(t);
  const { code, stderr } = await workspace.run(['export', '--output', '/dev/null/x'], env);
  assert.equal(code, 3);
  assert.match(stderr, /\/dev\/null\/x\/backup_\d+_\d+ can't be written: ENOTDIR/);
});

test('Elasticsearch down: exit 3, and what to do', async (t) => {
  const { code, stderr } = await new Workspace(t).run(['export'], {
    ELASTICSEARCH_URL: 'http://127.0.0.1:1',
  });
  assert.equal(code, 3);
  assert.match(stderr, /could not be reached.*Is Elasticsearch running there/);
});
