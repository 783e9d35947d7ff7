import assert from 'node:assert/strict';
import { get } from 'node:http';
import { type TestContext, test } from 'node:test';
import { type CommandLine, eventually, TestList, Workspace } from '../helpers.ts';
import { realLines } from '../samples.ts';
import { redisUrl } from '../services/env.ts';
import { startRedis } from '../services/redis.ts';

const RUN = ['run', '--continuous', '--interval', '0.2', '--sink', 'directory', '--out', 'out'];

interface Readiness {
  ready: boolean;
  open: boolean;
  last_commit_seconds_ago: number | null;
  newest_log_seconds_ago: number | null;
  servers: { name: string; reachable: boolean; seconds_ago: number; reason?: string }[];
}

/** A sidecar that follows a list, and where its endpoints are. */
async function started(
  t: TestContext,
  key: string,
  url: string,
): Promise<{ at: string; sidecar: CommandLine }> {
  const env = { REDIS_URL: url, REDIS_LOGS_KEY: key };
  const sidecar = new Workspace(t).start([...RUN, '--listen', '127.0.0.1:0'], env);
  await sidecar.says(/\/metrics are at http/);
  return { at: /\/metrics are at (\S+)/.exec(sidecar.stderr)![1]!, sidecar };
}

async function readiness(at: string): Promise<Readiness & { status: number }> {
  const response = await fetch(`${at}/readyz`);
  return { ...((await response.json()) as Readiness), status: response.status };
}

test('/healthz, /readyz and /metrics tell what a run did', async (t) => {
  const list = new TestList(t);
  await list.push(realLines);
  const { at, sidecar } = await started(t, list.key, redisUrl());
  const committed = await eventually('it has committed', async () => {
    const told = await readiness(at);
    return told.last_commit_seconds_ago !== null && told;
  });
  assert.equal(committed.status, 200);
  assert.equal(committed.ready, true);
  assert.deepEqual(
    committed.servers.map(({ name, reachable }) => [name.includes(list.key), reachable]),
    [[true, true]],
  );
  assert.ok(committed.newest_log_seconds_ago !== null);
  const health = await fetch(`${at}/healthz`);
  assert.deepEqual([health.status, await health.text()], [200, 'ok\n']);
  const read = async (): Promise<string> => (await fetch(`${at}/metrics`)).text();
  const text = await eventually('all is counted', async () => {
    const said = await read();
    return said.includes('logs_read_total 253\n') && said;
  });
  for (const sample of [
    'documents_total{index="ml-api-logs",outcome="stored"} 253',
    'documents_total{index="ml-api-top-func",outcome="stored"} 535',
    'dead_letters_total 0',
    'gaps_total 0',
    'batches_in_flight 0',
  ]) {
    assert.ok(text.includes(`ml_log_sidecar_${sample}\n`), sample);
  }
  assert.match(text, /ml_log_sidecar_poll_interval_seconds 0\.\d/);
  assert.match(
    (await fetch(`${at}/metrics`)).headers.get('content-type') ?? '',
    /^text\/plain; version=0\.0\.4/,
  );
  assert.equal((await sidecar.stop()).code, 0);
});

test('/readyz is 503 with the reason while a server is away, and /healthz is not', {
  timeout: 60_000,
}, async (t) => {
  const redis = await startRedis();
  t.after(() => redis.stop());
  const { at } = await started(t, 'api_logs', redis.url);
  await eventually('it is ready', async () => (await readiness(at)).ready);
  await redis.kill();
  const away = await eventually('it is not ready', async () => {
    const told = await readiness(at);
    return told.status === 503 && told;
  });
  assert.equal(away.ready, false);
  assert.match(away.servers[0]!.reason ?? '', /ECONNREFUSED|ECONNRESET|closed/i);
  assert.equal((await fetch(`${at}/healthz`)).status, 200);
  const back = await startRedis({ port: redis.port });
  t.after(() => back.stop());
  await eventually('it is ready again', async () => (await readiness(at)).status === 200);
});

test('/readyz is 503 until the sink is ready', async (t) => {
  const sidecar = new Workspace(t).start(['run', '--continuous', '--listen', '127.0.0.1:0'], {
    ELASTICSEARCH_URL: 'http://127.0.0.1:1',
  });
  await sidecar.says(/Elasticsearch at 127\.0\.0\.1:1 can't be reached/);
  const at = /\/metrics are at (\S+)/.exec(sidecar.stderr)![1]!;
  const told = await readiness(at);
  assert.deepEqual([told.status, told.open, told.servers[0]?.reachable], [503, false, false]);
  assert.equal((await fetch(`${at}/healthz`)).status, 200);
  assert.match(
    await (await fetch(at)).text(),
    /Alerts<\/h2><p class="bad">They can’t be looked at: .* could not be reached/,
  );
});

test('what is not there, or not read with GET, is refused', async (t) => {
  const { at } = await started(t, new TestList(t).key, redisUrl());
  assert.equal((await fetch(`${at}/nothing`)).status, 404);
  assert.equal((await fetch(`${at}/metrics`, { method: 'POST' })).status, 405);
  assert.equal((await fetch(`${at}/healthz`, { method: 'HEAD' })).status, 200);
});

test('an address that can not be had is refused with what to do', async (t) => {
  const { at } = await started(t, new TestList(t).key, redisUrl());
  const workspace = new Workspace(t);
  for (const [address, said] of [
    [new URL(at).host, /EADDRINUSE.*set another with --listen/],
    ['9464', /--listen must be HOST:PORT/],
  ] as const) {
    const ended = await workspace.run([...RUN, '--listen', address]);
    assert.equal(ended.code, 2);
    assert.match(ended.stderr, said);
  }
});

test('a page is not shown under a name that somebody pointed at this machine', async (t) => {
  const { at } = await started(t, new TestList(t).key, redisUrl());
  const statusUnder = (host: string, path: string): Promise<number> =>
    new Promise((resolve, reject) =>
      get(`${at}${path}`, { headers: { host } }, (response) => {
        response.resume();
        resolve(response.statusCode!);
      }).on('error', reject),
    );
  for (const path of ['/', '/dashboards']) {
    assert.equal(await statusUnder('evil.example:9464', path), 421);
    for (const host of ['localhost:9464', '127.0.0.1', '[::1]:9464', '192.168.1.5:9464'])
      assert.notEqual(await statusUnder(host, path), 421, host);
  }
  assert.equal(await statusUnder('evil.example', '/metrics'), 200);
});
