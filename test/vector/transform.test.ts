import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type CommandLine, eventually } from '../helpers.ts';
import { realLines } from '../samples.ts';
import { noVector, validate } from '../services/vector.ts';
import { Topology } from './topology.ts';

const CONFIG = 'configs/vector/transform.toml';
const text = (from: number, to?: number): string =>
  realLines
    .slice(from, to)
    .map((line) => `${line}\n`)
    .join('');

/** A document without what Vector put beside the line, which only the logs keep. */
function withoutEnvelope({ data, ...body }: Record<string, unknown>): unknown {
  if (data === undefined) return body;
  const { file: _, host: __, offset: ___, source_type: type, ...rest } = data as Record<string, unknown>;
  assert.equal(type, 'file');
  return Object.keys(rest).length > 0 ? { ...body, data: rest } : body;
}

test('transform.toml: a Vector, and then a sidecar, that are killed lose and double nothing', {
  skip: noVector,
  timeout: 120_000,
}, async (t) => {
  const topology = new Topology(t, CONFIG);
  const { workspace, prefix } = topology;
  const path = workspace.write('api.log', text(0, 100));
  const dataDir = join(workspace.folder, 'vector');
  mkdirSync(dataDir);
  const sidecar = (listen: string): CommandLine =>
    workspace.start(['run', '--source', 'http', '--continuous'], { ...topology.env, HTTP_LISTEN: listen });

  await topology.setup();
  const first = sidecar('127.0.0.1:0');
  await first.says(/taking logs at/);
  const [url = '', listen = ''] = /http:\/\/(\S+)\/logs/.exec(first.stderr) ?? [];
  const vectorEnv = { LOG_FILES: path, VECTOR_DATA_DIR: dataDir, SIDECAR_URL: url };
  const { ok, said } = validate(CONFIG, { ...topology.env, ...vectorEnv }, dataDir);
  assert.ok(ok, said);

  await topology.start(vectorEnv);
  await eventually('some are stored', async () => (await topology.logs()) > 0);
  await topology.crash();
  appendFileSync(path, text(100, 200));
  await topology.start(vectorEnv);
  await eventually('more are stored', async () => (await topology.logs()) > 100);
  await first.stop('SIGKILL');
  appendFileSync(path, text(200));
  const second = sidecar(listen);
  await eventually('all are stored', async () => (await topology.logs()) >= realLines.length);
  assert.equal((await second.stop()).code, 0, second.stderr);

  const { code, stderr } = await workspace.run(
    ['run', '--source', 'file', '--path', path, '--sink', 'directory', '--out', 'expected'],
    topology.env,
  );
  assert.equal(code, 0, stderr);
  const found = await topology.contents();
  for (const [name, documents] of Object.entries(found)) {
    const expected = workspace
      .output(prefix + name, 'expected')
      .map(({ _id, ...body }) => JSON.stringify(body));
    const bodies = Object.values(documents).map((body) => JSON.stringify(withoutEnvelope(body)));
    assert.deepEqual(bodies.sort(), expected.sort(), name);
  }
  assert.equal(Object.keys(found.logs!).length, 253);
});
