import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually, ndjson } from '../helpers.ts';
import { answering } from './faults.ts';
import { keyOf } from './oracle.ts';
import { assertAllThere, megabytes, Rig } from './rig.ts';

const damages: Record<string, (bytes: Buffer) => Buffer> = {
  truncated: (bytes) => bytes.subarray(0, bytes.length >> 1),
  'cut to its first bytes': (bytes) => bytes.subarray(0, 50),
  'overwritten with bytes': () => Buffer.from('\0\x01\u{fffd}'.repeat(500)),
  "another program's": () => Buffer.from('{"position":4711,"file":"access.log"}'),
  'changed in one bit': (bytes) => Buffer.from(bytes.map((byte, n) => (n === 40 ? byte ^ 1 : byte))),
};

test('a journal that is damaged is told, and not believed: nothing is lost or doubled', async (t) => {
  const rig = await Rig.start(t);
  await rig.push(rig.lines.some(100));
  rig.run();
  await rig.drained();
  for (const [what, damage] of Object.entries(damages)) {
    await t.test(what, async () => {
      await rig.sidecar.stop();
      const path = rig.journalPath!;
      writeFileSync(path, damage(readFileSync(path)));
      await rig.push(rig.lines.some(40));
      rig.run();
      // What ends in the middle of a record, a kill may have left.
      if (what !== 'truncated') await rig.sidecar.says(/the journal \S+ is damaged/);
      await rig.drained();
      assertAllThere(await rig.oracle.verdict());
    });
  }
  assertAllThere(await rig.settled());
});

test('a second process on the same list and indices is refused, and the first goes on', async (t) => {
  const rig = await Rig.start(t);
  const first = rig.run();
  await rig.push(rig.lines.some(50));
  await rig.drained();
  const { code, stderr } = await rig.run().ended;
  assert.equal(code, 2);
  assert.match(stderr, new RegExp(`another ml-log-sidecar \\(process ${first.child.pid} on `));
  rig.sidecar = first;
  await rig.push(rig.lines.some(50));
  assertAllThere(await rig.settled());
});

test('SIGTERM while Elasticsearch does not answer: the run ends by itself, the next one brings the rest', async (t) => {
  const rig = await Rig.start(t);
  await rig.push(rig.lines.some(100));
  rig.run();
  await rig.drained();
  rig.proxy.every = answering(503);
  await rig.push(rig.lines.some(100));
  await rig.sidecar.says(/can't be reached/);
  const { code, stderr } = await rig.sidecar.stop();
  assert.equal(code, 0);
  assert.match(stderr, /stopped before everything was confirmed; the next run reads the rest again/);
  rig.proxy.every = undefined;
  rig.run();
  assertAllThere(await rig.settled());
});

test('a reader of stdout stalls, then goes on: the list is not read meanwhile, and nothing is lost', async (t) => {
  const rig = await Rig.start(t, { cap: 50_000 });
  const sidecar = rig.run(['--continuous', '--sink', 'stdout']);
  sidecar.child.stdout?.pause();
  const pad = 1_000;
  for (let n = 0; n < 20; n++) await rig.push(Array.from({ length: 500 }, () => rig.lines.note(pad)));
  await delay(2_000);
  const stalled = megabytes(sidecar);
  assert.ok(stalled < 300, `${stalled} MB while stalled`);
  sidecar.child.stdout?.resume();
  const documents = await eventually('all of it', () => {
    if (sidecar.stdout.length < rig.oracle.sent.length * pad) return undefined;
    const text = sidecar.stdout.slice(0, sidecar.stdout.lastIndexOf('\n'));
    const lines = ndjson(text) as unknown as { id: string; route: string; body: Record<string, unknown> }[];
    return lines.length >= rig.oracle.sent.length && lines;
  });
  assert.equal((await sidecar.stop()).code, 0);
  const byId = new Map(documents.map(({ id, route, body }) => [id, keyOf(route, body)]));
  assertAllThere(await rig.oracle.verdict([...byId.values()]));
});

for (const [which, jump] of [
  ['back', -3_600_000],
  ['forward', 3_600_000],
] as const) {
  test(`the clock jumps an hour ${which}: the journal is still written, nothing is lost or doubled`, async (t) => {
    const rig = await Rig.start(t);
    await rig.push(rig.lines.some(50));
    rig.run(['--continuous'], {
      NODE_OPTIONS: `--import=${new URL('clock.js', import.meta.url).href}`,
      FAKE_CLOCK_JUMP_MS: `${jump}`,
    });
    await rig.drained();
    // What was to be written before the jump is written.
    await delay(1_000);
    rig.sidecar.child.kill('SIGUSR2');
    await rig.sidecar.says(/the clock says/);
    const before = rig.journal();
    rig.proxy.every = answering(503);
    await rig.push(rig.lines.some(50));
    await rig.sidecar.says(/Elasticsearch .* can't be reached/);
    rig.proxy.every = undefined;
    await rig.drained();
    await eventually('more in the journal', () => rig.journal() !== before);
    await rig.kill();
    await rig.push(rig.lines.some(50));
    rig.run();
    assertAllThere(await rig.settled());
  });
}
