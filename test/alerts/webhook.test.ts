import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { parseExpression } from '../../src/alerts/expression.ts';
import { bodyOf, type Change, describeChange, Webhook } from '../../src/alerts/webhook.ts';
import { FakeWebhook } from './fake-webhook.ts';

const rule = {
  name: 'latency',
  label: 'Mean latency',
  index: 'ml-api-perfs',
  query: undefined,
  window: '15m',
  windowMs: 900_000,
  reference: '7d',
  referenceMs: 604_800_000,
  min_count: 1,
  value: 'avg(x)',
  expression: parseExpression('avg(x)'),
  unit: 'ms',
  warning: 100,
  critical: 200,
  hysteresis: 10,
  action: 'Check the model pool',
};
const change: Change = {
  finding: { rule, state: 'critical', value: 250.4, documents: 42 },
  state: 'critical',
  previous: 'ok',
  at: '2026-11-24T19:30:00.000Z',
};
const better: Change = {
  ...change,
  finding: { ...change.finding, state: 'ok', value: 80 },
  state: 'ok',
  previous: 'critical',
};

test('a change is one line: what, how much, and what to do', () => {
  assert.equal(
    describeChange(change),
    'CRITICAL: Mean latency: 250 ms over 15m (42 documents); the threshold is 200 ms. Check the model pool',
  );
  assert.equal(
    describeChange(better),
    'OK, no longer critical: Mean latency: 80.0 ms over 15m (42 documents)',
  );
});

test('JSON holds every figure, Slack takes a text', () => {
  assert.deepEqual(bodyOf(change, 'slack'), { text: describeChange(change) });
  assert.deepEqual(bodyOf(change, 'json'), {
    alert: 'latency',
    label: 'Mean latency',
    state: 'critical',
    previous: 'ok',
    value: 250.4,
    unit: 'ms',
    warning: 100,
    critical: 200,
    index: 'ml-api-perfs',
    window: '15m',
    documents: 42,
    action: 'Check the model pool',
    at: '2026-11-24T19:30:00.000Z',
    text: describeChange(change),
  });
});

/** What is written to stderr until the test ends. */
function stderrOf(t: TestContext): { text: string } {
  const said = { text: '' };
  t.mock.method(process.stderr, 'write', (text: string) => {
    said.text += text;
    return true;
  });
  return said;
}

test('a busy webhook is tried again, and changes arrive in their order', async (t) => {
  const fake = await FakeWebhook.start(t);
  fake.statuses.push(503, 429);
  const said = stderrOf(t);
  const webhook = new Webhook(fake.url, 'json', new AbortController().signal);
  webhook.tell(change);
  webhook.tell(better);
  await webhook.settled();
  assert.deepEqual(
    fake.received.map(({ state }) => state),
    ['critical', 'ok'],
  );
  assert.match(said.text, /WARN the webhook can't be told of latency: it answered 503\. Trying again/);
  assert.doesNotMatch(said.text, /ERROR|s3cret|127\.0\.0\.1/);
});

test('a webhook that refuses is told once, and never thrown', async (t) => {
  const fake = await FakeWebhook.start(t);
  fake.statuses.push(404);
  const said = stderrOf(t);
  const webhook = new Webhook(fake.url, 'slack', new AbortController().signal);
  webhook.tell(change);
  webhook.tell(better);
  await webhook.settled();
  assert.deepEqual(fake.received, [bodyOf(better, 'slack')]);
  assert.match(
    said.text,
    /ERROR the webhook was not told that latency is critical: it answered 404\. Check ALERTS_WEBHOOK_URL/,
  );
  assert.doesNotMatch(said.text, /s3cret|127\.0\.0\.1/);
});

for (const [url, why] of [
  ['http://127.0.0.1:1/s3cret', 'its address cannot be used'],
  ['http://s3cret.invalid/', 'E\\w+'],
  ['http://s3cret:99999/', 'ERR_INVALID_URL'],
] as const) {
  test(`${url.replace('s3cret', '…')}: told without its address`, async (t) => {
    const said = stderrOf(t);
    const stopped = new AbortController();
    stopped.abort();
    const webhook = new Webhook(url, 'json', stopped.signal);
    webhook.tell(change);
    await webhook.settled();
    assert.match(said.text, new RegExp(`ERROR the webhook was not told that latency is critical: ${why}\\.`));
    assert.doesNotMatch(said.text, /s3cret|127\.0\.0\.1/);
  });
}
