import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Workspace } from '../helpers.ts';
import { line } from '../samples.ts';

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

test('with --watch it tries again when the configuration changes', async (t) => {
  const workspace = new Workspace(t);
  workspace.write('api.log', `${line('one')}\n`);
  const running = workspace.start(['try', 'api.log', '--watch']);
  await running.says(/filter +it does not pass/);
  workspace.write('configs/pipeline.yaml', JSON.stringify({ pipeline: { filter: { pattern: 'one' } } }));
  await running.says(/filter +it passes/);
  await running.stop();
});
