import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { TestList, Workspace } from '../helpers.ts';
import { line } from '../samples.ts';
import { redisUrl } from '../services/env.ts';

const call = line(
  '[x] API Call - POST /predict - Status: 200 - Time: 1ms - Input: {"AGE": 1} - Result: {"prediction": 1}',
);

test('try shows each of the newest logs, what becomes of it, and stores nothing', async (t) => {
  const workspace = new Workspace(t);
  workspace.write('api.log', `${line('older')}\n${line('other')}\n${call}\n`);
  const { code, stdout } = await workspace.run(['try', 'api.log', '--last', '2', '--json']);
  assert.equal(code, 0);
  const [other, prediction] = JSON.parse(stdout);
  assert.deepEqual([other.format, other.event.message, other.filter], ['documented', 'other', 'fails']);
  assert.deepEqual(
    prediction.documents.map(({ index }: { index: string }) => index),
    ['ml-api-logs', 'ml-api-message'],
  );
  const told = await workspace.run(['try', 'api.log']);
  assert.match(told.stdout, /format +documented[\s\S]*→ ml-api-message \w+ \{"timestamp"/);
  assert.throws(() => workspace.output('ml-api-logs', 'data'));
});

test('it says what would be a dead letter, and why, and that a file is missing', async (t) => {
  const workspace = new Workspace(t, 'ml-api-', { limits: { entry_bytes: 1024 } });
  workspace.write('api.log', `${line('x'.repeat(2000))}\n`);
  const { code, stdout } = await workspace.run(['try', 'api.log']);
  assert.equal(code, 1);
  assert.match(stdout, /dead letter \(parse\): the entry has \d+ bytes/);
  const missing = await workspace.run(['try', 'none.log']);
  assert.equal(missing.code, 3);
  assert.match(missing.stderr, /none\.log can't be read/);
});

test('it reads stdin, and the newest entries of a list, from which nothing is taken', async (t) => {
  const workspace = new Workspace(t);
  const piped = workspace.start(['try', '-', '--json'], {}, `${line('piped')}\n  continued\n`);
  const [trial, ...rest] = JSON.parse((await piped.ended).stdout);
  assert.equal(trial.event.message, 'piped\n  continued');
  assert.deepEqual(rest, []);
  const list = new TestList(t);
  await list.push([line('oldest'), line('middle'), call]);
  const env = { REDIS_URL: redisUrl(), REDIS_LOGS_KEY: list.key };
  const { code, stdout } = await workspace.run(['try', '--source', 'redis', '--last', '2', '--json'], env);
  assert.equal(code, 0);
  assert.deepEqual(
    JSON.parse(stdout).map(({ entry }: { entry: string }) => entry),
    [line('middle'), call],
  );
  assert.equal(await list.redis.llen(list.key), 3);
  const down = await workspace.run(['try', '--source', 'redis'], { REDIS_URL: 'redis://127.0.0.1:1' });
  assert.equal(down.code, 3);
  assert.match(down.stderr, /127\.0\.0\.1:1/);
});

test('with --watch it tries again when the configuration or a plugin changes, broken or not', async (t) => {
  const workspace = new Workspace(t);
  workspace.write('api.log', `${line('one')}\n`);
  const running = workspace.start(['try', 'api.log', '--watch']);
  await running.says(/filter +it does not pass/);
  await running.says(/Waiting for a change/);
  workspace.write('configs/pipeline.yaml', '{ "pipelin": {} }');
  await running.says(/unknown key pipelin/);
  mkdirSync(join(workspace.folder, 'own'));
  const format = (logger: string): string =>
    `export default { name: 'mine', create: () => ({ parse: (message) => ({ logger: '${logger}', message }) }) };`;
  workspace.write('own/mine.mjs', format('first'));
  const config = { pipeline: { filter: { pattern: 'one' } }, formats: [{ use: '../own/mine.mjs' }] };
  workspace.write('configs/pipeline.yaml', JSON.stringify(config));
  await running.says(/logger +first[\s\S]*filter +it passes/);
  await running.says(/(?:Waiting[\s\S]*){3}/);
  workspace.write('own/mine.mjs', format('second'));
  await running.says(/logger +second/);
  await running.stop();
});
