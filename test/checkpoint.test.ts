import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { Checkpoint, replaceFile } from '../src/checkpoint.ts';
import { setLogLevel } from '../src/util/log.ts';
import { temporaryFolder } from './samples.ts';

// Checkpoints that are set aside are reported as warnings, which would drown the test's own output.
setLogLevel('error');

const NAME = 'redis localhost:6379/0 api_logs to elasticsearch localhost:9200 ml-api-';
const state = (n: number) => ({ position: [`print ${n}`], counts: { key: n } });

async function saved(checkpoint: Checkpoint, n: number): Promise<void> {
  checkpoint.save(() => state(n));
  await checkpoint.flush();
}

test('what was saved is loaded by a later process of the same name, and by none of another', async (t) => {
  const folder = join(temporaryFolder(t), 'not/yet/there');
  await saved(new Checkpoint(folder, NAME), 1);
  assert.deepEqual(await new Checkpoint(folder, NAME).load(), state(1));
  assert.equal(await new Checkpoint(folder, `${NAME}!`).load(), undefined);
});

test('its file tells people what it is for', (t) => {
  const { path } = new Checkpoint(temporaryFolder(t), NAME);
  assert.match(path, /redis-localhost-6379-0-api-logs-to-elasticsearch-localhost.*-[0-9a-f]{8}\.json$/);
});

test('without a file there is no state, and nothing is set aside', async (t) => {
  const checkpoint = new Checkpoint(temporaryFolder(t), NAME);
  assert.equal(await checkpoint.load(), undefined);
  assert.deepEqual(readdirSync(dirname(checkpoint.path)), []);
});

test('a file that is empty, cut, foreign or damaged is set aside, and there is no state', async (t) => {
  for (const damage of [
    '',
    '\0\0\0\0',
    'null',
    '[]',
    '"text"',
    '{"position": 1}',
    '{"version": 2, "position": [], "counts": {}}',
    '{"version": 1, "position": [], "counts": null}',
    '{"version": 1, "position": [], "counts": {"key": "many"}}',
    '{"version": 1, "position": [], "counts": {"key": 1.5}}',
  ]) {
    const checkpoint = new Checkpoint(temporaryFolder(t), NAME);
    writeFileSync(checkpoint.path, damage);
    assert.equal(await checkpoint.load(), undefined, damage);
    assert.equal(readFileSync(`${checkpoint.path}.unreadable`, 'utf8'), damage);
    assert.equal(existsSync(checkpoint.path), false);
    await saved(checkpoint, 1);
    assert.deepEqual(await checkpoint.load(), state(1));
  }
});

test('wherever a file was cut, it is set aside', async (t) => {
  const checkpoint = new Checkpoint(temporaryFolder(t), NAME);
  await saved(checkpoint, 1);
  const { size } = statSync(checkpoint.path);
  for (let length = 0; length < size; length++) {
    await saved(checkpoint, 1);
    truncateSync(checkpoint.path, length);
    assert.equal(await checkpoint.load(), undefined, `${length} of ${size} bytes`);
  }
});

test('a folder in the place of the file is set aside as well', async (t) => {
  const checkpoint = new Checkpoint(temporaryFolder(t), NAME);
  mkdirSync(checkpoint.path);
  assert.equal(await checkpoint.load(), undefined);
  await saved(checkpoint, 1);
  assert.deepEqual(await checkpoint.load(), state(1));
});

test('the state saved last wins, and is asked for no sooner than it is written', async (t) => {
  const checkpoint = new Checkpoint(temporaryFolder(t), NAME);
  let n = 1;
  checkpoint.save(() => assert.fail('an earlier state was asked for'));
  checkpoint.save(() => state(n));
  n = 2;
  await checkpoint.flush();
  n = 3;
  assert.deepEqual(await checkpoint.load(), state(2));
  await checkpoint.flush();
  assert.deepEqual(await checkpoint.load(), state(2));
});

test('states that are saved while one is being written are written behind it', async (t) => {
  const checkpoint = new Checkpoint(temporaryFolder(t), NAME);
  const flushes: Promise<void>[] = [];
  for (let n = 0; n < 20; n++) {
    checkpoint.save(() => state(n));
    flushes.push(checkpoint.flush());
  }
  await Promise.all(flushes);
  assert.deepEqual(await checkpoint.load(), state(19));
  assert.deepEqual(readdirSync(dirname(checkpoint.path)).length, 1);
});

test('closing saves what is still to be saved', async (t) => {
  const checkpoint = new Checkpoint(temporaryFolder(t), NAME);
  await checkpoint.lock();
  await saved(checkpoint, 1);
  checkpoint.save(() => state(2));
  await checkpoint.close();
  assert.deepEqual(await checkpoint.load(), state(2));
  assert.equal(readdirSync(dirname(checkpoint.path)).length, 1);
});

test('what was saved is written soon, without being flushed', async (t) => {
  const checkpoint = new Checkpoint(temporaryFolder(t), NAME);
  checkpoint.save(() => state(1));
  while ((await checkpoint.load()) === undefined) await new Promise((done) => setTimeout(done, 10));
  assert.deepEqual(await checkpoint.load(), state(1));
});

test('a checkpoint that cannot be written stops nothing', async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'file'), '');
  await saved(new Checkpoint(join(folder, 'file/state'), NAME), 1);
});

test('a file is replaced as a whole: who reads the old one goes on reading it', async (t) => {
  const path = join(temporaryFolder(t), 'file');
  await replaceFile(path, 'the old content');
  const old = await open(path, 'r');
  t.after(() => old.close());
  await replaceFile(path, 'the new content');
  assert.equal(String(await old.readFile()), 'the old content');
  assert.equal(readFileSync(path, 'utf8'), 'the new content');
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test('what a crash left half written is neither read nor in the way', async (t) => {
  const checkpoint = new Checkpoint(temporaryFolder(t), NAME);
  await saved(checkpoint, 1);
  writeFileSync(`${checkpoint.path}.tmp`, '{"version": 1, "posi');
  assert.deepEqual(await checkpoint.load(), state(1));
  await saved(checkpoint, 2);
  assert.deepEqual(await checkpoint.load(), state(2));
});
