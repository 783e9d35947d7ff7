import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { eventually } from '../helpers.ts';
import { realEntries, realLines } from '../samples.ts';
import { noVector, validate } from '../services/vector.ts';
import { Topology } from './topology.ts';

const CONFIG = 'configs/vector/exec.toml';

async function started(t: TestContext): Promise<Topology> {
  const topology = new Topology(t, CONFIG);
  await topology.setup();
  await topology.start({ ML_LOG_SIDECAR_LOG: 'sidecar.log' });
  return topology;
}

/** The sidecar that Vector has started. */
async function sidecarOf({ vector }: Topology): Promise<number> {
  return eventually('Vector starts the sidecar', () => {
    try {
      return Number(execFileSync('pgrep', ['-P', `${vector.pid}`], { encoding: 'utf8' }));
    } catch {
      return undefined;
    }
  });
}

test('exec.toml is valid', { skip: noVector }, (t) => {
  const { env, workspace } = new Topology(t, CONFIG);
  const { ok, said } = validate(CONFIG, env, workspace.folder);
  assert.ok(ok, said);
});

test('every document that Vector reads from the sidecar arrives, as another sink would write it', {
  skip: noVector,
}, async (t) => {
  const topology = await started(t);
  await topology.list.push([...realLines, ...realEntries]);
  await topology.assertComplete();
  await topology.list.push(['{"message": "one more"}']);
  await eventually(
    'what comes later arrives',
    async () => (await topology.logs()) === realLines.length + realEntries.length + 1,
  );
  assert.match(readFileSync(join(topology.workspace.folder, 'sidecar.log'), 'utf8'), /Continuous mode/);
});

test('a sidecar that is killed, and then a Vector, lose and double nothing', {
  skip: noVector,
  timeout: 120_000,
}, async (t) => {
  const topology = await started(t);
  const { list } = topology;
  await list.push(realLines.slice(0, 100));
  await eventually('some are stored', async () => (await topology.logs()) > 0);
  process.kill(await sidecarOf(topology), 'SIGKILL');
  await list.push(realLines.slice(100, 150));
  await topology.assertComplete();
  const orphan = await sidecarOf(topology);
  await topology.crash();
  await eventually('a sidecar without Vector ends', () => !existsSync(`/proc/${orphan}`));
  await list.push(realLines.slice(150));
  await topology.start();
  const counts = { logs: 253, message: 107, perfs: 107, 'top-func': 535 };
  assert.deepEqual(await topology.assertComplete(), counts);
});
