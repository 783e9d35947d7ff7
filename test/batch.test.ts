import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { finishBatch, prepareBatch } from '../src/batch.ts';
import { DeadLetters } from '../src/dead-letters.ts';
import { identify } from '../src/identity.ts';
import type { LogBatch } from '../src/intake.ts';
import { definePlugin, type Plugin } from '../src/plugin.ts';
import { PluginChain } from '../src/plugin-chain.ts';
import { createRunStats } from '../src/run-stats.ts';
import type { Stages } from '../src/stages.ts';
import { ndjson } from './helpers.ts';
import { line, parseEntry, temporaryFolder } from './samples.ts';

/** Two documents of a log that says `two`, none of one that says `none`, and it can't take one that says `broken`. */
const plugin = definePlugin({
  name: 'words',
  index: {
    name: 'ml-api-words',
    mappings: { properties: { word: { type: 'keyword' } } },
    document: { type: 'object', properties: { word: { type: 'string' } } },
  },
  create: () => ({
    documents({ message }) {
      if (message === 'broken') throw new Error('no such word');
      if (message === 'none') return undefined;
      return message === 'two' ? [{ word: 'a' }, { word: 'b' }] : { word: message };
    },
  }),
}) as unknown as Plugin;
const plugins = new PluginChain([{ plugin, options: {} }], 'ml-api-', ({ message }) => message !== 'none');

/** A batch of logs with these messages, and what is noted of it. */
function batchOf(messages: readonly string[]): { batch: LogBatch; commits: number } {
  const noted = {
    commits: 0,
    batch: {
      ...identify({ entries: messages.map(line), known: false }, parseEntry, {
        count: (keys: Buffer) => Array<number>(keys.length / 8).fill(0),
      }),
      unreadable: [],
      commit: async () => void noted.commits++,
    } as LogBatch,
  };
  return noted;
}

function stagesWith(t: TestContext): { stages: Stages; letters(): Record<string, unknown>[] } {
  const folder = join(temporaryFolder(t), 'letters');
  return {
    // `finishBatch` has to do with nothing else.
    stages: { deadLetters: new DeadLetters(folder, 1 << 20) } as Stages,
    letters: () => readdirSync(folder).flatMap((name) => ndjson(readFileSync(join(folder, name), 'utf8'))),
  };
}

test('the documents of a batch are those of its logs, in their order', () => {
  const { batch } = batchOf(['one', 'two', 'none', 'three']);
  const { documents, work } = prepareBatch(batch, plugins);
  assert.deepEqual(
    documents.map(({ json }) => (JSON.parse(json) as { word: string }).word),
    ['one', 'a', 'b', 'three'],
  );
  assert.deepEqual(
    work.receipts.map(({ place }) => place),
    [0, 1, 1, 3],
  );
  assert.equal(work.filtered, 3);
  assert.equal(new Set(documents.map(({ id }) => id)).size, 4);
});

test('its size is that of its entries and its documents', () => {
  const { batch } = batchOf(['one', 'two']);
  const { documents, work } = prepareBatch(batch, plugins);
  const entries = batch.logs.reduce((sum, { entry }) => sum + (entry as string).length, 0);
  assert.equal(
    work.size,
    documents.reduce((sum, { json }) => sum + json.length, entries),
  );
  const decoded = { timestamp: '2026-11-24T19:26:39Z', message: 'x', data: { long: 'y'.repeat(1_000) } };
  const { logs } = identify({ entries: [decoded], known: false }, parseEntry, { count: () => [0] });
  const large = prepareBatch({ logs, unreadable: [], commit: async () => {} }, plugins);
  assert.ok(large.work.size > 1_000, 'what stands beside the message is held, too');
});

test('the newest time is the latest that a log names, whatever their order', () => {
  const { batch } = batchOf(['one']);
  const late = identify(
    { entries: ['2026-11-25 00:00:00,000 - api - INFO - late'], known: false },
    parseEntry,
    {
      count: () => [0],
    },
  );
  const logs = [...late.logs, ...batch.logs];
  assert.equal(prepareBatch({ ...batch, logs }, plugins).work.newest, '2026-11-25T00:00:00.000Z');
});

test('what can’t be read, what a plugin throws at and what the sink refuses are dead letters, before the commit', async (t) => {
  const { stages, letters } = stagesWith(t);
  const noted = batchOf(['one', 'broken', 'two']);
  const batch: LogBatch = {
    ...noted.batch,
    unreadable: [{ id: 'f'.repeat(32), entry: '\u0000', reason: 'not text' }],
    commit: async () => {
      assert.equal(letters().length, 3, 'they are kept first');
      noted.commits++;
    },
  };
  const { work } = prepareBatch(batch, plugins);
  const stats = createRunStats(['ml-api-words']);
  await finishBatch(batch, work, ['stored', 'exists', { refused: 'too odd' }], stages, stats);
  assert.equal(noted.commits, 1);
  assert.deepEqual(
    letters().map(({ stage, at, reason }) => [stage, at, (reason as string).replace(/ \(.*/, '')]),
    [
      ['parse', 'parse', 'not text'],
      ['plugin', 'words', 'no such word'],
      ['sink', 'ml-api-words', 'too odd'],
    ],
  );
  assert.equal(letters()[2]!.entry, line('two'));
  assert.deepEqual(stats.indices['ml-api-words'], { stored: 1, existing: 1, refused: 1, events: 2 });
  assert.deepEqual([stats.logs, stats.deadLetters], [3, 3]);
  assert.deepEqual(stats.firstLetter, { at: 'parse', reason: 'not text' });
});

test('where dead letters can’t be kept, the batch is not committed', async () => {
  const noted = batchOf(['one']);
  const full = { add: () => Promise.reject(new Error('disk full')) };
  const stages = { deadLetters: full as unknown as DeadLetters } as Stages;
  const { work } = prepareBatch(noted.batch, plugins);
  const stats = createRunStats(['ml-api-words']);
  await assert.rejects(finishBatch(noted.batch, work, [{ refused: 'too odd' }], stages, stats), /disk full/);
  assert.equal(noted.commits, 0);
  assert.equal(stats.logs, 0);
});
