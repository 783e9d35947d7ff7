import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../helpers.ts';
import { redisUrl } from '../services/env.ts';
import { killAnswered, killBefore, killMidAnswer, killStored } from './faults.ts';
import { type Fault, pass } from './proxy.ts';
import { assertAllThere, Rig } from './rig.ts';
import { TcpFaultProxy } from './tcp-proxy.ts';

const steps: Record<string, (kill: () => Promise<unknown>) => Fault> = {
  'before Elasticsearch sees the request': killBefore,
  'after Elasticsearch has stored, before it answers': killStored,
  'in the middle of the answer': killMidAnswer,
  // Whether the journal is written by then is left to chance; `disk.test.ts` keeps it from being written.
  'right after the answer': killAnswered,
};

for (const [step, fault] of Object.entries(steps)) {
  test(`SIGKILL ${step}: the next run makes it whole`, async (t) => {
    const rig = await Rig.start(t);
    // One of two batches is through when the fault comes.
    void rig.proxy.next(pass);
    const killed = rig.proxy.next(fault(rig.kill));
    await rig.push(rig.lines.some(150));
    rig.run();
    await killed;
    await rig.push(rig.lines.some(150));
    rig.run();
    assertAllThere(await rig.settled());
  });
}

test('SIGKILL as soon as the journal is written, and again, and again', async (t) => {
  const rig = await Rig.start(t);
  let before = '';
  for (let round = 0; round < 3; round++) {
    await rig.push(rig.lines.some(250));
    rig.run();
    before = await eventually('more in the journal', () => {
      const now = rig.journal();
      return now !== '' && now !== before && now;
    });
    await rig.kill();
  }
  rig.run();
  assertAllThere(await rig.settled());
});

test('SIGKILL while the list is being read', async (t) => {
  const { port, hostname } = new URL(redisUrl());
  const redis = await TcpFaultProxy.start(t, Number(port));
  const rig = await Rig.start(t, { redisForSidecar: `redis://${hostname}:${redis.port}` });
  const killed = new Promise<void>((done) => {
    redis.onReply = (chunk) => {
      if (chunk.length < 10_000) return chunk;
      redis.onReply = (later) => later;
      void rig.kill().then(() => done());
      return chunk.subarray(0, chunk.length >> 1);
    };
  });
  await rig.push(rig.lines.some(300));
  rig.run();
  await killed;
  rig.run();
  assertAllThere(await rig.settled());
});

test('SIGTERM in the middle of a batch: it is finished, confirmed, and not sent again', async (t) => {
  const rig = await Rig.start(t);
  await rig.push(rig.lines.some(50));
  rig.run();
  await rig.proxy.next(async (exchange) => {
    rig.sidecar.child.kill('SIGTERM');
    await pass(exchange);
  });
  const { code, stdout } = await rig.sidecar.ended;
  assert.equal(code, 0);
  assert.equal(JSON.parse(stdout).logs, 50);
  const bulks = rig.proxy.bulks;
  await rig.push(rig.lines.some(50));
  rig.run();
  const verdict = await rig.settled();
  assertAllThere(verdict);
  assert.doesNotMatch(rig.sidecar.stdout, /"existing":[1-9]/);
  assert.ok(rig.proxy.bulks > bulks);
});
