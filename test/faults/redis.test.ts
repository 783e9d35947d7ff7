import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { temporaryFolder } from '../helpers.ts';
import { redisUrl } from '../services/env.ts';
import { startRedis } from '../services/redis.ts';
import type { Service } from '../services/service.ts';
import { assertAllThere, Rig } from './rig.ts';
import { TcpFaultProxy } from './tcp-proxy.ts';

/** A Redis of the test's own, which can be killed and brought back on its port with what its disk holds. */
class OwnRedis {
  service!: Service;
  readonly #dataDir: string;

  constructor(t: TestContext) {
    this.#dataDir = temporaryFolder(t);
    t.after(() => this.service.stop());
  }

  async start(args: string[]): Promise<string> {
    const port = this.service?.port;
    this.service = await startRedis({ dataDir: this.#dataDir, args, ...(port ? { port } : {}) });
    return this.service.url;
  }
}

/** Nothing that Redis has confirmed is lost by a crash. */
const DURABLE = ['--appendonly', 'yes', '--appendfsync', 'always'];

test('Redis is killed and comes back with all it held', async (t) => {
  const own = new OwnRedis(t);
  const rig = await Rig.start(t, { redis: await own.start(DURABLE) });
  await rig.push(rig.lines.some(150));
  rig.run();
  await rig.drained();
  await rig.push(rig.lines.some(100));
  await own.service.kill();
  await rig.sidecar.says(/Redis list .* can't be reached/);
  await own.start(DURABLE);
  await rig.push(rig.lines.some(100));
  assertAllThere(await rig.settled());
  assert.equal(rig.gaps, 0);
});

test('Redis comes back empty: told as cleared, and what was stored stays', async (t) => {
  const own = new OwnRedis(t);
  const rig = await Rig.start(t, { redis: await own.start([]) });
  await rig.push(rig.lines.some(150));
  rig.run();
  await rig.drained();
  await own.service.kill();
  await own.start([]);
  await rig.push(rig.lines.some(50));
  assertAllThere(await rig.settled());
  assert.match(rig.said, /was cleared or replaced/);
  assert.equal(rig.gaps, 0);
});

for (const [when, restarting] of [
  ['while the sidecar follows it', false],
  ['while the sidecar is away', true],
] as const) {
  test(`Redis comes back with an older copy of the list, ${when}: nothing is doubled`, async (t) => {
    const own = new OwnRedis(t);
    const rig = await Rig.start(t, { redis: await own.start([]) });
    await rig.push(rig.lines.some(150));
    await rig.redis.save();
    rig.run();
    await rig.push(rig.lines.some(100));
    await rig.drained();
    if (restarting) await rig.sidecar.stop();
    await own.service.kill();
    await own.start([]);
    await rig.push(rig.lines.some(50));
    if (restarting) rig.run();
    assertAllThere(await rig.settled());
  });
}

test('the list is deleted, then shrunk, then capped lower: what was stored stays, what comes after is read', async (t) => {
  const rig = await Rig.start(t);
  await rig.push(rig.lines.some(200));
  rig.run();
  await rig.drained();
  await rig.redis.del(rig.key);
  await rig.push(rig.lines.some(60));
  await rig.drained();
  await rig.redis.ltrim(rig.key, 0, 9);
  await rig.push(rig.lines.some(60));
  await rig.drained();
  await rig.redis.ltrim(rig.key, 0, 4);
  await delay(300);
  await rig.push(rig.lines.some(60));
  await rig.drained();
  await rig.redis.del(rig.key);
  await delay(500);
  await rig.push(rig.lines.some(60));
  assertAllThere(await rig.settled());
  assert.match(rig.said, /was cleared or replaced/);
  assert.equal(rig.gaps, 0);
});

for (const restarting of [false, true]) {
  test(`the list overflows ${restarting ? 'while the sidecar is away' : 'between two reads'}: a gap is counted, and only that is lost`, async (t) => {
    const rig = await Rig.start(t, { cap: 100 });
    await rig.push(rig.lines.some(80));
    rig.run();
    await rig.drained();
    if (restarting) await rig.sidecar.stop();
    else await rig.sidecar.child.kill('SIGSTOP');
    await rig.push(Array.from({ length: 350 }, () => rig.lines.call()));
    if (restarting) rig.run();
    else rig.sidecar.child.kill('SIGCONT');
    const verdict = await rig.settled();
    assert.deepEqual(verdict.doubled, []);
    // The line that ends the case may push one more out.
    assert.ok([2 * 250, 2 * 251].includes(verdict.missing.length), `${verdict.missing.length} are missing`);
    assert.equal(verdict.holes, 1);
    assert.equal(rig.gaps, 1);
    assert.equal(JSON.parse(rig.sidecar.stdout).gaps, 1);
  });
}

test('copies of one line come in bursts, with and without a time: each is a document', async (t) => {
  const rig = await Rig.start(t, { cap: 200 });
  await rig.push(rig.lines.some(20));
  rig.run();
  const [dated, undated] = [rig.lines.call(), rig.lines.undated()];
  for (let burst = 1; burst < 12; burst++) {
    await rig.push([...Array(burst).fill(dated), rig.lines.note(), ...Array(burst).fill(undated)]);
    await delay(burst * 15);
  }
  await rig.kill();
  await rig.push([dated, undated, undated]);
  rig.run();
  assertAllThere(await rig.settled());
});

test('the key becomes another type: the run ends and says so; the list back, nothing is lost or doubled', async (t) => {
  const rig = await Rig.start(t);
  await rig.push(rig.lines.some(100));
  rig.run();
  await rig.drained();
  await rig.redis.multi().rename(rig.key, `${rig.key}-aside`).set(rig.key, 'no list').exec();
  const { code, stderr } = await rig.sidecar.ended;
  assert.equal(code, 2);
  assert.match(stderr, /does not hold a list. Set REDIS_LOGS_KEY/);
  await rig.redis.rename(`${rig.key}-aside`, rig.key);
  await rig.push(rig.lines.some(50));
  rig.run();
  assertAllThere(await rig.settled());
});

test('connections to Redis are cut in the middle of answers, refused, and stalled', async (t) => {
  const { port, hostname } = new URL(redisUrl());
  const redis = await TcpFaultProxy.start(t, Number(port));
  const rig = await Rig.start(t, { redisForSidecar: `redis://${hostname}:${redis.port}` });
  await rig.push(rig.lines.some(150));
  let cuts = 0;
  redis.onReply = (chunk) => {
    if (chunk.length < 5_000 || cuts === 3) return chunk;
    cuts++;
    setImmediate(() => redis.cut());
    return chunk.subarray(0, chunk.length >> 1);
  };
  rig.run();
  await rig.drained();
  assert.equal(cuts, 3);
  redis.refusing = true;
  redis.cut();
  await rig.push(rig.lines.some(50));
  await delay(300);
  redis.refusing = false;
  await rig.drained();
  redis.stall(true);
  await rig.push(rig.lines.some(50));
  await delay(300);
  redis.stall(false);
  assertAllThere(await rig.settled());
  assert.equal(rig.gaps, 0);
});

test('what tells of changes is killed, what reads is killed, and all is flushed: news still comes at once', async (t) => {
  const own = new OwnRedis(t);
  // No poll would find it in time.
  const rig = await Rig.start(t, { redis: await own.start(DURABLE) });
  await rig.push(rig.lines.some(50));
  rig.run(['--continuous'], { PIPELINE_POLL_INTERVAL: '600' });
  await rig.drained();
  const { redis } = rig;
  const killAll = async (which: RegExp): Promise<void> => {
    const lines = String(await redis.client('LIST'))
      .split('\n')
      .filter((line) => which.test(line));
    assert.ok(lines.length > 0, `no connection matches ${which}`);
    for (const line of lines) await redis.client('KILL', 'ID', /id=(\d+)/.exec(line)![1]!);
  };
  for (const harm of [
    () => killAll(/flags=\w*P/),
    () => killAll(/flags=\w*t/),
    () => redis.client('NO-EVICT', 'ON'),
    () => redis.flushall(),
    async () => {
      await own.service.kill();
      await own.start(DURABLE);
    },
  ]) {
    await harm();
    await rig.push(rig.lines.some(20));
    await rig.drained(30);
    // Between a loss and the next connection nothing is told; behind it, all is.
    await delay(300);
  }
  assertAllThere(await rig.settled());
  assert.equal(rig.gaps, 0);
  assert.equal(rig.said.match(/is read when the server tells of a change/g)?.length, 1, 'it is said once');
});
