import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { temporaryFolder } from '../helpers.ts';
import { startElasticsearch } from '../services/elasticsearch.ts';
import { assertAllThere, long, megabytes, Rig } from './rig.ts';

const RATE = 500;
/** How long logs come while Elasticsearch is away, in seconds. */
const SECONDS = long ? 300 : 15;

test(`Elasticsearch is killed and away while ${RATE} logs a second come: memory stays flat, then all is caught up`, async (t) => {
  const dataDir = temporaryFolder(t);
  let elasticsearch = await startElasticsearch({ dataDir });
  t.after(() => elasticsearch.stop());
  const { url, port } = elasticsearch;
  const rig = await Rig.start(t, { elasticsearch: url, cap: 20_000 });
  const second = () => Array.from({ length: RATE / 10 }, () => rig.lines.some(10)).flat();
  await rig.push(second());
  rig.run();
  await rig.drained();
  // It goes with a request in its hands.
  const killed = rig.proxy.next(async ({ forward, response }) => {
    const answer = forward().catch(() => {});
    await elasticsearch.kill();
    await answer;
    response.destroy();
  });
  await rig.push(second());
  await killed;
  const memory: number[] = [];
  const started = performance.now();
  for (let n = 1; n <= SECONDS; n++) {
    await rig.push(second());
    memory.push(megabytes(rig.sidecar));
    await delay(Math.max(0, started + n * 1000 - performance.now()));
  }
  const told = rig.said.match(/Elasticsearch .* can't be reached/g)?.length ?? 0;
  assert.ok(told >= 1 && told <= 1 + Math.ceil(SECONDS / 60), `it was said ${told} times`);
  elasticsearch = await startElasticsearch({ dataDir, port });
  const back = performance.now();
  const watch = setInterval(() => memory.push(megabytes(rig.sidecar)), 1000);
  await rig.drained(240).finally(() => clearInterval(watch));
  t.diagnostic(`caught up ${Math.round((performance.now() - back) / 1000)} s after Elasticsearch came back`);
  const every = Math.ceil(memory.length / 20);
  t.diagnostic(`MB resident, every ${every} s: ${memory.filter((_, n) => n % every === 0).join(' ')}`);
  assert.ok(Math.max(...memory) < 200, `${Math.max(...memory)} MB`);
  assert.match(rig.said, /Elasticsearch .* is back after \d+ s/);
  const verdict = await rig.settled();
  t.diagnostic(`${verdict.sent} logs sent, ${rig.gaps} gaps, ${verdict.missing.length} documents in them`);
  if (rig.gaps === 0) assertAllThere(verdict);
  assert.deepEqual(verdict.doubled, []);
  assert.ok(verdict.holes <= rig.gaps, `${verdict.holes} holes, ${rig.gaps} gaps`);
});
