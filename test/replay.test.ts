import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import logs from '../plugins/ml-api-logs.ts';
import { Checkpoint } from '../src/checkpoint.ts';
import { DeadLetters } from '../src/dead-letters.ts';
import { parseEntry } from '../src/parse.ts';
import { runPipeline } from '../src/pipeline.ts';
import { definePlugin, type Plugin } from '../src/plugin.ts';
import { PluginChain } from '../src/plugin-chain.ts';
import { replay } from '../src/replay.ts';
import { DirectorySink } from '../src/sinks/directory.ts';
import { FileSource } from '../src/sources/file.ts';
import type { Stages } from '../src/stages.ts';
import { timestampReader } from '../src/timestamp.ts';

let folder: string;
let refusing: boolean;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'replay-'));
  refusing = true;
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const picky = definePlugin({
  name: 'picky',
  create: () => ({
    event(event) {
      if (refusing && event.level === 'ERROR') throw new Error('no errors today');
      return event;
    },
  }),
});

function parts(maxBytes = 1 << 30): Stages {
  const options = { readTimestamp: timestampReader('UTC'), maxEntryBytes: 2_000 };
  const uses = [picky, logs].map((plugin) => ({ plugin: plugin as Plugin, options: {} }));
  return {
    source: new FileSource({ path: join(folder, 'api.log'), intervalMs: 100 }),
    parse: (entry) => parseEntry(entry, options),
    plugins: new PluginChain(uses, 'ml-api-', () => true),
    sink: new DirectorySink(join(folder, 'out')),
    checkpoint: new Checkpoint(join(folder, 'state'), 'test'),
    deadLetters: new DeadLetters(join(folder, 'dead'), maxBytes),
  };
}

async function run(lines: string[]): Promise<void> {
  await writeFile(join(folder, 'api.log'), `${lines.join('\n')}\n`);
  const { signal } = new AbortController();
  await runPipeline(parts(), {
    follow: false,
    batchSize: 10,
    concurrency: 2,
    maxInFlight: 1 << 20,
    signal,
    giveUp: signal,
  });
}

async function replayAll(wanted = (_: { reason: string }): boolean => true) {
  const again = parts();
  const result = await replay(again, wanted, new AbortController().signal);
  await again.sink.close();
  return result;
}

async function stored(): Promise<{ _id: string; message: string }[]> {
  const text = await readFile(join(folder, 'out', 'ml-api-logs.ndjson'), 'utf8');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

const line = (level: string, message: string): string => `2026-11-24 19:26:39 - api - ${level} - ${message}`;

test('what the plugins of now accept is stored under its own id, copies apart, and leaves its file', async () => {
  await run([line('ERROR', 'boom'), line('INFO', 'fine'), line('ERROR', 'boom')]);
  assert.deepEqual(
    (await stored()).map(({ message }) => message),
    ['fine'],
  );
  refusing = false;
  assert.deepEqual(await replayAll(), { replayed: 2, failed: {} });
  assert.deepEqual(
    (await stored()).map(({ message }) => message),
    ['fine', 'boom', 'boom'],
  );
  assert.equal(new Set((await stored()).map(({ _id }) => _id)).size, 3);
  assert.deepEqual(await readdir(join(folder, 'dead')), []);
  assert.deepEqual(await replayAll(), { replayed: 0, failed: {} });
});

test('what fails again stays as it was, with letters that nobody picked', async () => {
  await run([line('ERROR', 'boom'), line('INFO', 'x'.repeat(3_000))]);
  const before = await new DeadLetters(join(folder, 'dead'), 1 << 30).read(
    (await parts().deadLetters.files())[0] as string,
  );
  assert.equal(before.length, 2);
  const result = await replayAll(({ reason }) => reason.includes('no errors'));
  assert.deepEqual(result, { replayed: 0, failed: { 'no errors today': 1 } });
  const after = await parts().deadLetters.read((await parts().deadLetters.files())[0] as string);
  assert.deepEqual(new Set(after.map(({ text }) => text)), new Set(before.map(({ text }) => text)));
});

test('a replay that broke off loses nothing: the next one finds its file', async () => {
  await run([line('ERROR', 'boom')]);
  const { deadLetters } = parts();
  await deadLetters.setApart((await deadLetters.files())[0] as string);
  await deadLetters.add([{ stage: 'parse', at: 'parse', reason: 'later', entry: line('INFO', 'later') }]);
  refusing = false;
  assert.deepEqual(await replayAll(), { replayed: 2, failed: {} });
  assert.equal((await stored()).length, 2);
});

test('dead letters stay within their bound: the oldest file goes first', async () => {
  const letters = new DeadLetters(join(folder, 'dead'), 20_000);
  for (let n = 0; n < 100; n++) {
    await letters.add([{ stage: 'parse', at: 'parse', reason: `number ${n}`, entry: 'x'.repeat(500) }]);
  }
  const kept: string[] = [];
  let bytes = 0;
  for (const file of await letters.files()) {
    for (const { text, letter } of await letters.read(file)) {
      bytes += text.length + 1;
      kept.push(letter?.reason ?? '');
    }
  }
  assert.ok(bytes <= 20_000 && bytes > 15_000, `${bytes} bytes are kept`);
  assert.deepEqual(
    kept,
    Array.from({ length: kept.length }, (_, n) => `number ${100 - kept.length + n}`),
  );
});

test('a line that a kill left unfinished costs no other letter', async () => {
  await run([line('ERROR', 'one')]);
  const { deadLetters } = parts();
  const [file] = await deadLetters.files();
  await appendFile(file as string, '{"time":"2026-11-24T19:26:39.000Z","sta');
  await deadLetters.add([{ stage: 'parse', at: 'parse', reason: 'later', entry: line('INFO', 'later') }]);
  const kept = await deadLetters.read(file as string);
  assert.deepEqual(
    kept.map(({ letter }) => letter?.reason),
    ['no errors today', undefined, 'later'],
  );
});
