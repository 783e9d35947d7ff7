import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DiskBuffer } from '../../src/buffer/disk-buffer.ts';
import { Journal } from '../../src/buffer/journal.ts';
import { Segments } from '../../src/buffer/segments.ts';
import { identify } from '../../src/identity.ts';
import { setLogLevel } from '../../src/util/log.ts';
import { parse, temporaryFolder } from '../samples.ts';

// The damage is logged as errors, which would drown the test's own output.
setLogLevel('error');

async function opened(folder: string): Promise<{ buffer: DiskBuffer; journal: Journal }> {
  const segments = new Segments(folder, 1 << 20);
  const journal = new Journal(join(folder, 'journal'), () => segments.sync());
  const buffer = new DiskBuffer(segments, journal, parse, 1 << 20);
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
        parse,
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
    for (let batch = await buffer.take(1); batch; batch = await buffer.take(1)) {
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
  });
