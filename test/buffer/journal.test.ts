import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Journal } from '../../src/buffer/journal.ts';
import { setLogLevel } from '../../src/util/log.ts';
import { temporaryFolder } from '../samples.ts';

// Damaged journals are reported as warnings, which would drown the test's own output.
setLogLevel('error');

const keyOf = (text: string): Buffer => createHash('sha256').update(text).digest().subarray(0, 8);

/** A batch of one log: counts it, and tells the journal. */
function advance(journal: Journal, text: string, sequence = journal.progress.sequence + 1): number {
  const keys = keyOf(text);
  const [before] = journal.count(keys);
  journal.advance({ sequence, logs: 1, keys, position: { at: sequence } });
  return before!;
}

async function opened(path: string): Promise<Journal> {
  const journal = new Journal(path);
  await journal.open();
  return journal;
}

test('a later process knows the position, what is confirmed, and how many copies have come', async (t) => {
  const path = join(temporaryFolder(t), 'not/yet/there/journal');
  const first = await opened(path);
  assert.equal(first.position, undefined);
  assert.deepEqual([advance(first, 'a'), advance(first, 'a'), advance(first, 'b')], [0, 1, 0]);
  first.confirm(2);
  await first.close();
  const second = await opened(path);
  assert.deepEqual(second.position, { at: 3 });
  assert.deepEqual(second.progress, { sequence: 3, confirmed: 2, logs: 3 });
  assert.deepEqual([advance(second, 'a'), advance(second, 'c')], [2, 0]);
  await second.close();
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test('what is read again gets the numbers that it had', async (t) => {
  const journal = await opened(join(temporaryFolder(t), 'journal'));
  for (const text of ['a', 'a', 'a']) advance(journal, text);
  assert.deepEqual(journal.count(Buffer.concat([keyOf('a'), keyOf('a')]), true), [2, 1]);
  assert.deepEqual(journal.count(keyOf('a'), true), [0]);
  assert.deepEqual(journal.count(keyOf('a'), true), [3], 'more than are known');
  assert.deepEqual(journal.count(keyOf('a')), [3]);
  await journal.close();
});

test('what is counted, and not told of, is not in a journal that is begun anew', async (t) => {
  const path = join(temporaryFolder(t), 'journal');
  // What can't be believed is left out: the next journal is begun anew.
  writeFileSync(path, 'x');
  const journal = await opened(path);
  advance(journal, 'a');
  journal.count(keyOf('a'));
  await journal.close();
  const again = await opened(path);
  assert.equal(advance(again, 'a'), 1);
  await again.close();
});

test('wherever it is cut, what is before the cut is known, and it goes on from there', async (t) => {
  const path = join(temporaryFolder(t), 'journal');
  const ends: number[] = [];
  const journal = await opened(path);
  for (let n = 0; n < 4; n++) {
    advance(journal, 'a');
    await journal.sync();
    ends.push(statSync(path).size);
  }
  await journal.close();
  const whole = readFileSync(path);
  for (let length = 0; length <= whole.length; length += 7) {
    writeFileSync(path, whole.subarray(0, length));
    const known = ends.filter((end) => end <= length).length;
    const cut = await opened(path);
    assert.equal(cut.progress.sequence, known, `${length} bytes`);
    assert.equal(advance(cut, 'a'), known);
    await cut.close();
    const again = await opened(path);
    assert.deepEqual(again.position, { at: known + 1 });
    await again.close();
  }
});

test('a flipped bit is noticed: the file is kept aside, and nothing of its record believed', async (t) => {
  const path = join(temporaryFolder(t), 'journal');
  const journal = await opened(path);
  const ends: number[] = [];
  for (let n = 0; n < 3; n++) {
    advance(journal, 'a');
    await journal.sync();
    ends.push(statSync(path).size);
  }
  await journal.close();
  const damaged = readFileSync(path);
  damaged[ends[0]! + 30]! ^= 4;
  writeFileSync(path, damaged);
  const again = await opened(path);
  assert.deepEqual(readFileSync(`${path}.damaged`), damaged);
  assert.equal(advance(again, 'a', 4), 2, 'two of three are known');
  await again.close();
  const healed = await opened(path);
  assert.deepEqual(healed.position, { at: 4 });
  assert.equal(healed.progress.sequence, 4);
  await healed.close();
});

test('a file of something else is kept aside, and told', async (t) => {
  const path = join(temporaryFolder(t), 'journal');
  for (const content of ['x', '{"version":1}', '\0'.repeat(5_000)]) {
    writeFileSync(path, content);
    const journal = await opened(path);
    assert.equal(journal.position, undefined);
    assert.equal(readFileSync(`${path}.damaged`, 'utf8'), content);
    advance(journal, 'a');
    await journal.close();
    assert.equal((await opened(path)).progress.sequence, 1);
  }
});

test('it does not grow without end', { timeout: 60_000 }, async (t) => {
  const path = join(temporaryFolder(t), 'journal');
  const journal = await opened(path);
  const keys = Buffer.alloc(8 * 100_000, 'one key!');
  for (let n = 1; n <= 60; n++) {
    journal.count(keys);
    journal.advance({ sequence: n, logs: 100_000, keys, position: { at: n } });
    await journal.sync();
  }
  await journal.close();
  assert.ok(statSync(path).size < 20 << 20, `${statSync(path).size} bytes`);
  const again = await opened(path);
  assert.deepEqual(again.progress, { sequence: 60, confirmed: 0, logs: 6_000_000 });
  assert.equal(again.count(keys.subarray(0, 8))[0], 6_000_000);
});

test('a journal that cannot be written stops nothing', async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'file'), '');
  const journal = await opened(join(folder, 'file/journal'));
  advance(journal, 'a');
  assert.equal(await journal.sync(), false);
  await journal.close();
  mkdirSync(join(folder, 'journal'));
  assert.equal((await opened(join(folder, 'journal'))).position, undefined);
});

test('without anything to tell, no file is made', async (t) => {
  const path = join(temporaryFolder(t), 'journal');
  await (await opened(path)).close();
  assert.equal(existsSync(path), false);
});
