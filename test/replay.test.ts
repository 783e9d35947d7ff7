import assert from 'node:assert/strict';
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import logs from '../plugins/ml-api-logs.ts';
import { DeadLetters, type LetterLine } from '../src/dead-letters.ts';
import { runPipeline } from '../src/pipeline.ts';
import { definePlugin, type Plugin } from '../src/plugin.ts';
import { PluginChain } from '../src/plugin-chain.ts';
import { replay } from '../src/replay.ts';
import { DirectorySink } from '../src/sinks/directory.ts';
import { FileSource } from '../src/sources/file.ts';
import type { Stages } from '../src/stages.ts';
import { SidecarError } from '../src/util/errors.ts';
import { parseEntry } from './samples.ts';
import { stagesIn } from './stages.ts';

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

function parts(maxBytes = 1 << 30, maxEntryBytes = 2_000): Stages {
  const uses = [picky, logs].map((plugin) => ({ plugin: plugin as Plugin, options: {} }));
  return stagesIn(
    folder,
    {
      source: new FileSource({ paths: [join(folder, 'api.log')], intervalMs: 100 }),
      parse: (entry) => parseEntry(entry, 'UTC', { maxEntryBytes }),
      plugins: new PluginChain(uses, 'ml-api-', () => true),
      sink: new DirectorySink(join(folder, 'out')),
    },
    { deadLetterBytes: maxBytes },
  );
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
  });
}

async function linesIn(letters: DeadLetters): Promise<LetterLine[]> {
  const lines: LetterLine[] = [];
  for (const file of await letters.files()) for await (const line of letters.read(file)) lines.push(line);
  return lines;
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
  assert.deepEqual(await readdir(join(folder, 'dead-letters')), []);
  assert.deepEqual(await replayAll(), { replayed: 0, failed: {} });
});

test('what fails again stays as it was, with letters that nobody picked', async () => {
  await run([line('ERROR', 'boom'), line('INFO', 'x'.repeat(3_000))]);
  const before = await linesIn(parts().deadLetters);
  assert.equal(before.length, 2);
  const result = await replayAll(({ reason }) => reason.includes('no errors'));
  assert.deepEqual(result, { replayed: 0, failed: { 'no errors today (replay.test.ts:33)': 1 } });
  const after = await linesIn(parts().deadLetters);
  assert.deepEqual(new Set(after.map(({ text }) => text)), new Set(before.map(({ text }) => text)));
});

test('a replay that broke off loses nothing: the next one finds its file', async () => {
  await run([line('ERROR', 'boom')]);
  const { deadLetters } = parts();
  await deadLetters.setApart((await deadLetters.files())[0] as string);
  await deadLetters.add([
    {
      stage: 'parse',
      at: 'parse',
      reason: 'later',
      id: '00000000000000000000000000000001',
      entry: line('INFO', 'later'),
    },
  ]);
  refusing = false;
  assert.deepEqual(await replayAll(), { replayed: 2, failed: {} });
  assert.equal((await stored()).length, 2);
});

test('dead letters stay within their bound: the oldest file goes first', async () => {
  const letters = new DeadLetters(join(folder, 'dead-letters'), 20_000);
  for (let n = 0; n < 100; n++) {
    await letters.add([
      { stage: 'parse', at: 'parse', reason: `number ${n}`, id: `${n}`, entry: 'x'.repeat(500) },
    ]);
  }
  const kept: string[] = [];
  let bytes = 0;
  for (const file of await letters.files()) {
    for await (const { text, letter } of letters.read(file)) {
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
  await deadLetters.add([
    {
      stage: 'parse',
      at: 'parse',
      reason: 'later',
      id: '00000000000000000000000000000002',
      entry: line('INFO', 'later'),
    },
  ]);
  const kept = await linesIn(deadLetters);
  assert.deepEqual(
    kept.map(({ letter }) => letter?.reason),
    ['no errors today (replay.test.ts:33)', undefined, 'later'],
  );
});

test('a log refused at every run is one letter, and one document when it is replayed', async () => {
  for (let n = 0; n < 3; n++) await run([line('ERROR', 'boom'), line('INFO', 'x'.repeat(3_000))]);
  assert.equal((await linesIn(parts().deadLetters)).length, 2);
  refusing = false;
  const generous = parts(1 << 30, 10_000);
  assert.deepEqual(await replay(generous, () => true, new AbortController().signal), {
    replayed: 2,
    failed: {},
  });
  await generous.sink.close();
  assert.equal((await stored()).length, 2);
});

test('copies that could not be read keep their numbers, replay by replay', async () => {
  const copy = line('INFO', 'x'.repeat(3_000));
  const replayLarge = async () => {
    const generous = parts(1 << 30, 10_000);
    await replay(generous, () => true, new AbortController().signal);
    await generous.sink.close();
  };
  await run([copy, copy, copy]);
  await replayLarge();
  await run([copy, copy, copy, copy, copy]);
  await replayLarge();
  assert.equal((await stored()).length, 5);
  assert.deepEqual(await readdir(join(folder, 'dead-letters')), []);
});

test('a replay whose sink goes away loses no copy, letters without an id included', async () => {
  const { deadLetters } = parts();
  const kept = {
    time: '2026-11-24T19:26:39.000Z',
    stage: 'plugin',
    at: 'picky',
    reason: 'r',
    entry: line('INFO', 'a copy'),
  };
  await mkdir(join(folder, 'dead-letters'));
  await writeFile(join(folder, 'dead-letters', '2026-11-24.ndjson'), `${JSON.stringify(kept)}\n`.repeat(300));
  const broken = parts();
  const write = broken.sink.write.bind(broken.sink);
  let writes = 0;
  broken.sink.write = async (documents, signal) => {
    if (++writes > 1) throw new SidecarError('unreachable', 'gone');
    return write(documents, signal);
  };
  await assert.rejects(
    replay(broken, () => true, new AbortController().signal),
    /gone/,
  );
  await broken.sink.close();
  assert.equal((await linesIn(deadLetters)).length, 200);
  assert.equal((await stored()).length, 100);
  assert.deepEqual(await replayAll(), { replayed: 200, failed: {} });
  assert.equal((await stored()).length, 300);
});

test('a letter of a plugin, or an index, that is not configured stays, and is told', async () => {
  const { deadLetters } = parts();
  const at = { reason: 'r', entry: line('INFO', 'fine') };
  await deadLetters.add([
    { stage: 'plugin', at: 'another', id: '0'.repeat(32), ...at },
    { stage: 'sink', at: 'ml-api-another', id: '1'.repeat(32), ...at },
  ]);
  assert.deepEqual(await replayAll(), {
    replayed: 0,
    failed: {
      'the plugin another is not configured': 1,
      'no configured plugin writes to the index ml-api-another': 1,
    },
  });
  assert.equal((await linesIn(deadLetters)).length, 2);
});
