import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Figures } from '../../src/elasticsearch/statistics.ts';
import { TestIndices, Workspace } from '../helpers.ts';
import { elasticsearchUrl } from '../services/env.ts';
import { root } from '../services/service.ts';

const env = { ELASTICSEARCH_URL: elasticsearchUrl() };
const SAMPLE = ['run', '--source', 'file', '--path', join(root, 'samples/api.log')];

/** The sample's documents in Elasticsearch, and as NDJSON to compute the same figures from. */
async function filled(t: TestContext, rotation = 'none') {
  const { prefix } = new TestIndices(t);
  const workspace = new Workspace(t, prefix, { indices: { prefix, rotation } });
  assert.equal((await workspace.run(SAMPLE, env)).code, 0);
  assert.equal((await workspace.run([...SAMPLE, '--sink', 'directory', '--out', 'out'], env)).code, 0);
  const stats = async (...args: string[]): Promise<Figures> => {
    const { code, stdout, stderr } = await workspace.run(['stats', '--json', ...args], env);
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout);
  };
  return { prefix, workspace, stats, documents: (name: string) => workspace.output(prefix + name) };
}

test('the figures are those of the documents, computed otherwise', async (t) => {
  const { prefix, stats, documents } = await filled(t);
  const found = await stats();
  for (const { index, parts, documents: count, bytes, newest, oldest, per_hour } of found.indices) {
    const times = documents(index.slice(prefix.length))
      .map(({ timestamp }) => String(timestamp))
      .sort();
    assert.deepEqual([parts, count, oldest, newest], [1, times.length, times[0], times.at(-1)], index);
    assert.ok(bytes! > 0);
    const hours = (Date.parse(times.at(-1)!) - Date.parse(times[0]!)) / 3_600_000;
    assert.ok(Math.abs(per_hour! - times.length / hours) < 1e-6);
  }
  const statuses = documents('logs').map(({ status_code }) => Number(status_code));
  const failed = statuses.filter((status) => status >= 400).length;
  const calls = statuses.filter((status) => status > 0).length;
  assert.equal(found.calls?.total, calls);
  assert.equal(found.calls?.error_rate, failed / calls);
  const latencies = documents('perfs')
    .map(({ latency_ms }) => Number(latency_ms))
    .sort((a, b) => a - b);
  const { measured, p50, p95, p99, max } = found.latency_ms!;
  assert.deepEqual([measured, max], [latencies.length, latencies.at(-1)]);
  for (const [share, value] of [
    [0.5, p50],
    [0.95, p95],
    [0.99, p99],
  ] as const) {
    const exact = latencies[Math.floor(share * (latencies.length - 1))]!;
    assert.ok(Math.abs(value! - exact) / exact < 0.05, `p${share * 100}: ${value}, exactly ${exact}`);
  }
  const positive = documents('message').filter(
    ({ result }) => (result as { prediction: number }).prediction === 1,
  );
  const { count, share } = found.predictions!.find(({ label }) => label === 'YES')!;
  assert.deepEqual([count, share], [positive.length, positive.length / documents('message').length]);
});

test('the costliest functions are those with the largest sums, by name and file', async (t) => {
  const { stats, documents } = await filled(t);
  const sums = new Map<string, number>();
  for (const { function_name, filename, cumulative_time } of documents('top-func')) {
    const key = `${function_name} ${filename}`;
    sums.set(key, (sums.get(key) ?? 0) + Number(cumulative_time));
  }
  const expected = [...sums].sort(([, a], [, b]) => b - a).slice(0, 10);
  const { top_functions } = await stats();
  assert.deepEqual(
    top_functions?.map(({ function_name, filename, total_ms }) => [
      `${function_name} ${filename}`,
      total_ms.toFixed(3),
    ]),
    expected.map(([key, sum]) => [key, sum.toFixed(3)]),
  );
});

test('as text it is a table, of which every line is told', async (t) => {
  const { prefix, workspace } = await filled(t, 'monthly');
  const { code, stdout, stderr } = await workspace.run(['stats'], env);
  assert.equal(code, 0, stderr);
  assert.match(
    stdout,
    new RegExp(`^${prefix}logs +253 +[\\d.]+ [kM]?B  2026-11-24 19:26:39 +10350 +0$`, 'm'),
  );
  assert.match(
    stdout,
    /^latency +p50 27\.4 ms, p95 .* ms, p99 .* ms, mean .* ms, max .* ms \(107 measured\)$/m,
  );
  assert.match(stdout, /^error rate +19\.6 % of 138 calls: 27 answered 4xx, 0 answered 5xx$/m);
  assert.match(stdout, /^predictions +YES 105 \(98\.1 %\), NO 2 \(1\.9 %\)$/m);
  assert.match(stdout, /^engineer_features +feature_engineering\.py +106 +106 +1621\.4 +15\.30$/m);
});

test('--since leaves out what is older', async (t) => {
  const { workspace, stats } = await filled(t);
  const now = new Date().toISOString().slice(0, 19).replace('T', ' ');
  const path = workspace.write(
    'now.log',
    `${now} - api - INFO - API Call - POST /predict - Status: 500 - Time: 1.0ms\n`,
  );
  assert.equal((await workspace.run(['run', '--source', 'file', '--path', path], env)).code, 0);
  const { calls, latency_ms, indices } = await stats('--since', '1h');
  assert.deepEqual(calls, { total: 1, client_errors: 0, server_errors: 1, error_rate: 1 });
  assert.equal(latency_ms?.measured, 0);
  assert.equal(indices[0]?.documents, 254);
  assert.equal(indices[0]?.last_hour, 1);
});

test('where no index is, that is told, with exit 0', async (t) => {
  const { prefix } = new TestIndices(t);
  const { code, stdout } = await new Workspace(t, prefix).run(['stats'], env);
  assert.equal(code, 0);
  assert.match(stdout, new RegExp(`^${prefix}logs +- +- +not there yet`, 'm'));
  assert.match(stdout, /^error rate +no calls$/m);
});

test('Elasticsearch down: exit 3, and what to do', async (t) => {
  const { code, stdout, stderr } = await new Workspace(t).run(['stats', '--json'], {
    ELASTICSEARCH_URL: 'http://127.0.0.1:1',
  });
  assert.deepEqual([code, stdout], [3, '']);
  assert.match(stderr, /could not be reached.*Is Elasticsearch running there/);
});
