import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { eventually } from '../helpers.ts';
import { realEntries, realLines } from '../samples.ts';
import { noVector, validate } from '../services/vector.ts';
import { Topology } from './topology.ts';

const CONTINUOUS = ['run', '--sink', 'vector', '--continuous', '--batch-size', '20'];

async function started(t: TestContext, pipeline: Record<string, unknown> = {}): Promise<Topology> {
  const topology = new Topology(t, 'vector.toml', { pipeline });
  await topology.setup();
  await topology.start();
  return topology;
}

test('vector.toml is valid', { skip: noVector }, (t) => {
  const { env, workspace } = new Topology(t, 'vector.toml');
  const { ok, said } = validate('vector.toml', env, workspace.folder);
  assert.ok(ok, said);
});

test('every document arrives, as another sink would write it', { skip: noVector }, async (t) => {
  const topology = await started(t);
  const { list, workspace, env } = topology;
  await list.push(realLines);
  const first = await workspace.run(['run', '--sink', 'vector', '--json'], env);
  assert.equal(first.code, 0, first.stderr);
  const counts = { logs: 253, message: 107, perfs: 107, 'top-func': 535 };
  assert.deepEqual(await topology.assertComplete(), counts);
  await list.push(realEntries);
  const second = await workspace.run(['run', '--sink', 'vector', '--json'], env);
  assert.equal(second.code, 0, second.stderr);
  await topology.assertComplete();
  assert.deepEqual(topology.letters(), []);
  const checked = await workspace.run(['check', '--sink', 'vector'], env);
  assert.match(checked.stdout, /^✅ vector: takes logs at /m);
});

test('indices rotate, and their mapping is that of setup', { skip: noVector }, async (t) => {
  const topology = new Topology(t, 'vector.toml');
  const { list, workspace, prefix, elasticsearch } = topology;
  const rotated = (): Record<string, string> => ({ ...topology.env, INDICES_ROTATION: 'monthly' });
  assert.equal((await workspace.run(['setup'], rotated())).code, 0);
  await topology.start();
  await list.push([...realLines, '2026-10-31 23:59:59 - api - INFO - October', 'no time']);
  const { code, stderr } = await workspace.run(['run', '--sink', 'vector'], rotated());
  assert.equal(code, 0, stderr);
  await elasticsearch.indices.refresh({ index: `${prefix}*` });
  for (const [period, logs] of Object.entries({ '2026.11': 253, '2026.10': 1, undated: 1 }))
    assert.equal((await elasticsearch.count({ index: `${prefix}logs-${period}` })).count, logs, period);
  const mapping = (await elasticsearch.indices.getMapping({ index: `${prefix}logs` })) as Record<
    string,
    unknown
  >;
  assert.deepEqual(mapping[`${prefix}logs-2026.10`], mapping[`${prefix}logs-undated`]);
  assert.deepEqual(topology.letters(), []);
});

test('a Vector that is killed loses and doubles nothing', { skip: noVector, timeout: 90_000 }, async (t) => {
  const topology = await started(t);
  const { list, workspace, env } = topology;
  await list.push(realLines.slice(0, 150));
  const sidecar = workspace.start(CONTINUOUS, env);
  await eventually('some are stored', async () => (await topology.logs()) > 0);
  await topology.crash();
  await list.push(realLines.slice(150));
  await sidecar.says(/Vector at .* can't be reached/);
  await topology.start();
  await topology.assertComplete();
  assert.equal((await sidecar.stop()).code, 0, sidecar.stderr);
  assert.deepEqual(topology.letters(), []);
});

test('a document that is refused ends as one dead letter, and 499 are stored', {
  skip: noVector,
  timeout: 60_000,
}, async (t) => {
  const topology = new Topology(t, 'vector.toml', {
    pipeline: { plugins: [{ use: './dated.mjs' }], pipeline: { batch_size: 500 } },
  });
  const { list, workspace, prefix, elasticsearch } = topology;
  workspace.write(
    'configs/dated.mjs',
    `export default {
      name: 'dated',
      index: { name: '${prefix}logs', filtered: false, mappings: { properties: { when: { type: 'date' } } }, document: {} },
      create: () => ({ documents: ({ message }) => ({ when: message === 'n 321' ? 'never' : '2026-11-24', message }) }),
    };`,
  );
  await topology.setup();
  await topology.start();
  await list.push(Array.from({ length: 500 }, (_, n) => `2026-11-24 19:26:39 - api - INFO - n ${n}`));
  const { code, stderr } = await workspace.run(['run', '--sink', 'vector'], topology.env);
  assert.equal(code, 1, stderr);
  assert.equal(await topology.logs(), 499);
  const [letter, ...more] = topology.letters();
  assert.deepEqual(more, []);
  assert.match(String(letter?.entry), /n 321$/);
  assert.match(String(letter?.reason), /^Vector refuses it, alone and \d+ times, while it takes others/);
  const { count } = await elasticsearch.count({ index: `${prefix}logs`, q: 'message:321' });
  assert.equal(count, 0);
});
