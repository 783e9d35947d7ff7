import assert from 'node:assert/strict';
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Segments } from '../../src/buffer/segments.ts';
import { eventually, TestIndices, TestList, temporaryFolder, Workspace } from '../helpers.ts';
import { realLines } from '../samples.ts';
import { elasticsearchUrl, redisUrl } from '../services/env.ts';
import { LogFolder } from '../sources/log-folder.ts';

const COPY = '2026-11-24 19:26:39 - api - INFO - the same again';

interface Found {
  code: number | null;
  logs: number;
  fates: Record<string, number>;
  examples: { fate: string; id: string; entry: string }[];
}

async function verify(workspace: Workspace, env: Record<string, string>, ...args: string[]): Promise<Found> {
  const { code, stdout, stderr } = await workspace.run(['verify', '--json', ...args], env);
  assert.notEqual(stdout, '', stderr);
  return { code, ...JSON.parse(stdout) };
}

const fatesOf = (fates: Record<string, number>) => ({
  ...{ stored: 0, dropped: 0, waiting: 0, dead_letter: 0, missing: 0, doubled: 0 },
  ...fates,
});

test('of a list, each log is told: stored once, a dead letter, waiting, missing, doubled', {
  timeout: 120_000,
}, async (t) => {
  const indices = new TestIndices(t);
  const { client, prefix } = indices;
  const list = new TestList(t);
  const env = { ELASTICSEARCH_URL: elasticsearchUrl(), REDIS_URL: redisUrl(), REDIS_LOGS_KEY: list.key };
  const workspace = new Workspace(t, prefix);
  // Of five copies the list still holds two: they keep their numbers.
  const running = workspace.start(['run', '--continuous', '--interval', '0.2'], env);
  await list.push([realLines[50]!, COPY, COPY, COPY, COPY, COPY], 45);
  const stored = (): Promise<number> => indices.count('logs').catch(() => 0);
  await eventually('the first are stored', async () => (await stored()) === 6);
  await list.push([...realLines.slice(0, 42), 'x'.repeat(2 << 20)], 45);
  await eventually('all are stored', async () => (await stored()) === 48);
  await running.stop();
  const sound = await verify(workspace, env);
  assert.deepEqual([sound.code, sound.logs], [0, 45]);
  assert.deepEqual(sound.fates, fatesOf({ stored: 44, dead_letter: 1 }));
  await list.push(['2026-11-24 19:27:00 - api - INFO - not read yet'], 45);
  const documents = await indices.documents('logs');
  const ids = [...documents.keys()].filter((id) => documents.get(id)!.message !== 'the same again');
  await client.delete({ index: `${prefix}logs`, id: ids[7]! });
  await client.index({ index: `${prefix}logs-2026.11`, id: ids[8]!, document: documents.get(ids[8]!)! });
  const { code, fates, examples } = await verify(workspace, env);
  assert.equal(code, 1);
  assert.deepEqual(fates, fatesOf({ stored: 41, dead_letter: 1, waiting: 1, missing: 1, doubled: 1 }));
  assert.deepEqual(examples.map(({ fate, id }) => [fate, id]).sort(), [
    ['doubled', ids[8]],
    ['missing', ids[7]],
  ]);
  const { stdout } = await workspace.run(['verify'], env);
  assert.match(stdout, /^45 logs of .*\nstored +41 +every document is there, once\n/);
  assert.match(stdout, /missing +1 +read, and not there: `run --from-start` stores it again/);
  const again = workspace.start(['run', '--continuous', '--interval', '0.2', '--from-start'], env);
  await eventually('it is stored again', async () => (await stored()) === 49);
  await again.stop();
  assert.deepEqual((await verify(workspace, env)).fates, fatesOf({ stored: 43, dead_letter: 1, doubled: 1 }));
});

test('of a file, what was appended since is waiting, and what was taken out of a folder is missing', async (t) => {
  const workspace = new Workspace(t);
  const lines = [...realLines.slice(0, 20), COPY, COPY].map((line) => `${line}\n`);
  const path = workspace.write('api.log', lines.join(''));
  const ends = ['--source', 'file', '--path', 'api.log', '--sink', 'directory', '--out', 'out'];
  assert.deepEqual((await verify(workspace, {}, ...ends)).fates, fatesOf({ waiting: 22 }));
  assert.equal((await workspace.run(['run', ...ends])).code, 0);
  assert.deepEqual((await verify(workspace, {}, ...ends)).fates, fatesOf({ stored: 22 }));
  workspace.write('api.log', `${readFileSync(path, 'utf8')}${COPY}\n`);
  const stored = readFileSync(join(workspace.folder, 'out/ml-api-logs.ndjson'), 'utf8').split('\n');
  workspace.write('out/ml-api-logs.ndjson', stored.slice(1).join('\n'));
  const { code, fates } = await verify(workspace, {}, ...ends);
  assert.deepEqual([code, fates], [1, fatesOf({ stored: 21, missing: 1, waiting: 1 })]);
});

test('what is in rotated files is looked up there, copies by the numbers that they got, and nothing is called missing', async (t) => {
  const workspace = new Workspace(t);
  const files = new LogFolder(t, workspace.folder);
  const source = ['--source', 'file', '--path', 'api.log', '--sink', 'directory', '--out', 'out'];
  files.write(20);
  await workspace.run(['run', ...source]);
  files.rename();
  files.write(3);
  appendFileSync(files.path, `${files.written[4]}\n`);
  await workspace.run(['run', ...source]);
  files.copyAndTruncate();
  files.pack(2);
  files.write(5);
  const { code, logs, fates } = await verify(workspace, {}, ...source);
  assert.deepEqual([code, logs, fates], [0, 29, fatesOf({ stored: 24, waiting: 5 })]);
});

test('what was taken can not be verified: exit 2', async (t) => {
  const ends = ['--source', 'http', '--sink', 'directory'];
  const { code, stderr } = await new Workspace(t).run(['verify', ...ends]);
  assert.equal(code, 2);
  assert.match(stderr, /can't be read again without taking logs away/);
});

test('of a stream, each log is told, and those who share it keep what they hold', {
  timeout: 60_000,
}, async (t) => {
  const { key, redis } = new TestList(t);
  const workspace = new Workspace(t);
  const env = { REDIS_URL: redisUrl(), REDIS_LOGS_KEY: key };
  const ends = ['--source', 'redis-stream', '--sink', 'directory', '--out', 'out'];
  const add = async (logs: readonly string[]): Promise<void> => {
    for (const log of logs) await redis.xadd(key, '*', 'log', log);
  };
  await add([...realLines.slice(0, 20), COPY, COPY, 'x'.repeat(2 << 20)]);
  // Nobody has read yet: there is no group, and looking makes none.
  assert.deepEqual((await verify(workspace, env, ...ends)).fates, fatesOf({ waiting: 23 }));
  assert.deepEqual(await redis.xinfo('GROUPS', key), []);
  assert.equal((await workspace.run(['run', ...ends], env)).code, 1);
  assert.deepEqual((await verify(workspace, env, ...ends)).fates, fatesOf({ stored: 22, dead_letter: 1 }));
  // Another sidecar holds one that it has not confirmed, and one was delivered to nobody.
  await add(['2026-11-24 19:27:00 - api - INFO - held', '2026-11-24 19:27:01 - api - INFO - not delivered']);
  const group = (await redis.xinfo('GROUPS', key)) as string[][];
  const name = group[0]![1]!;
  await redis.xreadgroup('GROUP', name, 'another', 'COUNT', 1, 'STREAMS', key, '>');
  const stored = readFileSync(join(workspace.folder, 'out/ml-api-logs.ndjson'), 'utf8').split('\n');
  workspace.write('out/ml-api-logs.ndjson', stored.slice(1).join('\n'));
  const before = [await redis.xinfo('GROUPS', key), await redis.xpending(key, name)];
  const { code, logs, fates } = await verify(workspace, env, ...ends);
  assert.deepEqual(
    [code, logs, fates],
    [1, 25, fatesOf({ stored: 21, missing: 1, dead_letter: 1, waiting: 2 })],
  );
  const newest = await verify(workspace, env, ...ends, '--limit', '4');
  assert.deepEqual(newest.fates, fatesOf({ stored: 1, dead_letter: 1, waiting: 2 }));
  const dry = JSON.parse((await workspace.run(['run', '--dry-run', '--json', ...ends], env)).stdout);
  assert.deepEqual([dry.logs, dry.deadLetters], [25, 1]);
  assert.deepEqual([await redis.xinfo('GROUPS', key), await redis.xpending(key, name)], before);
});

test('what waits in the buffer is known by its ids', async (t) => {
  const { readWaitingIds, writeBatch } = await import('../../src/buffer/segments.ts');
  const folder = temporaryFolder(t);
  const segments = new Segments(folder, 1 << 30);
  for (const sequence of [1, 2, 3]) {
    const body = Buffer.from(JSON.stringify({ logs: [[`id-${sequence}`, 'x']], unreadable: [] }));
    const head = { sequence, logs: 1, before: sequence - 1, readAt: 0, keys: '' };
    await segments.append(sequence, writeBatch(head, body, sequence === 3));
  }
  assert.deepEqual([...(await readWaitingIds(folder, 1))], ['id-2', 'id-3']);
  await segments.close(0);
  assert.deepEqual([...(await readWaitingIds(join(folder, 'none'), 0))], []);
});
