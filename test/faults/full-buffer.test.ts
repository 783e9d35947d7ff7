import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../helpers.ts';
import { cutBefore } from './faults.ts';
import type { Line } from './lines.ts';
import { assertAllThere, Rig } from './rig.ts';

const config = { buffer: { max_bytes: 1 << 20 } };

/** Logs that can't be compressed: some 1,000 of them fill the buffer. */
function bulky(rig: Rig, count: number): Line[] {
  return Array.from({ length: count }, () => {
    const { text, documents } = rig.lines.note();
    const [[index, message]] = documents as [[string, string]];
    const more = ` ${randomBytes(750).toString('base64')}`;
    return { text: text + more, documents: [[index, message + more]] };
  });
}

test('a list that goes by while the buffer is full: as many logs are told as lost as there are, and no more', async (t) => {
  const rig = await Rig.start(t, { config, cap: 500 });
  rig.run();
  await rig.drained();
  rig.proxy.every = cutBefore;
  for (let n = 0; n < 100; n++) {
    await rig.push(bulky(rig, 30));
    await delay(30);
  }
  await rig.sidecar.says(/the buffer is full: it may hold 1048576 bytes/);
  // While it lasts.
  await rig.sidecar.says(/\d+ entries were trimmed before they could be read/);
  rig.proxy.every = undefined;
  const verdict = await rig.settled();
  const told = [...rig.said.matchAll(/: (\d+) entries were trimmed/g)].reduce(
    (sum, [, n]) => sum + Number(n),
    0,
  );
  t.diagnostic(`${told} of ${verdict.sent} logs told as lost`);
  assert.equal(verdict.missing.length, told);
  assert.equal(JSON.parse(rig.sidecar.stdout).lost, told);
  assert.ok(told > 500, `${told} told`);
  assert.deepEqual(verdict.doubled, []);
  assert.equal(rig.gaps, 0, rig.said);
});

test('requests that find the buffer full are refused, and told of; repeated, nothing is lost', async (t) => {
  const rig = await Rig.start(t, { config });
  rig.run(['--continuous', '--source', 'http'], { HTTP_LISTEN: '127.0.0.1:0' });
  await rig.sidecar.says(/taking logs at \S+\/logs/);
  const url = /taking logs at (\S+)/.exec(rig.said)![1]!;
  rig.proxy.every = cutBefore;
  let refused = 0;
  const post = async (lines: readonly Line[]): Promise<boolean> => {
    const body = lines.map(({ text }) => `${text}\n`).join('');
    const response = await fetch(url, { method: 'POST', body });
    if (response.ok) return true;
    assert.equal(response.status, 503);
    assert.match(await response.text(), /the buffer is full/);
    refused++;
    return false;
  };
  const again: Line[][] = [];
  for (let n = 0; n < 80; n++) {
    const lines = bulky(rig, 30);
    rig.oracle.sent.push(...lines);
    if (!(await post(lines))) again.push(lines);
  }
  assert.ok(again.length > 10, `${again.length} refused`);
  rig.proxy.every = undefined;
  for (const lines of again) while (!(await post(lines))) await delay(50);
  await eventually('the last log', () => rig.oracle.holds(rig.oracle.sent.at(-1)!));
  const { code, stdout } = await rig.sidecar.stop();
  assert.equal(code, 0, rig.said);
  assertAllThere(await rig.oracle.verdict());
  const told = [...rig.said.matchAll(/(\d+) requests were answered 503 while the buffer was full/g)];
  assert.equal(
    told.reduce((sum, [, n]) => sum + Number(n), 0),
    refused,
  );
  assert.equal(JSON.parse(stdout).lost, 0);
});
