import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Comparison } from '../../src/drift/compare.ts';
import { TestIndices, Workspace } from '../helpers.ts';
import { backupIn, env, exported } from './backup.ts';

const DAY = 86_400_000;
const END = Date.parse('2026-11-24T00:00:00Z');

test('two windows are compared, feature by feature: as a table, and as JSON', async (t) => {
  const indices = new TestIndices(t);
  const workspace = new Workspace(t, indices.prefix);
  const index = `${indices.prefix}message`;
  const message = (at: number, AGE: number, SMOKING: number): object[] => [
    { create: { _index: index } },
    {
      timestamp: new Date(at).toISOString(),
      input_data: { AGE, SMOKING, RARE: at % 10_000 === 0 ? 1 : null },
      result: { prediction: 1, probability: AGE / 200 },
    },
  ];
  const operations: object[] = [];
  // The week before: ages 20 to 79. The last day: ten years older. Before and behind: what must not count.
  for (let n = 0; n < 600; n++) {
    operations.push(...message(END - 8 * DAY + n * 1_000, 20 + (n % 60), n % 2));
    operations.push(...message(END - DAY + n * 1_000, 35 + (n % 60), n % 2));
  }
  operations.push(...message(END - 8 * DAY - 1, 1_000, 9), ...message(END, 1_000, 9));
  await indices.client.indices.create({ index, mappings: { properties: { timestamp: { type: 'date' } } } });
  await indices.client.bulk({ operations, refresh: true });
  const args = ['drift', '--at', '2026-11-24'];
  const { code, stdout, stderr } = await workspace.run(args, env);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^reference: 2026-11-16T00:00:00\.000Z to 2026-11-23T00:00:00\.000Z, 600 documents\n/);
  assert.match(
    stdout,
    /\ncurrent: {3}2026-11-23T00:00:00\.000Z to 2026-11-24T00:00:00\.000Z, 600 documents\n/,
  );
  assert.match(
    stdout,
    /\ninput_data\.AGE +number +major +\d\.\d{3} +0\.05\d +0\.250 +<0\.0001\* +49\.5 → 64\.5 +- +600 → 600\n/,
  );
  assert.match(stdout, /\ninput_data\.SMOKING +category +stable +0\.000 +0\.01\d +- +- +0\.5 → 0\.5/);
  assert.match(stdout, /\nToo few values \(--min-count 100\): input_data\.RARE \(60 → 60\)\n/);
  const told = JSON.parse((await workspace.run([...args, '--json'], env)).stdout);
  assert.equal(told.drift, 'major');
  assert.equal(told.index, index);
  assert.deepEqual(
    told.features.map(({ feature, drift }: Comparison) => [feature, drift]),
    [
      ['input_data.AGE', 'major'],
      ['input_data.RARE', 'too few'],
      ['input_data.SMOKING', 'stable'],
      ['result.prediction', 'stable'],
      ['result.probability', 'major'],
    ],
  );
  const half = '2026-11-16T00:00:00/2026-11-16T00:05:00';
  const intervals = await workspace.run(['drift', '--current', half, '--reference', half, '--json'], env);
  const { reference, current, drift } = JSON.parse(intervals.stdout);
  assert.deepEqual([reference, drift], [current, 'stable']);
  assert.equal(current.documents, 300);
});

test('the file that export writes is a reference', async (t) => {
  const { indices, workspace, input } = await exported(t);
  const file = `${input}/indexes/${indices.prefix}message_documents.ndjson`;
  const current = ['--current', '2026-11-24/2026-11-25'];
  const { code, stdout, stderr } = await workspace.run(['drift', ...current, '--reference-file', file], env);
  assert.equal(code, 0, stderr);
  assert.match(stdout, new RegExp(`^reference: ${backupIn(workspace)}/indexes/\\S+, 107 documents\n`));
  assert.match(stdout, /\ninput_data\.AGE +number +stable +0\.000 +0\.316 +0\.000 +1\.0000 /);
});

test('what is wrong is told in words', async (t) => {
  const workspace = new Workspace(t, new TestIndices(t).prefix);
  for (const [args, code, message] of [
    [['--current', 'soon'], 2, /--current: "soon" is not a time; write 24h/],
    [['--reference', '2026-11-24/2026-11-23'], 2, /--reference: .* does not end after it begins/],
    [['--reference', 'a/b'], 2, /--reference: "a" is not a time/],
    [['--at', '24.11.2026'], 2, /--at: "24\.11\.2026" is not a time/],
    [['--min-count', '1'], 2, /--min-count: "1" is not a whole number of 2 or more/],
    [[], 2, /refused to read test-\S+-message: index_not_found/],
  ] as const) {
    const ended = await workspace.run(['drift', ...args], env);
    assert.equal(ended.code, code, ended.stderr);
    assert.match(ended.stderr, message);
    assert.doesNotMatch(ended.stderr, /^ +at /m, 'no stack trace');
  }
  const down = await workspace.run(['drift'], { ELASTICSEARCH_URL: 'http://127.0.0.1:1' });
  assert.equal(down.code, 3);
  assert.match(down.stderr, /could not be reached.*Is Elasticsearch running there/);
});

test('windows without documents leave nothing to compare', async (t) => {
  const { workspace } = await exported(t);
  const { code, stdout } = await workspace.run(['drift', '--at', '2020-01-01'], env);
  assert.equal(code, 0);
  assert.match(stdout, /\n\nThere is nothing to compare in test-\S+-message\.\n$/);
});
