import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../helpers.ts';
import { answering, cutBefore, cutMidAnswer, late, mixed, resetStored } from './faults.ts';
import { type Fault, pass } from './proxy.ts';
import { assertAllThere, Rig } from './rig.ts';

const passing: Record<string, Fault> = {
  'the connection ends before Elasticsearch sees the request': cutBefore,
  'the connection is reset after Elasticsearch has stored': resetStored,
  'the answer is cut in the middle': cutMidAnswer,
  'the answer is slower than our time limit': late(2_500),
  '429 for the whole request': answering(429, { 'retry-after': '1' }),
  '503 for the whole request': answering(503),
  '503 with a page of HTML': answering(503, { 'content-type': 'text/html' }, '<html>Service Unavailable'),
  'an answer that is no JSON': answering(200, {}, '{"errors":false,"items":[{"create"'),
  'an answer without its items': answering(200, {}, '{"errors":false}'),
};

test('a fault of one request is waited out', async (t) => {
  const rig = await Rig.start(t, {
    config: { elasticsearch: { request_timeout: 1 }, pipeline: { concurrency: 2 } },
  });
  await rig.push(rig.lines.some(120));
  rig.run();
  for (const [what, fault] of Object.entries(passing)) {
    await t.test(what, async () => {
      const met = rig.proxy.next(fault);
      await rig.push(rig.lines.some(30));
      await met;
      await rig.drained();
    });
  }
  const verdict = await rig.settled();
  assertAllThere(verdict);
  assert.match(rig.said, /can't be reached: .*Trying again/);
  assert.match(rig.said, /is back after \d+ s/);
});

test('an Elasticsearch that can not set up its indices yet is waited for', async (t) => {
  const rig = await Rig.start(t);
  rig.proxy.every = answering(503);
  await rig.push(rig.lines.some(50));
  rig.run();
  await rig.sidecar.says(/can't be reached/);
  rig.proxy.every = cutBefore;
  await new Promise((later) => setTimeout(later, 500));
  rig.proxy.every = undefined;
  assertAllThere(await rig.settled());
});

test('413 for the whole request: it is halved, and only the log that is too large alone is a dead letter', async (t) => {
  const rig = await Rig.start(t, { config: { dead_letters: { path: 'dead' } } });
  const LIMIT = 20_000;
  rig.proxy.every = async (exchange) => {
    if (exchange.path.startsWith('/_bulk') && exchange.body.length > LIMIT)
      return answering(413, {}, '')(exchange);
    await pass(exchange);
  };
  await rig.push([...rig.lines.some(100), rig.lines.note(30_000), ...rig.lines.some(100)]);
  rig.run();
  assertAllThere(await rig.settled(), 1);
});

test('a bulk answer that mixes 201, 429, 503, stored-but-503 and 400: each document gets what is its own', async (t) => {
  const rig = await Rig.start(t, {
    config: { dead_letters: { path: 'dead' }, pipeline: { concurrency: 1 } },
  });
  const fates = ['pass', 'busy', 'unavailable', 'stored but unavailable'] as const;
  // Documents of `ml-api-perfs` are refused by the fake; the rest is put off by turns.
  const isRefused = (document: string): boolean => document.includes('"inference_time_ms":77');
  let round = 0;
  rig.proxy.every = async (exchange) => {
    if (exchange.path.startsWith('/_bulk') && round++ < 4) {
      return mixed((document, n) => (isRefused(document) ? 'refuse' : fates[(n + round) % 4]!))(exchange);
    }
    await pass(exchange);
  };
  const refused = [77, 77, 77].map(() => rig.lines.metrics({ inference_time_ms: 77 }));
  const logs = refused.map(({ documents }) => documents[0]!);
  await rig.push([...rig.lines.some(80), ...refused]);
  rig.run();
  const verdict = await rig.settled();
  // The fake refuses what says 77: the logs that quote it, and the metrics.
  assertAllThere(verdict, 2 * logs.length);
  for (const { stage, reason } of verdict.letters) {
    assert.equal(stage, 'sink');
    assert.match(reason, /named_fake: refuse/);
  }
});

test('what Elasticsearch itself refuses is a dead letter with its reason, and costs its batch nothing', async (t) => {
  const rig = await Rig.start(t, { config: { dead_letters: { path: 'dead' } } });
  const odd = [1e30, -1e30].map((function_calls) => rig.lines.metrics({ function_calls }));
  await rig.push([...rig.lines.some(50), ...odd, ...rig.lines.some(50)]);
  rig.run();
  const verdict = await rig.settled();
  assertAllThere(verdict, 2);
  for (const { reason } of verdict.letters) assert.match(reason, /out of range/);
});

test('no more requests than pipeline.concurrency are on their way, and what comes meanwhile waits', async (t) => {
  const rig = await Rig.start(t, { config: { pipeline: { concurrency: 2, batch_size: 20 } }, cap: 100 });
  // One document goes alone, then one batch, and then all at once.
  await rig.push([rig.lines.note()]);
  rig.run();
  await rig.drained();
  await rig.push([rig.lines.note()]);
  await rig.drained();
  let held = 0;
  let open = (): void => {};
  const gate = new Promise<void>((done) => {
    open = done;
  });
  rig.proxy.every = async (exchange) => {
    if (exchange.path.startsWith('/_bulk')) {
      held++;
      await gate;
    }
    await pass(exchange);
  };
  for (let n = 0; n < 10; n++) await rig.push(rig.lines.some(50).map(() => rig.lines.note()));
  await eventually('two requests', () => held === 2);
  await new Promise((later) => setTimeout(later, 500));
  assert.equal(held, 2);
  open();
  const verdict = await rig.settled();
  assert.deepEqual(verdict.doubled, []);
  // The list may turn over between two reads: each hole lies in a gap that is told.
  assert.ok(verdict.holes <= rig.gaps, `${verdict.holes} holes, ${rig.gaps} gaps`);
  assert.equal(JSON.parse(rig.sidecar.stdout).gaps, rig.gaps);
});
