import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { TestIndices, TestList, Workspace } from '../helpers.ts';
import { realLines } from '../samples.ts';
import { elasticsearchUrl, redisUrl } from '../services/env.ts';
import { startGradio } from '../services/gradio.ts';
import { startRedis } from '../services/redis.ts';
import { root } from '../services/service.ts';

const DOWN = 'http://127.0.0.1:1';
const SAMPLE = ['--source', 'file', '--path', join(root, 'samples/api.log')];

interface Found {
  exit: number;
  /** By name. */
  checks: Record<string, { state: string; says: string; action?: string }>;
}

/** What `check --json` finds. */
async function check(workspace: Workspace, env: Record<string, string>, ...args: string[]): Promise<Found> {
  const { code, stdout, stderr } = await workspace.run(['check', '--json', ...args], env);
  assert.notEqual(stdout, '', stderr);
  const { exit, checks } = JSON.parse(stdout);
  assert.equal(code, exit);
  for (const { name, state, action } of checks) assert.equal(state === 'ok', action === undefined, name);
  return {
    exit,
    checks: Object.fromEntries(checks.map(({ name, ...rest }: { name: string }) => [name, rest])),
  };
}

/** A list, indices of the sample, and a workspace that names both. */
function bed(t: TestContext, config: Record<string, unknown> = {}) {
  const indices = new TestIndices(t);
  const list = new TestList(t);
  const env = { REDIS_URL: redisUrl(), REDIS_LOGS_KEY: list.key, ELASTICSEARCH_URL: elasticsearchUrl() };
  return { indices, list, env, workspace: new Workspace(t, indices.prefix, config) };
}

/** A server that answers as `answer` does; its address. */
async function standIn(t: TestContext, answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('where all is well every line says so, exit 0', async (t) => {
  const { indices, list, env, workspace } = bed(t);
  await list.push(realLines);
  assert.equal((await workspace.run(['run'], env)).code, 0);
  const { exit, checks } = await check(workspace, env);
  assert.equal(exit, 0);
  assert.deepEqual(
    Object.values(checks).map(({ state }) => state),
    Object.keys(checks).map(() => 'ok'),
  );
  assert.match(
    checks.redis!.says,
    /holds 253 logs, 2026-11-24 19:25:11 to 2026-11-24 19:26:39 UTC, 172\.5 a minute; the newest is \d+ \w+ old; written with LPUSH, by their times$/,
  );
  assert.match(checks.filter!.says, /^of the newest 58 logs, lines of metrics aside, 54 pass/);
  assert.match(checks.elasticsearch!.says, /^(Elasticsearch|OpenSearch) \d+\.\d+\.\d+ at /);
  assert.match(checks[`index ${indices.prefix}top-func`]!.says, /^535 documents, mapping as expected$/);
  const { stdout } = await workspace.run(['check'], env);
  assert.equal(stdout.match(/^✅ /gm)?.length, Object.keys(checks).length);
});

test('servers out of reach: each says what to do, the rest is checked all the same, exit 3', async (t) => {
  const { workspace } = bed(t);
  const env = {
    REDIS_URL: 'redis://127.0.0.1:1',
    ELASTICSEARCH_URL: DOWN,
    VECTOR_URL: DOWN,
    KIBANA_URL: DOWN,
  };
  const { exit, checks } = await check(workspace, env, '--sink', 'vector');
  assert.equal(exit, 3);
  for (const [name, action] of [
    ['redis', /Is Redis running there.*redis-cli -h 127\.0\.0\.1 -p 1 LLEN api_logs/],
    ['elasticsearch', /Is Elasticsearch running there.*ELASTICSEARCH_URL/],
    ['vector', /Is Vector running there with vector\.toml/],
    ['kibana', /Is Kibana running there.*KIBANA_URL/],
  ] as const) {
    assert.match(checks[name]!.says, /could not be reached: .*ECONNREFUSED/, name);
    assert.match(checks[name]!.action!, action);
  }
  assert.equal(checks.state?.state, 'ok');
});

test('a wrong configuration is a failed line, exit 2', async (t) => {
  const { workspace } = bed(t);
  const wrong = await check(workspace, { PIPELINE_BATCH_SIZE: '0' });
  assert.equal(wrong.exit, 2);
  assert.match(wrong.checks.configuration!.says, /PIPELINE_BATCH_SIZE \(environment\): .* must be >= 1/);
  const missing = await check(workspace, {}, '--source', 'gradio');
  assert.match(missing.checks.configuration!.says, /GRADIO_URL/);
});

test('an empty list is a warning, and names the lists that may be meant', { timeout: 60_000 }, async (t) => {
  const redis = await startRedis();
  t.after(() => redis.stop());
  const { workspace } = bed(t);
  const env = { REDIS_URL: redis.url, ELASTICSEARCH_URL: DOWN };
  const nothing = await check(workspace, env, '--sink', 'directory');
  assert.equal(nothing.exit, 0);
  assert.match(nothing.checks.redis!.says, /holds no logs/);
  assert.match(nothing.checks.redis!.action!, /Does the API write its logs there/);
  const other = new TestList(t, redis.url);
  await other.push(['x']);
  const { checks } = await check(workspace, env, '--sink', 'directory');
  assert.match(checks.redis!.action!, new RegExp(`has "${other.key}": set REDIS_LOGS_KEY`));
  await other.redis.set('api_logs', 'text');
  const wrong = await check(workspace, env, '--sink', 'directory');
  assert.equal(wrong.exit, 2);
  assert.match(
    wrong.checks.redis!.says,
    /"api_logs" \(REDIS_LOGS_KEY\) is a string, not a list.*set REDIS_LOGS_KEY/,
  );
});

test('a filter that lets nothing pass, and logs from the future, are warnings', async (t) => {
  const { list, env, workspace } = bed(t);
  const soon = new Date(Date.now() + 3_600_000).toISOString().slice(0, 19);
  await list.push([realLines.find((line) => line.includes('performance_metrics')) as string]);
  await list.push([`${soon} - api - INFO - API Call - POST /predict - Status: 200 - Time: 1.0ms`]);
  const { exit, checks } = await check(
    workspace,
    { ...env, PIPELINE_FILTER_PATTERN: '/nowhere' },
    '--sink',
    'directory',
  );
  assert.equal(exit, 0);
  assert.match(checks.filter!.says, /^of the newest 1 log, lines of metrics aside, 0 pass/);
  assert.match(checks.filter!.action!, /PIPELINE_FILTER_PATTERN \(\/nowhere\)/);
  assert.match(checks.clock!.says, /ahead of now/);
  assert.match(checks.clock!.action!, /PIPELINE_TIMEZONE/);
});

test('logs without a time or a level are a warning that shows one, once they are more than a few', async (t) => {
  const { list, env, workspace } = bed(t);
  const odd = '02/03/2026 08:15:04 <loud> an own layout';
  await list.push([...realLines.slice(0, 80), odd]);
  const few = await check(workspace, env, '--sink', 'directory');
  assert.equal(few.checks.formats, undefined);
  await list.push([odd, 'INFO:     no time', '2026-11-24 19:26:39 - no level']);
  const { exit, checks } = await check(workspace, env, '--sink', 'directory');
  assert.deepEqual([exit, checks.formats!.state], [0, 'warning']);
  assert.match(
    checks.formats!.says,
    /^of the newest \d+ logs, 4 have no time or no level .*"2026-11-24|no level"/,
  );
  assert.match(checks.formats!.action!, /`try` shows/);
});

test('a stream is looked at without making its group', async (t) => {
  const { list, env, workspace } = bed(t);
  for (const line of realLines.slice(0, 30)) await list.redis.xadd(list.key, '*', 'log', line);
  const { checks } = await check(workspace, env, '--source', 'redis-stream', '--sink', 'directory');
  assert.match(
    checks['redis-stream']!.says,
    /holds 30 logs, 2026-11-24 19:25:11 to .*; the group "ml-log-sidecar" begins with the first run/,
  );
  assert.deepEqual(await list.redis.xinfo('GROUPS', list.key), []);
});

test('a Space is looked at through its own form', { timeout: 120_000 }, async (t) => {
  const { list, env, workspace } = bed(t);
  await list.push(realLines);
  const gradio = await startGradio({ redisUrl: redisUrl(), key: list.key });
  t.after(() => gradio.stop());
  const { exit, checks } = await check(
    workspace,
    { ...env, GRADIO_URL: gradio.url },
    '--source',
    'gradio',
    '--sink',
    'directory',
  );
  assert.equal(exit, 0);
  assert.match(
    checks.gradio!.says,
    /holds 253 logs, 2026-11-24 19:25:11 to 2026-11-24 19:26:39 .*read through the Gradio API name \/logs_api/,
  );
  await gradio.stop();
  const gone = await check(
    workspace,
    { ...env, GRADIO_URL: gradio.url },
    '--source',
    'gradio',
    '--sink',
    'directory',
  );
  assert.equal(gone.exit, 3);
  assert.match(gone.checks.gradio!.action!, /GRADIO_URL/);
});

test('indices that are missing: a warning for a run that makes them, a failure for a shipper', async (t) => {
  const { indices, env, workspace } = bed(t);
  const name = `index ${indices.prefix}logs`;
  const own = await check(workspace, env, ...SAMPLE);
  assert.deepEqual([own.exit, own.checks[name]?.state], [0, 'warning']);
  const shipped = await check(workspace, env, ...SAMPLE, '--sink', 'stdout');
  assert.deepEqual([shipped.exit, shipped.checks[name]?.state], [1, 'failed']);
  assert.match(shipped.checks[name]!.action!, /Run `setup`/);
});

test('another mapping, a block, a missing template and the ids of others are found, with what to do', async (t) => {
  const { indices, env, workspace } = bed(t);
  const { prefix, client } = indices;
  await client.indices.create({
    index: `${prefix}perfs`,
    mappings: { properties: { latency_ms: { type: 'keyword' } } },
  });
  assert.equal((await workspace.run(['setup'], env)).code, 0);
  await client.index({
    index: `${prefix}logs`,
    document: { timestamp: '2026-11-24', message: 'x' },
    refresh: true,
  });
  await client.indices.deleteIndexTemplate({ name: `${prefix}message` });
  await client.indices.putSettings({ index: `${prefix}top-func`, settings: { 'index.blocks.write': true } });
  const { exit, checks } = await check(workspace, env, ...SAMPLE);
  assert.equal(exit, 1);
  assert.match(checks[`index ${prefix}perfs`]!.says, /latency_ms is keyword, not double/);
  assert.match(checks[`index ${prefix}logs`]!.says, /^ids of another pipeline: 1 of the newest 1 document$/);
  assert.match(checks[`index ${prefix}logs`]!.action!, /`deduplicate` finds out/);
  assert.match(checks[`template ${prefix}message`]!.action!, /Run `setup`/);
  assert.match(checks[`index ${prefix}top-func`]!.says, /can't be written to \(index\.blocks\.write\)/);
  assert.match(checks[`index ${prefix}top-func`]!.action!, /_settings \{"index\.blocks\.write": null\}/);
  await client.indices.putSettings({ index: `${prefix}top-func`, settings: { 'index.blocks.write': null } });
});

test('rotated indices are checked as one; those of another rotation are a failure', async (t) => {
  const { indices, env, workspace } = bed(t);
  const monthly = { ...env, INDICES_ROTATION: 'monthly' };
  assert.equal((await workspace.run(['run', ...SAMPLE], monthly)).code, 0);
  const { exit, checks } = await check(workspace, monthly, ...SAMPLE);
  assert.equal(exit, 0);
  assert.match(
    checks[`index ${indices.prefix}logs`]!.says,
    /^253 documents in 2 indices, mapping as expected$/,
  );
  const other = await check(workspace, env, ...SAMPLE);
  assert.equal(other.exit, 2);
  assert.match(
    other.checks[`index ${indices.prefix}logs`]!.says,
    /created with a different indices\.rotation than "none"/,
  );
});

test('dead letters are counted, and a folder that can not be written is a failure', async (t) => {
  const { workspace } = bed(t, { limits: { entry_bytes: 1024 } });
  const path = workspace.write('api.log', `2026-11-24 19:26:39 - api - INFO - ${'x'.repeat(2000)}\n`);
  const args = ['--source', 'file', '--path', path, '--sink', 'directory'];
  assert.equal((await workspace.run(['run', ...args], {})).code, 1);
  const { exit, checks } = await check(workspace, {}, ...args, '--out', join(path, 'out'));
  assert.equal(exit, 3);
  assert.match(checks['dead letters']!.says, /^1 log could not be stored/);
  assert.match(checks['dead letters']!.action!, /dead-letters list/);
  assert.match(checks.folder!.says, /ENOTDIR/);
  assert.match(checks.folder!.action!, /--out/);
});

test('what is not Elasticsearch, and one that wants a password, are told apart: exit 2', async (t) => {
  const { workspace } = bed(t);
  const page = await standIn(t, (_request, response) => response.end('<html>hello</html>'));
  const html = await check(workspace, { ELASTICSEARCH_URL: page }, ...SAMPLE);
  assert.equal(html.exit, 2);
  assert.match(html.checks.elasticsearch!.says, /is not Elasticsearch/);
  const locked = await standIn(t, (_request, response) => {
    response.writeHead(401, { 'x-elastic-product': 'Elasticsearch', 'content-type': 'application/json' });
    response.end('{"error":{"type":"security_exception","reason":"missing credentials"},"status":401}');
  });
  const { exit, checks } = await check(workspace, { ELASTICSEARCH_URL: locked }, ...SAMPLE);
  assert.equal(exit, 2);
  assert.match(checks.elasticsearch!.action!, /Set ELASTICSEARCH_API_KEY/);
});

// Stand-ins: neither Kibana nor Vector runs wherever these tests do.
test('Kibana is asked for its state with the credentials of Elasticsearch', async (t) => {
  const { env, workspace } = bed(t);
  let level = 'available';
  const url = await standIn(t, ({ url: path, headers }, response) => {
    if (headers.authorization !== 'ApiKey key') return void response.writeHead(401).end('{}');
    assert.equal(path, '/api/status');
    response.end(
      JSON.stringify({ version: { number: '9.4.3' }, status: { overall: { level, summary: 'it is so' } } }),
    );
  });
  const asked = { ...env, KIBANA_URL: `${url}/`, ELASTICSEARCH_API_KEY: 'key' };
  const { checks } = await check(workspace, asked, ...SAMPLE);
  assert.deepEqual(checks.kibana, { state: 'ok', says: `9.4.3 at ${url}: available` });
  level = 'critical';
  const critical = await check(workspace, asked, ...SAMPLE);
  assert.deepEqual([critical.exit, critical.checks.kibana?.state], [1, 'failed']);
  assert.match(critical.checks.kibana!.says, /critical: it is so/);
  const stranger = await check(workspace, { ...asked, ELASTICSEARCH_API_KEY: '' }, ...SAMPLE);
  assert.equal(stranger.exit, 2);
  assert.match(stranger.checks.kibana!.action!, /ELASTICSEARCH_API_KEY/);
});

test('Vector is asked with a request that holds no log', async (t) => {
  const { env, workspace } = bed(t);
  let bytes = 0;
  const url = await standIn(t, async (request, response) => {
    for await (const chunk of request) bytes += chunk.length;
    const login = request.headers.authorization === `Basic ${Buffer.from('u:p').toString('base64')}`;
    response.writeHead(request.method !== 'POST' || request.url !== '/logs' ? 404 : login ? 200 : 401).end();
  });
  const vector = async (more: Record<string, string>) => {
    const { checks } = await check(workspace, { ...env, ...more }, ...SAMPLE, '--sink', 'vector');
    return checks.vector!;
  };
  const login = { VECTOR_USERNAME: 'u', VECTOR_PASSWORD: 'p' };
  assert.equal((await vector({ VECTOR_URL: `${url}/logs`, ...login })).state, 'ok');
  assert.match(
    (await vector({ VECTOR_URL: `${url}/logs` })).action!,
    /Set VECTOR_USERNAME and VECTOR_PASSWORD/,
  );
  assert.match((await vector({ VECTOR_URL: url, ...login })).action!, /address and path/);
  assert.equal(bytes, 0);
});
