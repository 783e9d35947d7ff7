import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { FakeWebhook } from '../alerts/fake-webhook.ts';
import { FaultProxy, pass } from '../faults/proxy.ts';
import { eventually, ndjson, TestIndices, Workspace } from '../helpers.ts';
import { freePort } from '../services/service.ts';
import { env } from './backup.ts';

const AT = '2026-11-24T19:30:00Z';

/** An index with one document, whose `ms` an alert `slow` averages: warning above 100, critical above 200. */
async function slow(
  t: TestContext,
): Promise<{ workspace: Workspace; set: (ms: number, timestamp?: string) => Promise<void> }> {
  const indices = new TestIndices(t);
  const workspace = new Workspace(t, indices.prefix);
  const index = `${indices.prefix}perfs`;
  const alert = {
    index,
    min_count: 1,
    value: 'avg(ms)',
    unit: 'ms',
    warning: 100,
    critical: 200,
    action: 'Act',
  };
  workspace.write('configs/alerts.yaml', JSON.stringify({ alerts: { slow: alert } }));
  const set = async (ms: number, timestamp = new Date().toISOString()): Promise<void> => {
    await indices.client.index({ index, id: '1', document: { timestamp, ms }, refresh: true });
  };
  return { workspace, set };
}

for (const [ms, code, state] of [
  [50, 0, 'ok'],
  [150, 1, 'warning'],
  [250, 2, 'critical'],
] as const) {
  test(`check says ${state}, and exits ${code}`, async (t) => {
    const { workspace, set } = await slow(t);
    await set(ms, '2026-11-24T19:20:00Z');
    const ended = await workspace.run(['alerts', 'check', '--at', AT], env);
    assert.equal(ended.code, code, ended.stderr);
    const [head, row] = ended.stdout.split('\n');
    assert.match(head!, /^alert +state +value +warning +critical +window +documents +to do$/);
    const todo = state === 'ok' ? '' : ' +Act';
    assert.match(row!, new RegExp(`^slow +${state} +${ms}(\\.0)? ms +> 100 +> 200 +15m +1${todo}$`));
    const { stdout } = await workspace.run(['alerts', 'check', '--at', AT, '--json'], env);
    const answer = JSON.parse(stdout);
    assert.equal(answer.state, state);
    assert.equal(answer.alerts[0].value, ms);
  });
}

test('without data in the window there is nothing to be alarmed about, and it says so', async (t) => {
  const { workspace, set } = await slow(t);
  await set(250, '2026-11-24T19:20:00Z');
  const { code, stdout } = await workspace.run(['alerts', 'check'], env);
  assert.equal(code, 0);
  assert.match(stdout, /slow +no data +- +> 100 +> 200 +15m +0 +fewer than 1 documents/);
});

test('wrong usage exits 2 with nothing on stdout, an unreachable server 3', async (t) => {
  const { workspace } = await slow(t);
  for (const [args, url, code, message] of [
    [['--at', 'noon'], env.ELASTICSEARCH_URL, 2, /--at: "noon" is not a time/],
    [['--alerts', 'none.yaml'], env.ELASTICSEARCH_URL, 2, /none\.yaml can't be read/],
    [[], 'http://127.0.0.1:1', 3, /Elasticsearch at 127\.0\.0\.1:1 could not be reached/],
  ] as const) {
    const ended = await workspace.run(['alerts', 'check', ...args], { ELASTICSEARCH_URL: url });
    assert.equal(ended.code, code);
    assert.equal(ended.stdout, '');
    assert.match(ended.stderr, message);
  }
});

test('watch tells each change of state once, to the log and the webhook', { timeout: 60_000 }, async (t) => {
  const { workspace, set } = await slow(t);
  const webhook = await FakeWebhook.start(t);
  const proxy = await FaultProxy.start(t, env.ELASTICSEARCH_URL);
  let looks = 0;
  proxy.every = async (exchange) => {
    looks++;
    await pass(exchange);
  };
  await set(150);
  const running = workspace.start(['alerts', 'watch', '--interval', '1', '--json'], {
    ELASTICSEARCH_URL: proxy.url,
    ALERTS_WEBHOOK_URL: webhook.url,
  });
  const states = (): unknown[] => webhook.received.map(({ state }) => state);
  await eventually('the warning is told', () => webhook.received.length === 1);
  // 95 is below the threshold of 100, but not 10 percent below it.
  await set(95);
  const before = looks;
  await eventually('it is looked at twice more', () => looks >= before + 3);
  await set(250);
  await eventually('critical is told', () => webhook.received.length === 2);
  await set(80);
  await eventually('that all is well is told', () => webhook.received.length === 3);
  assert.deepEqual(states(), ['warning', 'critical', 'ok']);
  const { code, stdout, stderr } = await running.stop();
  assert.equal(code, 0);
  assert.deepEqual(
    ndjson(stdout).map(({ state, previous }) => [previous, state]),
    [
      ['ok', 'warning'],
      ['warning', 'critical'],
      ['critical', 'ok'],
    ],
  );
  assert.match(stderr, /INFO watching slow every 1 s; changes go to the log and the webhook\n/);
  assert.match(
    stderr,
    /WARN WARNING: slow: 150 ms over 15m \(1 documents\); the threshold is 100 ms\. Act\n/,
  );
  assert.match(stderr, /ERROR CRITICAL: slow: 250 ms/);
  assert.match(stderr, /INFO OK, no longer critical: slow: 80\.0 ms/);
  assert.doesNotMatch(stderr, /s3cret/);
});

test('watch goes on through an Elasticsearch and a webhook that are down', { timeout: 60_000 }, async (t) => {
  const { workspace, set } = await slow(t);
  const proxy = await FaultProxy.start(t, env.ELASTICSEARCH_URL);
  proxy.every = ({ response }) => void response.writeHead(503).end();
  await set(250);
  const running = workspace.start(['alerts', 'watch', '--interval', '1'], {
    ELASTICSEARCH_URL: proxy.url,
    ALERTS_WEBHOOK_URL: `http://127.0.0.1:${await freePort()}/s3cret`,
  });
  await running.says(/WARN the alerts can't be looked at: Elasticsearch at .* could not be reached/);
  proxy.every = undefined;
  await running.says(/ERROR CRITICAL: slow: 250 ms/);
  await running.says(/WARN the webhook can't be told of slow: ECONNREFUSED\. Trying again/);
  const { code, stderr } = await running.stop();
  assert.equal(code, 0);
  assert.match(stderr, /ERROR the webhook was not told that slow is critical: ECONNREFUSED/);
  assert.doesNotMatch(stderr, /s3cret/);
});
