import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { eventually, TestIndices, TestList, Workspace } from '../helpers.ts';
import { realLines } from '../samples.ts';
import { elasticsearchUrl, redisUrl } from '../services/env.ts';
import { startGradio } from '../services/gradio.ts';
import { root } from '../services/service.ts';

const LINES = realLines.slice(0, 50);
// Copies are told apart by their numbers, which must stay what they were.
const COPY = '2026-11-24 19:26:39 - api - INFO - the same again';

/** What two continuous runs write, with an emptied folder between them. */
interface Refilled {
  first: unknown[];
  second: unknown[];
  stderr: string;
}

async function refill(
  t: TestContext,
  { args = [], env = {}, count }: { args?: string[]; env?: Record<string, string>; count: number },
): Promise<Refilled> {
  const workspace = new Workspace(t);
  const run = ['run', '--continuous', '--interval', '0.2', '--sink', 'directory', '--out', 'out', ...args];
  const ids = (): unknown[] => {
    try {
      return workspace.output('ml-api-logs').map(({ _id }) => _id);
    } catch {
      return [];
    }
  };
  const first = workspace.start(run, env);
  await eventually('all is written', () => ids().length === count);
  await first.stop();
  const before = ids();
  rmSync(join(workspace.folder, 'out'), { recursive: true });
  const found = JSON.parse(
    (await workspace.run(['check', '--json', '--sink', 'directory', '--out', 'out', ...args], env)).stdout,
  );
  const position = found.checks.find(({ name }: { name: string }) => name === 'position');
  assert.equal(position.state, 'warning');
  assert.match(
    position.says,
    new RegExp(`^${count} logs of .* were read so far, but ml-api-logs holds none`),
  );
  assert.match(position.action, /`run --continuous --from-start`/);
  const second = workspace.start([...run, '--from-start'], env);
  await eventually('all is written again', () => ids().length === count);
  const { stderr, code } = await second.stop();
  assert.equal(code, 0);
  return { first: before.sort(), second: ids().sort(), stderr };
}

test('a list is read again whole, copies under their own numbers', { timeout: 60_000 }, async (t) => {
  const list = new TestList(t);
  await list.push([...LINES, COPY, COPY, COPY], 52);
  const env = { REDIS_URL: redisUrl(), REDIS_LOGS_KEY: list.key };
  const { first, second, stderr } = await refill(t, { env, count: 52 });
  assert.deepEqual(second, first);
  assert.match(
    stderr,
    /reading all that .* still holds again; what is stored already is recognised by its id/,
  );
});

test('a file is read again from its beginning', { timeout: 60_000 }, async (t) => {
  const path = join(root, 'samples/api.log');
  const { first, second } = await refill(t, { args: ['--source', 'file', '--path', path], count: 253 });
  assert.deepEqual(second, first);
});

test("a stream's group begins again, and no gap is told", { timeout: 60_000 }, async (t) => {
  const list = new TestList(t);
  for (const line of LINES) await list.redis.xadd(list.key, 'MAXLEN', '=', 40, '*', 'log', line);
  const env = { REDIS_URL: redisUrl(), REDIS_LOGS_KEY: list.key };
  const { first, second, stderr } = await refill(t, { args: ['--source', 'redis-stream'], env, count: 40 });
  assert.deepEqual(second, first);
  assert.doesNotMatch(stderr, /trimmed/);
});

test('all that a Space shows is read again', { timeout: 120_000 }, async (t) => {
  const list = new TestList(t);
  // More than is read at the start of a run that only goes on.
  const lines = Array.from({ length: 700 }, (_, n) => `2026-11-24 19:26:39 - api - INFO - log ${n}`);
  await list.push(lines);
  const gradio = await startGradio({ redisUrl: redisUrl(), key: list.key });
  t.after(() => gradio.stop());
  const env = { GRADIO_URL: gradio.url };
  const { first, second } = await refill(t, { args: ['--source', 'gradio'], env, count: 700 });
  assert.deepEqual(second, first);
});

test('what was posted can not be read again: exit 2, and what to do', async (t) => {
  const args = ['run', '--continuous', '--from-start', '--source', 'http', '--sink', 'directory'];
  const { code, stderr } = await new Workspace(t).run(args);
  assert.equal(code, 2);
  assert.match(stderr, /^--from-start: what 127\.0\.0\.1:8787 was sent can't be read again/);
});

test('indices that were deleted behind its back are filled again, and what is there is not doubled', {
  timeout: 60_000,
}, async (t) => {
  const indices = new TestIndices(t);
  const list = new TestList(t);
  await list.push(LINES);
  const env = { ELASTICSEARCH_URL: elasticsearchUrl(), REDIS_URL: redisUrl(), REDIS_LOGS_KEY: list.key };
  const workspace = new Workspace(t, indices.prefix);
  const run = ['run', '--continuous', '--interval', '0.2'];
  const count = (): Promise<number> => indices.count('logs').catch(() => 0);
  const positionNow = async () => {
    const { checks } = JSON.parse((await workspace.run(['check', '--json'], env)).stdout);
    return checks.find(({ name }: { name: string }) => name === 'position');
  };
  assert.match((await positionNow()).says, /nothing was read yet/);
  const first = workspace.start(run, env);
  await eventually('all is stored', async () => (await count()) === 50);
  await first.stop();
  assert.equal((await positionNow()).state, 'ok');
  await indices.client.indices.delete({ index: `${indices.prefix}logs` });
  assert.equal((await positionNow()).state, 'warning');
  for (const _ of [1, 2]) {
    const again = workspace.start([...run, '--from-start'], env);
    await again.says(/50 logs indexed/);
    await again.stop();
    assert.equal(await count(), 50);
  }
});
