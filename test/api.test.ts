import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ElasticsearchIndexer, LogCollector, LogFilter, LogPipeline } from '../src/index.ts';
import { eventually, TestIndices, TestList, Workspace } from './helpers.ts';
import { realLines } from './samples.ts';
import { elasticsearchUrl, redisUrl } from './services/env.ts';

const LINE = '2026-11-24 19:26:39 - api - INFO - ';
const { hostname: esHost, port } = new URL(elasticsearchUrl());
const esPort = Number(port);

/** A list, indices, and the configuration that joins them. */
function bed(t: TestContext): { list: TestList; indices: TestIndices; config: string; workspace: Workspace } {
  const list = new TestList(t);
  const indices = new TestIndices(t);
  const workspace = new Workspace(t);
  const { folder } = workspace;
  const config = workspace.write(
    'api.yaml',
    JSON.stringify({
      indices: { prefix: indices.prefix },
      plugins: ['logs', 'message', 'perfs', 'top-func'].map((name) => ({
        use: `ml-api-${name}`,
        index: indices.prefix + name,
      })),
      redis: { url: redisUrl(), logs_key: list.key },
      state: { path: join(folder, 'state') },
      dead_letters: { path: join(folder, 'dead-letters') },
    }),
  );
  return { list, indices, config, workspace };
}

test('LogPipeline.runOnce writes what is there, and answers the figures', async (t) => {
  const { list, indices, config } = bed(t);
  await list.push(realLines);
  const pipeline = new LogPipeline({ source: 'redis', esHost, esPort, batchSize: 50, config });
  const stats = await pipeline.runOnce();
  assert.equal(stats.logs, 253);
  assert.deepEqual(await indices.counts(), { logs: 253, message: 107, perfs: 107, 'top-func': 535 });
  const logs = stats.indices[`${indices.prefix}logs`];
  assert.deepEqual(logs, { stored: 253, existing: 0, refused: 0, events: 253 });
  const again = await pipeline.runOnce();
  assert.equal(again.indices[`${indices.prefix}logs`]?.existing, 253);
});

test('LogPipeline.runContinuous goes on until its signal, and then answers the figures', async (t) => {
  const { list, indices, config } = bed(t);
  await list.push([`${LINE}one`]);
  const stop = new AbortController();
  const pipeline = new LogPipeline({ source: 'redis', esHost, esPort, config });
  const running = pipeline.runContinuous(0.1, stop.signal);
  const index = `${indices.prefix}logs`;
  await eventually('the index is made', () => indices.client.indices.exists({ index }));
  await eventually('the first log', async () => (await indices.count('logs')) === 1);
  await list.push([`${LINE}two`, `${LINE}three`]);
  await eventually('the others', async () => (await indices.count('logs')) === 3);
  stop.abort();
  assert.equal((await running).logs, 3);
});

test('LogPipeline rejects with a code where a server is down', async (t) => {
  const { config, workspace } = bed(t);
  const path = workspace.write('api.log', `${LINE}x\n`);
  const pipeline = new LogPipeline({ source: 'file', path, esHost: '127.0.0.1', esPort: 1, config });
  await assert.rejects(pipeline.runOnce(), { name: 'SidecarError', code: 'unreachable' });
});

test('a pipeline that runs within another program warns of nothing', async (t) => {
  const { list, indices, config } = bed(t);
  await list.push(realLines);
  const warnings: Error[] = [];
  const onWarning = (warning: Error): void => void warnings.push(warning);
  process.on('warning', onWarning);
  t.after(() => process.off('warning', onWarning));
  const stop = new AbortController();
  // Many small batches at once, each of which listens to the signal.
  const pipeline = new LogPipeline({ source: 'redis', esHost, esPort, batchSize: 3, config });
  const running = pipeline.runContinuous(0.05, stop.signal);
  const index = `${indices.prefix}logs`;
  await eventually('the index is made', () => indices.client.indices.exists({ index }));
  await eventually('all are stored', async () => (await indices.count('logs')) === 253);
  stop.abort();
  assert.equal((await running).logs, 253);
  assert.deepEqual(warnings, []);
});

test('LogPipeline refuses wrong options with what they must be', () => {
  assert.throws(() => new LogPipeline({ batchSize: 0 }), {
    code: 'config',
    message: /batchSize: pipeline\.batch_size must be >= 1, but is 0/,
  });
});

test('LogCollector answers the newest logs, oldest first, parsed', async (t) => {
  const { list, config } = bed(t);
  await list.push(realLines);
  const collector = new LogCollector({ source: 'redis', config });
  const logs = await collector.fetchLogs(20);
  assert.deepEqual(
    logs.map(({ message }) => message),
    realLines.slice(-20).map((line) => line.split(' - ').slice(3).join(' - ')),
  );
  assert.equal((await collector.fetchLogs()).length, 100);
  const event = collector.parseLogEntry(`${LINE}[u1] API Call - POST /predict - Status: 200 - Time: 1.5ms`);
  assert.deepEqual(
    [event.transactionId, event.httpMethod, event.httpPath, event.statusCode, event.executionTimeMs],
    ['u1', 'POST', '/predict', 200, 1.5],
  );
});

test('the source alone may be named, as documented', () => {
  assert.throws(() => new LogCollector('post' as 'redis'), {
    code: 'config',
    message: /source: pipeline\.source must be one of redis, .*but is "post"/,
  });
  assert.throws(() => new LogPipeline('post' as 'redis'), { code: 'config' });
  const event = new LogCollector('gradio').parseLogEntry(`${LINE}hello`);
  assert.equal(event.message, 'hello');
});

test('LogFilter keeps what its pattern and methods name', async (t) => {
  const { list, config } = bed(t);
  await list.push([
    `${LINE}[u1] API Call - POST /predict - Status: 200 - Time: 1.5ms`,
    `${LINE}API Call - GET /health - Status: 200 - Time: 0.5ms`,
    `${LINE}{"performance_metrics": {"transaction_id": "u1", "latency_ms": 2.5}}`,
  ]);
  const logs = await new LogCollector({ source: 'redis', config }).fetchLogs();
  const filter = new LogFilter();
  const kept = filter.filterLogs(logs);
  assert.deepEqual(
    kept.map(({ transactionId }) => transactionId),
    ['u1', 'u1'],
  );
  assert.deepEqual(
    kept.map((log) => filter.extractPerformanceMetrics(log)),
    [undefined, { transaction_id: 'u1', latency_ms: 2.5 }],
  );
  assert.equal(new LogFilter('API Call', ['GET']).filterLogs(logs).length, 2);
  assert.throws(() => new LogFilter('('), { code: 'config' });
});

test('ElasticsearchIndexer makes an index, writes to it once, and tells its size', async (t) => {
  const { indices } = bed(t);
  const index = `${indices.prefix}own`;
  const indexer = new ElasticsearchIndexer(esHost, esPort);
  await indexer.createIndex(index, { properties: { when: { type: 'date' } } });
  const logs = [
    { _id: 'a', when: '2026-11-24' },
    { _id: 'b', when: 'soon' },
  ];
  const [stored, refused] = await indexer.indexLogs(index, logs);
  assert.equal(stored, 'stored');
  assert.match((refused as { refused: string }).refused, /\[when\]/);
  assert.equal((await indexer.indexLogs(index, logs))[0], 'exists');
  assert.deepEqual(await indices.documents('own'), new Map([['a', { when: '2026-11-24' }]]));
  const { documents, bytes } = await indexer.getIndexStats(index);
  assert.equal(documents, 1);
  assert.ok(bytes > 0);
});
