import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, renameSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FaultProxy } from '../faults/proxy.ts';
import { TestIndices, Workspace } from '../helpers.ts';
import { FakeKibana } from '../kibana/fake-kibana.ts';
import { backupIn, env, exported } from './backup.ts';

const COUNTS = { logs: 253, message: 107, perfs: 107, 'top-func': 535 };

test('a restored index has the same documents, mappings, settings and aliases; twice changes nothing', async (t) => {
  const indices = new TestIndices(t);
  const index = `${indices.prefix}logs`;
  const workspace = new Workspace(t, indices.prefix);
  await indices.client.indices.create({
    index,
    settings: { number_of_replicas: 0, 'index.mapping.total_fields.limit': 50 },
    mappings: { dynamic: false, properties: { n: { type: 'long' }, again: { type: 'alias', path: 'n' } } },
    aliases: { [`${indices.prefix}all`]: { filter: { term: { n: 1 } } } },
  });
  // As text, for what JSON can say and JavaScript can't; the routing must come back too.
  const raw = '{"n":12345678901234567890, "one":1.0,"__proto__":{"x":1},"s":"\u2028\\u0000\\ud800"}';
  const path = `/${index}/_doc/raw?refresh=true&routing=r`;
  await fetch(`${env.ELASTICSEARCH_URL}${path}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: raw.replace('n":12345678901234567890', 'n":1,\n"big":12345678901234567890'),
  });
  const stored = async (): Promise<string> =>
    (await fetch(`${env.ELASTICSEARCH_URL}/${index}/_source/raw?routing=r`)).text();
  const before = await stored();
  const made = (await indices.client.indices.get({ index }))[index]!;
  assert.equal((await workspace.run(['export', '--only', index], env)).code, 0);
  await indices.client.indices.delete({ index });
  const args = ['import', '--json', '--input', backupIn(workspace)];
  const first = await workspace.run(args, env);
  assert.equal(first.code, 0, first.stderr);
  const result = { from: index, stored: 1, existing: 0, refused: 0 };
  assert.deepEqual(JSON.parse(first.stdout).indexes, { [index]: result });
  assert.equal(await stored(), before.replace('\n', ' '));
  const restored = (await indices.client.indices.get({ index }))[index]!;
  assert.deepEqual(restored.mappings, made.mappings);
  assert.deepEqual(restored.aliases, made.aliases);
  const { uuid: _, creation_date: __, ...settings } = restored.settings!.index!;
  const { uuid: ___, creation_date: ____, ...wanted } = made.settings!.index!;
  assert.deepEqual(settings, wanted);
  const second = await workspace.run(args, env);
  assert.deepEqual(JSON.parse(second.stdout).indexes, { [index]: { ...result, stored: 0, existing: 1 } });
});

test('what was deleted comes back, what is there is left alone', async (t) => {
  const { indices, workspace, input } = await exported(t);
  const logs = `${indices.prefix}logs`;
  const before = await indices.documents('logs');
  const [[gone], [changed]] = [...before] as [[string, object], [string, object]];
  await indices.client.delete({ index: logs, id: gone });
  await indices.client.update({ index: logs, id: changed, doc: { level: 'CHANGED' } });
  await indices.client.indices.delete({ index: `${indices.prefix}perfs` });
  const { code, stdout, stderr } = await workspace.run(['import', '--input', input], env);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^index +stored +already there +refused\n/);
  assert.match(stdout, new RegExp(`${logs} +1 +252 +0\n`));
  assert.deepEqual(await indices.counts(), COUNTS);
  const after = await indices.documents('logs');
  assert.deepEqual(after.get(gone), before.get(gone));
  assert.equal(after.get(changed)?.level, 'CHANGED');
});

test('--only and --rename: one index, beside the other; an alias follows only where a rule names it', async (t) => {
  const { indices, workspace } = await exported(t);
  const { prefix } = indices;
  await indices.client.indices.updateAliases({
    actions: [
      { add: { index: `${prefix}logs`, alias: `${prefix}every` } },
      { add: { index: `${prefix}logs`, alias: `other-${prefix}x` } },
    ],
  });
  const out = ['export', '--output', 'aliased', '--json'];
  const { folder: input } = JSON.parse((await workspace.run(out, env)).stdout);
  const only = ['--only', `${prefix}logs,${prefix}perfs`, '--rename', `${prefix}*=${prefix}restored-*`];
  const { code, stderr } = await workspace.run(['import', '--input', input, ...only], env);
  assert.equal(code, 0, stderr);
  assert.equal(await indices.count('restored-logs'), 253);
  assert.equal(await indices.count('restored-perfs'), 107);
  assert.deepEqual(await indices.documents('restored-logs'), await indices.documents('logs'));
  assert.equal(await indices.client.indices.exists({ index: `${prefix}restored-message` }), false);
  const restored = (await indices.client.indices.get({ index: `${prefix}restored-logs` }))[
    `${prefix}restored-logs`
  ]!;
  assert.deepEqual(Object.keys(restored.aliases!), [`${prefix}restored-every`]);
  assert.match(stderr, new RegExp(`the alias other-${prefix}x of ${prefix}logs is left out`));
});

/** Replaces a file of a backup by another, and its checksum by the other's. */
function forge(workspace: Workspace, input: string, file: string, change: (text: string) => string): void {
  const path = join(workspace.folder, input, file);
  const text = change(readFileSync(path, 'utf8'));
  writeFileSync(path, text);
  const manifest = join(workspace.folder, input, 'migration_stats.json');
  const stats = JSON.parse(readFileSync(manifest, 'utf8'));
  stats.files[file] = {
    bytes: Buffer.byteLength(text),
    sha256: createHash('sha256').update(text).digest('hex'),
  };
  writeFileSync(manifest, JSON.stringify(stats));
}

test('a document that Elasticsearch refuses is named with the reason, exit 1, and the rest is stored', async (t) => {
  const { indices, workspace, input } = await exported(t);
  const perfs = `${indices.prefix}perfs`;
  let id = '';
  forge(workspace, input, `indexes/${perfs}_documents.ndjson`, (text) => {
    const lines = text.split('\n');
    id = JSON.parse(lines[20]!).create._id;
    lines[21] = '{"timestamp":"yesterday"}';
    return lines.join('\n');
  });
  await indices.client.indices.delete({ index: perfs });
  const { code, stdout, stderr } = await workspace.run(['import', '--json', '--input', input], env);
  assert.equal(code, 1);
  const { indexes, refused } = JSON.parse(stdout);
  assert.deepEqual(indexes[perfs], { from: perfs, stored: 106, existing: 0, refused: 1 });
  assert.equal(refused.length, 1);
  assert.equal(refused[0].id, id);
  assert.match(refused[0].reason, /document_parsing_exception.*timestamp.*yesterday/);
  assert.match(stderr, new RegExp(`ERROR ${perfs} refused ${id}: document_parsing_exception`));
});

test('an index whose mapping is in conflict is left alone and told, exit 1; the others are restored', async (t) => {
  const { indices, workspace, input } = await exported(t);
  for (const name of ['message', 'perfs'])
    await indices.client.indices.delete({ index: indices.prefix + name });
  const properties = { latency_ms: { type: 'keyword' as const } };
  await indices.client.indices.create({ index: `${indices.prefix}perfs`, mappings: { properties } });
  const { code, stdout } = await workspace.run(['import', '--input', input], env);
  assert.equal(code, 1);
  assert.match(
    stdout,
    /perfs: nothing was imported: mapper \[latency_ms\] cannot be changed .*with --rename/,
  );
  assert.deepEqual(await indices.counts(), { ...COUNTS, perfs: 0 });
});

const damages: Record<string, (path: string) => void> = {
  'has 10 bytes, not the': (path) => truncateSync(path, 10),
  'was changed: its SHA-256 is': (path) => {
    const content = readFileSync(path);
    content[content.length - 3]! ^= 1;
    writeFileSync(path, content);
  },
};
for (const [message, damage] of Object.entries(damages)) {
  test(`a damaged file ${message} …: nothing is imported, exit 2`, async (t) => {
    const { indices, workspace, input } = await exported(t);
    damage(join(workspace.folder, input, `indexes/${indices.prefix}top-func_documents.ndjson`));
    await indices.client.indices.delete({ index: `${indices.prefix}logs` });
    const { code, stdout, stderr } = await workspace.run(['import', '--input', input], env);
    assert.equal(code, 2);
    assert.equal(stdout, '');
    assert.match(stderr, /is damaged; nothing was imported:\n.*top-func_documents\.ndjson/);
    assert.ok(stderr.includes(message), stderr);
    assert.equal(await indices.client.indices.exists({ index: `${indices.prefix}logs` }), false);
    const sound = await workspace.run(['import', '--input', input, '--only', `${indices.prefix}logs`], env);
    assert.equal(sound.code, 0, sound.stderr);
  });
}

/** Gives an index of a backup another name, files and all. */
function renameIndex(workspace: Workspace, input: string, from: string, to: string): void {
  const folder = join(workspace.folder, input);
  const manifest = join(folder, 'migration_stats.json');
  const text = readFileSync(manifest, 'utf8').replaceAll(from, to);
  for (const file of ['mapping.json', 'documents.ndjson'])
    renameSync(join(folder, `indexes/${from}_${file}`), join(folder, `indexes/${to}_${file}`));
  writeFileSync(manifest, text);
}

for (const name of ['*', 'somebody-elses', '_all', 'a,b']) {
  test(`a backup with an index called ${name} touches nothing`, async (t) => {
    const { indices, workspace, input } = await exported(t);
    renameIndex(workspace, input, `${indices.prefix}logs`, name);
    const before = await indices.client.indices.get({ index: `${indices.prefix}*` });
    const { code, stderr } = await workspace.run(['import', '--input', input], env);
    assert.equal(code, 2);
    assert.ok(stderr.includes(`the backup's index "${name}" is not one of this program's`), stderr);
    assert.deepEqual(await indices.client.indices.get({ index: `${indices.prefix}*` }), before);
    assert.equal(await indices.client.indices.exists({ index: 'somebody-elses' }), false);
  });
}

test('an alias with a name of somebody else is left out', async (t) => {
  const { indices, workspace, input } = await exported(t);
  const logs = `${indices.prefix}logs`;
  forge(workspace, input, `indexes/${logs}_mapping.json`, (text) =>
    JSON.stringify({ ...JSON.parse(text), aliases: { everything: { index: '*' }, '*': {} } }),
  );
  const { code, stderr } = await workspace.run(['import', '--input', input], env);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /the alias everything of .* is left out; its name does not begin with/);
  const { [logs]: found } = await indices.client.indices.get({ index: logs });
  assert.deepEqual(found?.aliases, {});
});

test('a mapping that is broken is named, exit 2', async (t) => {
  const { indices, workspace, input } = await exported(t);
  forge(workspace, input, `indexes/${indices.prefix}logs_mapping.json`, (text) => text.slice(0, 40));
  const { code, stderr } = await workspace.run(['import', '--input', input], env);
  assert.equal(code, 2);
  assert.match(stderr, /logs_mapping\.json can't be read: /);
});

test('documents that are cut off, or broken, are told with their line', async (t) => {
  const { indices, workspace, input } = await exported(t);
  const file = `indexes/${indices.prefix}perfs_documents.ndjson`;
  forge(workspace, input, file, (text) => text.split('\n').slice(0, -2).join('\n'));
  const cut = await workspace.run(['import', '--input', input], env);
  assert.equal(cut.code, 2);
  assert.match(cut.stderr, /perfs_documents\.ndjson is cut off: its last document, [0-9a-f]{32}, is missing/);
  forge(workspace, input, file, (text) => text.replace('{"create"', '{"delete"'));
  const broken = await workspace.run(['import', '--input', input], env);
  assert.equal(broken.code, 2);
  assert.match(broken.stderr, /perfs_documents\.ndjson:1 is not a bulk action with an id/);
});

test('a file that is a link is not read', async (t) => {
  const { indices, workspace, input } = await exported(t);
  const path = join(workspace.folder, input, `indexes/${indices.prefix}logs_documents.ndjson`);
  renameSync(path, join(workspace.folder, 'elsewhere'));
  symlinkSync(join(workspace.folder, 'elsewhere'), path);
  const { code, stderr } = await workspace.run(['import', '--input', input], env);
  assert.equal(code, 2);
  assert.match(stderr, /logs_documents\.ndjson can't be read: it is not a regular file/);
});

test('Elasticsearch that is busy for a while costs nothing', async (t) => {
  const { indices, workspace, input } = await exported(t);
  for (const name of Object.keys(COUNTS))
    await indices.client.indices.delete({ index: indices.prefix + name });
  const proxy = await FaultProxy.start(t, env.ELASTICSEARCH_URL);
  void proxy.next(({ response }) => void response.writeHead(503).end('{}'));
  void proxy.next(({ response }) => void response.destroy());
  const { code, stderr } = await workspace.run(['import', '--input', input], {
    ELASTICSEARCH_URL: proxy.url,
  });
  assert.equal(code, 0, stderr);
  assert.deepEqual(await indices.counts(), COUNTS);
});

test('Kibana’s objects are put back with the whole backup, and only then', async (t) => {
  const { indices, workspace } = await exported(t);
  const kibana = await FakeKibana.start(t);
  const withKibana = { ...env, KIBANA_URL: kibana.url };
  const out = await workspace.run(['export', '--output', 'whole', '--json'], withKibana);
  const { folder: input } = JSON.parse(out.stdout);
  await workspace.run(['import', '--input', input, '--only', `${indices.prefix}logs`], withKibana);
  assert.deepEqual(kibana.imported, []);
  const { code, stdout, stderr } = await workspace.run(['import', '--input', input], withKibana);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /Kibana: 3 objects/);
  assert.deepEqual(
    kibana.imported.map(({ id }) => id),
    ['logs', 'logs', 'overview'],
  );
  assert.ok(kibana.requests.at(-1)!.path.endsWith('/api/saved_objects/_import?overwrite=true'));
});

test('wrong usage is told in words, exit 2', async (t) => {
  const { workspace, input } = await exported(t);
  for (const [args, message] of [
    [[], /Missing required argument: input/],
    [['--input', 'backup'], /migration_stats\.json can't be read: there is none: give the folder backup_/],
    [['--input', input, '--only', 'nothing'], /--only: the backup has no nothing; it has test-/],
    [['--input', input, '--rename', 'a'], /--rename: "a" is not FROM=TO/],
    [['--input', input, '--rename', 'test-*=x'], /--rename: "test-\*=x" is not FROM=TO/],
  ] as const) {
    const { code, stderr } = await workspace.run(['import', ...args], env);
    assert.equal(code, 2);
    assert.match(stderr, message);
    assert.doesNotMatch(stderr, /^ +at /m, 'no stack trace');
  }
});
