import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DiskBuffer } from '../../src/buffer/disk-buffer.ts';
import { Journal } from '../../src/buffer/journal.ts';
import { Segments } from '../../src/buffer/segments.ts';
import { checkBuffer } from '../../src/checks/check-buffer.ts';
import { identify } from '../../src/identity.ts';
import { temporaryFolder } from '../helpers.ts';
import { parseEntry } from '../samples.ts';

const never = new AbortController().signal;

test('it tells how many logs wait, since when, and how much room they take; it changes nothing', async (t) => {
  const folder = temporaryFolder(t);
  assert.equal((await checkBuffer(folder, folder, 1e6)).says, 'nothing waits for the sink');

  const journal = new Journal(join(folder, 'journal'));
  const buffer = new DiskBuffer(new Segments(folder, 1e6), journal, parseEntry, 1e6);
  await journal.open();
  await buffer.open();
  const keep = async (...entries: string[]): Promise<void> => {
    const { logs, keys } = identify({ entries, known: false }, parseEntry, journal);
    assert.ok(
      await buffer.keep({ logs, unreadable: [], keys, position: undefined, isSentOnce: true }, never),
    );
  };
  await keep('stored');
  await keep('one', 'two');
  await keep('three');
  const stored = await buffer.take(1, true);
  assert.equal(stored?.logs.length, 1);
  await buffer.confirm(stored.sequence);
  await journal.sync();

  const before = readdirSync(folder);
  const { state, says, action } = await checkBuffer(folder, folder, 1e6);
  assert.match(says, /^3 logs wait for the sink, the oldest for \d+ s: 0\.0 of 1\.0 MB in /);
  assert.equal(state, 'ok');
  assert.equal(action, undefined);
  assert.deepEqual(readdirSync(folder), before);
  const full = await checkBuffer(folder, folder, 1_000);
  assert.equal(full.state, 'warning');
  assert.match(full.action!, /buffer\.max_bytes/);

  const segment = join(folder, before.find((name) => name.startsWith('segment-'))!);
  const bytes = readFileSync(segment);
  bytes[60]! ^= 1;
  writeFileSync(segment, bytes);
  const damaged = await checkBuffer(folder, folder, 1e6);
  assert.equal(damaged.state, 'warning');
  assert.match(damaged.says, /is damaged/);
  await journal.close();
  await buffer.close();
});
