import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { FaultProxy, pass, reply } from '../faults/proxy.ts';
import { eventually, TestIndices, TestList, Workspace } from '../helpers.ts';
import { elasticsearchUrl, redisUrl } from '../services/env.ts';
import { root } from '../services/service.ts';

const env = { ELASTICSEARCH_URL: elasticsearchUrl() };
const NAMES = ['logs', 'message', 'perfs', 'top-func'];
const SAMPLE = ['run', '--source', 'file', '--path', join(root, 'samples/api.log')];

test('--dry-run prints each request, as text or JSON, and makes nothing', async (t) => {
  const indices = new TestIndices(t);
  const workspace = new Workspace(t, indices.prefix);
  const text = await workspace.run(['setup', '--dry-run'], { ELASTICSEARCH_URL: 'http://127.0.0.1:1' });
  assert.equal(text.code, 0, text.stderr);
  assert.match(text.stdout, new RegExp(`^PUT /_index_template/${indices.prefix}logs$`, 'm'));
  assert.match(text.stdout, new RegExp(`^PUT /${indices.prefix}logs$`, 'm'));
  const json = await workspace.run(['setup', '--dry-run', '--json'], env);
  const requests = JSON.parse(json.stdout);
  assert.deepEqual(
    requests.map(({ method, path }: { method: string; path: string }) => `${method} ${path}`),
    NAMES.flatMap((name) => [
      `PUT /_index_template/${indices.prefix}${name}`,
      `PUT /${indices.prefix}${name}`,
    ]),
  );
  assert.deepEqual(await indices.client.indices.get({ index: `${indices.prefix}*` }), {});
});

test('what --dry-run prints makes what setup makes', async (t) => {
  const made: unknown[] = [];
  for (const by of ['setup', 'requests']) {
    const { prefix, client } = new TestIndices(t);
    const workspace = new Workspace(t, prefix, { indices: { prefix, rotation: 'monthly' } });
    const { stdout } = await workspace.run(['setup', '--dry-run', '--json'], env);
    if (by === 'setup') assert.equal((await workspace.run(['setup'], env)).code, 0);
    else for (const request of JSON.parse(stdout)) await client.transport.request(request);
    const { index_templates: templates } = await client.indices.getIndexTemplate({ name: `${prefix}*` });
    const undated = await client.indices.get({ index: `${prefix}*`, features: ['aliases', 'mappings'] });
    made.push([
      templates
        .map(({ name, index_template: { template } }) => [name.replace(prefix, ''), template?.mappings])
        .sort(),
      Object.entries(undated).map(([name, { mappings, aliases }]) => [
        name.replace(prefix, ''),
        mappings,
        Object.keys(aliases ?? {}).map((alias) => alias.replace(prefix, '')),
      ]),
    ]);
  }
  assert.equal((made[0] as unknown[][])[1]?.length, 4);
  assert.deepEqual(made[0], made[1]);
});

test('setup repeated changes nothing', async (t) => {
  const indices = new TestIndices(t);
  const workspace = new Workspace(t, indices.prefix);
  const settings = async (): Promise<unknown> => indices.client.indices.get({ index: `${indices.prefix}*` });
  const first = await workspace.run(['setup'], env);
  assert.equal(first.code, 0, first.stderr);
  assert.equal(first.stdout, NAMES.map((name) => `${indices.prefix}${name}: ready\n`).join(''));
  const before = await settings();
  const again = await workspace.run(['setup', '--json'], env);
  assert.deepEqual(JSON.parse(again.stdout), { ready: NAMES.map((name) => indices.prefix + name) });
  assert.deepEqual(await settings(), before);
});

test('an index that is deleted in the middle of a run comes back with its mapping', {
  timeout: 90_000,
}, async (t) => {
  const indices = new TestIndices(t);
  const { prefix, client } = indices;
  const list = new TestList(t);
  const workspace = new Workspace(t, prefix);
  const mappingOf = async () =>
    (await client.indices.getMapping({ index: `${prefix}logs` }))[`${prefix}logs`];
  await list.push(['2026-11-24 19:26:39 - api - INFO - one']);
  const run = workspace.start(['run', '--continuous', '--interval', '0.2'], {
    ...env,
    REDIS_URL: redisUrl(),
    REDIS_LOGS_KEY: list.key,
  });
  await run.says(/1 log indexed/);
  const before = await mappingOf();
  await client.indices.delete({ index: `${prefix}logs` });
  await list.push(['2026-11-24 19:26:40 - api - INFO - two']);
  await eventually('the second log is stored', async () => {
    const there = await client.indices.exists({ index: `${prefix}logs` });
    return there && (await indices.count('logs')) === 1;
  });
  assert.deepEqual(await mappingOf(), before);
  assert.equal((await run.stop()).code, 0, run.stderr);
});

test('what a user sets in the component template @custom is in the index, which is packed', async (t) => {
  const indices = new TestIndices(t);
  const name = `${indices.prefix}logs@custom`;
  await indices.client.cluster.putComponentTemplate({
    name,
    template: { settings: { number_of_replicas: 0 } },
  });
  const { code, stderr } = await new Workspace(t, indices.prefix).run(['setup'], env);
  assert.equal(code, 0, stderr);
  const { [`${indices.prefix}logs`]: logs } = await indices.client.indices.get({
    index: `${indices.prefix}logs`,
  });
  assert.equal(logs?.settings?.index?.number_of_replicas, '0');
  assert.equal(logs?.settings?.index?.codec, 'best_compression');
  await indices.client.indices.deleteIndexTemplate({ name: `${indices.prefix}*` });
  await indices.client.cluster.deleteComponentTemplate({ name });
});

test('who may not write templates: setup is refused, and names the privilege; a run warns, and does its work', async (t) => {
  const indices = new TestIndices(t);
  const workspace = new Workspace(t, indices.prefix);
  // The real server, behind what stands in for its security.
  const guard = await FaultProxy.start(t, elasticsearchUrl());
  guard.every = (exchange) => {
    if (!exchange.path.startsWith('/_index_template')) return pass(exchange);
    const headers = { 'x-elastic-product': 'Elasticsearch', 'content-type': 'application/json' };
    const body = Buffer.from(
      '{"error":{"type":"security_exception","reason":"not authorized"},"status":403}',
    );
    reply(exchange.response, { status: 403, headers, body });
  };
  const guarded = { ELASTICSEARCH_URL: guard.url };
  const refused = await workspace.run(['setup'], guarded);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /refused to set up the indices: .*manage_index_templates/s);
  const run = await workspace.run(SAMPLE, guarded);
  assert.equal(run.code, 0, run.stderr);
  assert.match(run.stderr, /WARN this user may not write the index template .*logs \(.*run `setup` once/);
  assert.equal(await indices.count('logs'), 253);
});

for (const [rotation, period] of [
  ['monthly', '2026.11'],
  ['daily', '2026.11.24'],
] as const) {
  test(`${rotation}: documents go to their period, under one alias, and another run doubles none`, {
    timeout: 90_000,
  }, async (t) => {
    const indices = new TestIndices(t);
    const { prefix, client } = indices;
    const workspace = new Workspace(t, prefix, { indices: { prefix, rotation } });
    const first = await workspace.run([...SAMPLE, '--json'], env);
    assert.equal(first.code, 0, first.stderr);
    assert.equal(JSON.parse(first.stdout).indices[`${prefix}logs`].stored, 253);
    assert.deepEqual(await indices.counts(), { logs: 253, message: 107, perfs: 107, 'top-func': 535 });
    assert.equal(await indices.count(`logs-${period}`), 253);
    const present = Object.keys(await client.indices.get({ index: `${prefix}*` }));
    const expected = NAMES.flatMap((name) => [`${prefix}${name}-${period}`, `${prefix}${name}-undated`]);
    assert.deepEqual(present.sort(), expected.sort());
    // Another zone moves no log to another period.
    const second = await workspace.run([...SAMPLE, '--json'], {
      ...env,
      PIPELINE_TIMEZONE: 'Pacific/Auckland',
    });
    assert.equal(JSON.parse(second.stdout).indices[`${prefix}logs`].existing, 253);
    assert.deepEqual(await indices.counts(), { logs: 253, message: 107, perfs: 107, 'top-func': 535 });
  });
}

test('every command works on more days than the names of which fit into a request', {
  timeout: 120_000,
}, async (t) => {
  const indices = new TestIndices(t);
  const { prefix } = indices;
  const name = `${prefix}${'x'.repeat(100)}`;
  const plugins = [{ use: 'ml-api-logs', index: name }];
  const workspace = new Workspace(t, prefix, { indices: { prefix, rotation: 'daily' }, plugins });
  const days = Array.from({ length: 40 }, (_, n) =>
    new Date(Date.UTC(2025, 0, n + 1)).toISOString().slice(0, 10),
  );
  const path = workspace.write('api.log', days.map((day) => `${day} 12:00:00 - api - INFO - x\n`).join(''));
  const source = ['--source', 'file', '--path', path];
  for (const [args, said] of [
    [['run', ...source], /: 40 documents/],
    [['run', ...source], /Already there: 40 documents/],
    [['check', ...source], /40 documents in 41 indices, mapping as expected/],
    [['stats'], / +40 +\S+ [kM]?B {2}2025-02-09 12:00:00/],
    [['deduplicate'], / +40 +40 +0 +0 +0 +0\n/],
    [['prune', '--older-than', '30d', '--yes'], /2025\.02\.09 +1 document +the whole index\nDeleted/],
    [['clear-indexes', '--yes'], /Cleared/],
  ] as const) {
    const { code, stdout, stderr } = await workspace.run(args, env);
    assert.equal(code, 0, stderr);
    assert.match(stdout, said);
  }
});

test('a log without a time goes to the index of such, and stays one document', {
  timeout: 60_000,
}, async (t) => {
  const indices = new TestIndices(t);
  const { prefix } = indices;
  const workspace = new Workspace(t, prefix, { indices: { prefix, rotation: 'daily' } });
  const path = workspace.write('api.log', 'no time at all\n2026-11-24 19:26:39 - api - INFO - x\n');
  for (let run = 0; run < 2; run++) {
    const { code, stderr } = await workspace.run(['run', '--source', 'file', '--path', path], env);
    assert.equal(code, 0, stderr);
  }
  assert.equal(await indices.count('logs-undated'), 1);
  assert.equal(await indices.count('logs-2026.11.24'), 1);
  assert.equal(await indices.count('logs'), 2);
});

test('a period that is there without alias and field gets both', async (t) => {
  const indices = new TestIndices(t);
  const { prefix, client } = indices;
  await client.indices.create({
    index: `${prefix}logs-2026.10`,
    mappings: { properties: { level: { type: 'keyword' } } },
  });
  const workspace = new Workspace(t, prefix, { indices: { prefix, rotation: 'monthly' } });
  const { code, stderr } = await workspace.run(['setup'], env);
  assert.equal(code, 0, stderr);
  const { [`${prefix}logs-2026.10`]: period } = await client.indices.get({ index: `${prefix}logs` });
  assert.equal(period?.mappings?.properties?.timestamp?.type, 'date');
});

test('indices of another rotation are refused: exit 2, what to do, and that works', {
  timeout: 90_000,
}, async (t) => {
  const indices = new TestIndices(t);
  const { prefix } = indices;
  let before = '';
  for (const rotation of ['none', 'monthly', 'daily', 'none']) {
    const workspace = new Workspace(t, prefix, { indices: { prefix, rotation } });
    if (before !== '') {
      const { code, stderr } = await workspace.run(SAMPLE, env);
      assert.equal(code, 2);
      assert.match(
        stderr,
        /there is an index .*logs\S*, made with another indices\.rotation .*clear-indexes/,
      );
      const cleared = await workspace.run(['clear-indexes', '--yes'], env);
      assert.equal(cleared.code, 0, cleared.stderr);
    }
    assert.equal((await workspace.run(SAMPLE, env)).code, 0);
    assert.equal(await indices.count('logs'), 253);
    before = rotation;
  }
});
