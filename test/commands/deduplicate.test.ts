import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { CopyFigures } from '../../src/elasticsearch/find-copies.ts';
import { TestIndices, Workspace } from '../helpers.ts';
import { realLines } from '../samples.ts';
import { elasticsearchUrl } from '../services/env.ts';
import { root } from '../services/service.ts';

const env = { ELASTICSEARCH_URL: elasticsearchUrl() };
const NAMES = ['logs', 'message', 'perfs', 'top-func'];
const COUNTS = { logs: 253, message: 107, perfs: 107, 'top-func': 535 };

type Body = Record<string, unknown>;

class Bed {
  readonly indices: TestIndices;
  readonly workspace: Workspace;

  constructor(t: TestContext, rotation = 'none') {
    this.indices = new TestIndices(t);
    const { prefix } = this.indices;
    this.workspace = new Workspace(t, prefix, { indices: { prefix, rotation } });
  }

  /** Runs this program on lines: the sample's by default. */
  async run(lines?: readonly string[], ...args: string[]): Promise<void> {
    const path = lines
      ? this.workspace.write('api.log', lines.map((line) => `${line}\n`).join(''))
      : join(root, 'samples/api.log');
    const { code, stderr } = await this.workspace.run(
      ['run', '--source', 'file', '--path', path, ...args],
      env,
    );
    assert.equal(code, 0, stderr);
  }

  /** What this program makes of the sample, by index, without ids. */
  async sample(): Promise<Record<string, Body[]>> {
    await this.run(undefined, '--sink', 'directory', '--out', 'out');
    const bodies = (name: string): Body[] =>
      this.workspace.output(this.indices.prefix + name).map(({ _id, ...body }) => body);
    return Object.fromEntries(NAMES.map((name) => [name, bodies(name)]));
  }

  /** Another pipeline, which writes without ids. */
  async write(name: string, bodies: readonly Body[]): Promise<void> {
    const index = this.indices.prefix + name;
    const operations = bodies.flatMap((body) => [{ index: { _index: index } }, body]);
    const { errors, items } = await this.indices.client.bulk({ operations, refresh: true });
    assert.ok(!errors, JSON.stringify(items.find(({ index: item }) => item?.error)));
  }

  async deduplicate(...args: string[]): Promise<Record<string, CopyFigures>> {
    const { code, stdout, stderr } = await this.workspace.run(['deduplicate', '--json', ...args], env);
    assert.equal(code, 0, stderr);
    const { indices } = JSON.parse(stdout) as { indices: CopyFigures[] };
    return Object.fromEntries(indices.map((each) => [each.index.slice(this.indices.prefix.length), each]));
  }

  async ids(name: string): Promise<string[]> {
    return [...(await this.indices.documents(name)).keys()].sort();
  }
}

/** As a pipeline stores a log that reads lines and takes times for UTC, without a zone. */
function asOthersStore({ timestamp, level, message }: Body): Body {
  return { timestamp: String(timestamp).slice(0, 19), level, message, data: null };
}

test('what a pipeline without ids left at each of its starts goes, and every document of ours stays', {
  timeout: 120_000,
}, async (t) => {
  const bed = new Bed(t);
  await bed.run();
  const before = await Promise.all(NAMES.map((name) => bed.ids(name)));
  const sample = await bed.sample();
  for (let start = 0; start < 2; start++) {
    for (const name of NAMES)
      await bed.write(name, name === 'logs' ? sample[name]!.map(asOthersStore) : sample[name]!);
  }
  const told = await bed.deduplicate();
  for (const [name, count] of Object.entries(COUNTS)) {
    const { documents, own, foreign, held, repeated, undecided, unique, removed } = told[name]!;
    assert.deepEqual([documents, own, foreign, held], [3 * count, count, 2 * count, 2 * count], name);
    assert.deepEqual([repeated, undecided, unique, removed], [0, 0, 0, 0], name);
  }
  assert.equal(await bed.indices.count('logs'), 3 * 253, 'nothing was deleted yet');
  const done = await bed.deduplicate('--yes');
  for (const name of NAMES) assert.equal(done[name]!.removed, told[name]!.held, name);
  assert.deepEqual(await Promise.all(NAMES.map((name) => bed.ids(name))), before);
  assert.deepEqual((await bed.deduplicate()).logs?.foreign, 0);
});

test('in rotated indices too', { timeout: 120_000 }, async (t) => {
  const bed = new Bed(t, 'monthly');
  await bed.run();
  const { logs } = await bed.sample();
  await bed.write('logs-2026.11', logs!.map(asOthersStore));
  const { logs: told } = await bed.deduplicate('--yes');
  assert.deepEqual([told?.held, told?.removed, told?.unique], [253, 253, 0]);
  assert.equal(await bed.indices.count('logs'), 253);
});

test('where only another pipeline wrote, one of each call stays, and all that may be real', {
  timeout: 60_000,
}, async (t) => {
  const bed = new Bed(t);
  assert.equal((await bed.workspace.run(['setup'], env)).code, 0);
  const { logs } = await bed.sample();
  const others = logs!.map(asOthersStore);
  for (let start = 0; start < 3; start++) await bed.write('logs', others);
  const calls = logs!.filter(({ transaction_id: id }) => id !== undefined);
  const plain = logs!.length - calls.length;
  const distinct = (bodies: Body[]): number =>
    new Set(bodies.map((body) => JSON.stringify(asOthersStore(body)))).size;
  const { logs: told } = await bed.deduplicate('--yes');
  assert.equal(told?.repeated, 3 * calls.length - distinct(calls));
  assert.equal(told?.removed, told?.repeated);
  assert.equal((told?.undecided ?? 0) + (told?.unique ?? 0), 3 * plain + distinct(calls));
  assert.equal(await bed.indices.count('logs'), 3 * plain + distinct(calls));
  const again = await bed.deduplicate('--yes');
  assert.equal(again.logs?.removed, 0, 'a second look finds nothing more');
  await bed.run();
  const known = await bed.deduplicate('--yes');
  assert.equal(known.logs?.undecided, 0, 'logs that this program has read are told');
  assert.equal(await bed.indices.count('logs'), 253);
});

test('at the edge of what this program has read, a log without a transaction stays', {
  timeout: 60_000,
}, async (t) => {
  const bed = new Bed(t);
  const line = (second: number, message: string): string =>
    `2026-11-24 19:26:0${second} - api - INFO - ${message}`;
  const lines = [line(1, 'early'), line(2, 'tick'), line(2, 'tick'), line(3, 'tick'), line(4, 'late')];
  // It began in the middle of second 2: of that second's two copies it has one.
  await bed.run(lines.slice(2));
  await bed.write(
    'logs',
    lines.map((text) =>
      asOthersStore({
        timestamp: text.slice(0, 19).replace(' ', 'T'),
        level: 'INFO',
        message: text.slice(35),
      }),
    ),
  );
  const { logs } = await bed.deduplicate('--yes');
  assert.deepEqual([logs?.own, logs?.foreign], [3, 5]);
  assert.deepEqual([logs?.removed, logs?.undecided, logs?.unique], [2, 2, 1]);
  const left = [...(await bed.indices.documents('logs')).values()].map(({ message }) => message).sort();
  assert.deepEqual(left, ['early', 'late', 'tick', 'tick', 'tick', 'tick']);
});

test('exact copies that are real stay, and so does what differs in anything', {
  timeout: 60_000,
}, async (t) => {
  const bed = new Bed(t);
  const tick = '2026-11-24 19:26:39 - api - INFO - tick';
  await bed.run([tick, tick, tick]);
  const body = { timestamp: '2026-11-24T19:26:39', level: 'INFO', message: 'tick' };
  await bed.write('logs', [
    { ...body, level: 'DEBUG' },
    { ...body, message: 'tock' },
    { ...body, timestamp: '2026-11-24T19:26:40' },
  ]);
  const { logs } = await bed.deduplicate('--yes');
  assert.deepEqual([logs?.own, logs?.foreign, logs?.removed, logs?.unique], [3, 3, 0, 3]);
  assert.equal(await bed.indices.count('logs'), 6);
});

test('what names no time, and an instant of too many, are left alone', { timeout: 60_000 }, async (t) => {
  const bed = new Bed(t);
  assert.equal((await bed.workspace.run(['setup'], env)).code, 0);
  const crowd = Array.from({ length: 10_001 }, () => ({
    timestamp: '2026-11-24T19:26:39',
    transaction_id: 't',
  }));
  await bed.write('perfs', crowd);
  await bed.write('perfs', [{ transaction_id: 't' }, { transaction_id: 't' }]);
  const { perfs } = await bed.deduplicate('--yes');
  assert.deepEqual([perfs?.documents, perfs?.unseen, perfs?.removed], [10_003, 10_003, 0]);
  const { stdout } = await bed.workspace.run(['deduplicate'], env);
  assert.match(stdout, /10003 documents without a time, or too many at one, were left alone/);
});

test('as text it is a table, with examples and what to do', { timeout: 60_000 }, async (t) => {
  const bed = new Bed(t);
  await bed.run(realLines.slice(0, 50));
  const { logs } = await bed.sample();
  await bed.write('logs', logs!.slice(0, 50));
  const { code, stdout, stderr } = await bed.workspace.run(['deduplicate'], env);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^\S+logs +100 +50 +50 +50 +0 +0$/m);
  assert.match(stdout, /logs: \S{20} is a copy of [0-9a-f]{32}/);
  assert.match(stdout, /Nothing was deleted\. Delete the 50 with --yes\./);
  const removed = await bed.workspace.run(['deduplicate', '--yes'], env);
  assert.match(removed.stdout, /Deleted: 50\n$/);
  assert.match((await bed.workspace.run(['deduplicate'], env)).stdout, /There are no copies\.\n$/);
});

test('where no index is, that is told', async (t) => {
  const { workspace } = new Bed(t);
  const { code, stdout } = await workspace.run(['deduplicate'], env);
  assert.deepEqual([code, stdout], [0, 'There is no index to search.\n']);
});
