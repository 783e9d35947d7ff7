import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../helpers.ts';
import { realLines } from '../samples.ts';
import { startElasticsearch } from '../services/elasticsearch.ts';
import type { Service } from '../services/service.ts';
import { noVector } from '../services/vector.ts';
import { Topology } from './topology.ts';

test('an Elasticsearch that is killed behind Vector loses and doubles nothing', {
  skip: noVector,
  timeout: 240_000,
}, async (t) => {
  const first = await startElasticsearch();
  let second: Service | undefined;
  t.after(async () => {
    await second?.stop();
    await first.stop();
  });
  const { url, port, dataDir } = first;
  // Requests are given up early, and so sent again while Vector still tries the ones before.
  const pipeline = { vector: { request_timeout: 5 } };
  const acknowledged = new Topology(t, 'vector.toml', { url, pipeline });
  const exec = new Topology(t, 'configs/vector/exec.toml', { url });
  const both = [acknowledged, exec];
  for (const topology of both) {
    await topology.setup();
    await topology.start();
    await topology.list.push(realLines.slice(0, 150));
  }
  const sidecar = acknowledged.workspace.start(
    ['run', '--sink', 'vector', '--continuous', '--batch-size', '20'],
    acknowledged.env,
  );
  for (const topology of both) await eventually('some are stored', async () => (await topology.logs()) > 0);
  await first.kill();
  for (const topology of both) await topology.list.push(realLines.slice(150));
  await sidecar.says(/Vector at .* can't be reached: no answer in time/);
  second = await startElasticsearch({ port, dataDir });
  for (const topology of both) await topology.assertComplete();
  assert.equal((await sidecar.stop()).code, 0, sidecar.stderr);
  assert.deepEqual(acknowledged.letters(), []);
});
