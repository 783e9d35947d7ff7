import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { DiskBuffer } from '../../src/buffer/disk-buffer.ts';
import { Journal } from '../../src/buffer/journal.ts';
import { Segments } from '../../src/buffer/segments.ts';
import { createEvent, identify } from '../../src/identity.ts';
import { setLogLevel } from '../../src/util/log.ts';
import { parseEntry, temporaryFolder } from '../samples.ts';

// The damage is logged as errors, which would drown the test's own output.
setLogLevel('error');

async function opened(folder: string, isGathered = false): Promise<{ buffer: DiskBuffer; journal: Journal }> {
  const segments = new Segments(folder, 1 << 20);
  const journal = new Journal(join(folder, 'journal'), () => segments.sync());
  const buffer = new DiskBuffer(segments, journal, parseEntry, 1 << 20, isGathered);
  await journal.open();
  await buffer.open();
  return { buffer, journal };
}

for (const isJournalLost of [false, true])
  test(`what damage costs is told, log by log, and the rest is read${isJournalLost ? ', without a journal, too' : ''}`, async (t) => {
    const folder = temporaryFolder(t);
    const first = await opened(folder);
    for (let n = 1; n <= 10; n++) {
      const { logs, keys } = identify(
        { entries: [`log ${n}`, `another ${n}`], known: false },
        parseEntry,
        first.journal,
      );
      const kept = { logs, unreadable: [], keys, position: undefined, isSentOnce: true };
      assert.ok(await first.buffer.keep(kept, new AbortController().signal));
    }
    await first.journal.sync();
    const [name] = readdirSync(folder).filter((file) => file.startsWith('segment'));
    const bytes = readFileSync(join(folder, name!));
    for (const text of ['another 4"', 'another 10"']) bytes[bytes.indexOf(text)]! ^= 1;
    writeFileSync(join(folder, name!), bytes);
    if (isJournalLost) writeFileSync(join(folder, 'journal'), '');

    const { buffer, journal } = await opened(folder);
    let read = 0;
    let lost = 0;
    for (let batch = await buffer.take(1, true); batch; batch = await buffer.take(1, true)) {
      read += batch.logs.length;
      lost += batch.gap?.atLeast ?? 0;
      await buffer.confirm(batch.sequence);
    }
    // Without a journal, nothing tells that there was one more behind the last that is sound.
    assert.deepEqual({ read, lost }, { read: 16, lost: isJournalLost ? 2 : 4 });
    assert.equal(buffer.state.logs, 0);
    await buffer.close();
    await journal.close();
    assert.deepEqual(readdirSync(folder), ['journal']);
    // It was as good as killed, but files that nobody closes end a process of newer Nodes.
    await first.buffer.close();
    await first.journal.close();
  });

async function keepOne({ buffer, journal }: Awaited<ReturnType<typeof opened>>, name: string): Promise<void> {
  const { logs, keys } = identify({ entries: [name], known: false }, parseEntry, journal);
  const kept = { logs, unreadable: [], keys, position: undefined, isSentOnce: false };
  assert.ok(await buffer.keep(kept, new AbortController().signal));
}

test('a log that names no time has the one at which it was read first, however long it waits', async (t) => {
  const folder = temporaryFolder(t);
  const first = await opened(folder);
  const before = Date.now();
  await keepOne(first, 'no time is named here');
  const after = Date.now();
  await first.buffer.close();
  await first.journal.close();
  await sleep(50);
  const again = await opened(folder);
  const [log] = (await again.buffer.take(1, true))!.logs;
  const { timestamp } = createEvent(log!)!;
  assert.ok(Date.parse(timestamp) >= before && Date.parse(timestamp) <= after, timestamp);
  await again.buffer.close();
  await again.journal.close();
});

test('a sink that gathers what it is sent is sent what there is, whatever is on its way', async (t) => {
  const stages = await opened(temporaryFolder(t), true);
  for (const name of ['a', 'b', 'c', 'd']) {
    await keepOne(stages, name);
    assert.deepEqual(
      (await stages.buffer.take(3, false))?.logs.map(({ entry }) => entry),
      [name],
    );
  }
  await stages.buffer.confirm(4);
  await stages.buffer.close();
  await stages.journal.close();
});

test('what is less than a batch gathers while two are on their way, and goes on together', async (t) => {
  const stages = await opened(temporaryFolder(t));
  const { buffer, journal } = stages;
  const { signal } = new AbortController();
  const keep = (name: string): Promise<void> => keepOne(stages, name);
  const take = async (isEnd = false): Promise<unknown[] | undefined> =>
    (await buffer.take(3, isEnd))?.logs.map(({ entry }) => entry);
  for (const [n, name] of ['a', 'b'].entries()) {
    await keep(name);
    assert.deepEqual(await take(), [name], `nothing gathers behind ${n} batches`);
  }
  await keep('c');
  await keep('d');
  assert.equal(await take(), undefined);
  await keep('e');
  await keep('f');
  assert.deepEqual(await take(), ['c', 'd', 'e'], 'a whole batch waits for nothing');
  assert.equal(await take(), undefined);
  const waited = buffer.wait(3, signal);
  await buffer.confirm(1);
  assert.equal(await take(), undefined, 'two are on their way still');
  await buffer.confirm(2);
  await waited;
  assert.deepEqual(await take(), ['f']);
  await keep('g');
  assert.deepEqual(await take(true), ['g'], 'nothing gathers at the end');
  await buffer.confirm(7);
  assert.equal(buffer.state.logs, 0);
  await buffer.close();
  await journal.close();
});
