import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, renameSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { FileSource } from '../../src/sources/file.ts';
import type { Batch } from '../../src/sources/source.ts';
import { realEntries, temporaryFolder } from '../samples.ts';
import { follow, freshOf, logs, readAll, sourceContract } from './contract.ts';

function sourceOf(path: string): FileSource {
  return new FileSource({ paths: [path], intervalMs: 20 });
}

sourceContract('file', async (t) => {
  const path = join(temporaryFolder(t), 'api.log');
  return {
    add: async (entries) => appendFileSync(path, entries.map((entry) => `${entry}\n`).join('')),
    make: () => sourceOf(path),
    makeUnreachable: () => sourceOf(`${path}.missing`),
  };
});

/** The entries of a file of this content. */
async function entriesIn(t: TestContext, content: string | Uint8Array): Promise<unknown[]> {
  const path = join(temporaryFolder(t), 'api.log');
  writeFileSync(path, content);
  return (await readAll(sourceOf(path))).entries;
}

const [one, two, three] = logs(3) as [string, string, string];
const traceback = `${one}\nTraceback (most recent call last):\n  File "x.py", line 1\n\nValueError: no`;

test('a line that begins no entry continues the one before', async (t) => {
  assert.deepEqual(await entriesIn(t, `${traceback}\n${two}\n`), [traceback, two]);
});

test('lines before the first entry stand alone', async (t) => {
  assert.deepEqual(await entriesIn(t, `rest of something\nmore\n${one}\n`), [
    'rest of something',
    'more',
    one,
  ]);
});

test('a file in which nothing begins an entry is read line by line', async (t) => {
  assert.deepEqual(await entriesIn(t, 'INFO: one\nINFO: two\n'), ['INFO: one', 'INFO: two']);
});

test('lines may end in CRLF, and the last one in nothing', async (t) => {
  assert.deepEqual(await entriesIn(t, `${one}\r\ncontinued\r\n${two}\r\n${three}`), [
    `${one}\ncontinued`,
    two,
    three,
  ]);
});

test('blank lines are no entries, and blank files hold none', async (t) => {
  assert.deepEqual(await entriesIn(t, `\n\n${one}\n\n\n${two}\n\n`), [one, two]);
  assert.deepEqual(await entriesIn(t, '\n\n'), []);
  assert.deepEqual(await entriesIn(t, ''), []);
});

test('JSON lines are entries, whatever way JSON is spaced', async (t) => {
  const json = ['{"timestamp":"2026-11-24T19:26:39.000001","message":"x"}', '{ "message": "y" }'];
  assert.deepEqual(await entriesIn(t, `${json.join('\n')}\n`), json);
});

test('JSON strings, one a line, are entries', async (t) => {
  const lines = realEntries.map((entry) => JSON.stringify(entry));
  assert.deepEqual(await entriesIn(t, `${lines.join('\n')}\n`), lines);
});

test('bytes that are no UTF-8 are replaced, and spoil nothing around them', async (t) => {
  const broken = Buffer.concat([
    Buffer.from(`${one} `),
    Buffer.from([0xff, 0xc3]),
    Buffer.from(`\n${two}\n`),
  ]);
  assert.deepEqual(await entriesIn(t, broken), [`${one} \ufffd\ufffd`, two]);
});

test('a log of several MB comes whole', async (t) => {
  const long = `${one}${'é'.repeat(2_000_000)}`;
  assert.deepEqual(await entriesIn(t, `${long}\n${two}\n`), [long, two]);
});

test('a folder is no log file', async (t) => {
  await assert.rejects(
    readAll(sourceOf(temporaryFolder(t))),
    /can't be read: it is a folder: name files in it.*Give another/,
  );
});

test('wherever chunks end, entries are the same', { timeout: 60_000 }, async (t) => {
  // Large enough for several chunks.
  const entries = new Array(20).fill(realEntries).flat() as string[];
  assert.ok(entries.join('\n').length > 3 << 20);
  const texts = await entriesIn(t, entries.map((entry) => `${entry.replace(/[\r\n]+$/, '')}\n`).join(''));
  assert.equal(texts.length, entries.length);
});

test('how much was read is told, also while it is read again', async (t) => {
  const folder = temporaryFolder(t);
  const size = ['api.log', 'other.log'].map((name) => {
    const text = realEntries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
    writeFileSync(join(folder, name), text);
    return Buffer.byteLength(text);
  });
  const total = size[0]! + size[1]!;
  const { signal } = new AbortController();
  let position: Batch['position'];
  for (const again of [false, true]) {
    const source = sourceOf(join(folder, '*.log'));
    const told: number[] = [];
    for await (const batch of source.batches({
      ...{ follow: false, sendKnown: true, batchSize: 7, signal, position },
    })) {
      assert.equal(batch.known, again);
      assert.equal(source.progress.total, total);
      told.push(source.progress.done);
      position = batch.position ?? position;
    }
    await source.close();
    assert.deepEqual(
      told.toSorted((one, other) => one - other),
      told,
    );
    assert.ok(told[0]! > 0 && told[0]! < total, `${told}`);
    assert.equal(source.progress.done, total);
  }
});

test('a followed entry waits for lines that continue it', async (t) => {
  const path = join(temporaryFolder(t), 'api.log');
  writeFileSync(path, `${traceback.slice(0, 90)}`);
  setTimeout(() => appendFileSync(path, `${traceback.slice(90)}\n${two}\n`), 200);
  const { fresh } = await follow(sourceOf(path), {}, (batches) => freshOf(batches).length >= 2);
  assert.deepEqual(fresh, [traceback, two]);
});

test('a line that comes long behind its entry is not lost in a restart', async (t) => {
  const path = join(temporaryFolder(t), 'api.log');
  writeFileSync(path, `${one}\n`);
  const first = await follow(sourceOf(path), {}, (batches) => freshOf(batches).length === 1);
  appendFileSync(path, 'late line\n');
  const second = await follow(sourceOf(path), first, (batches) => freshOf(batches).length === 1);
  assert.deepEqual(second.fresh, ['late line']);
  appendFileSync(path, `${two}\n`);
  const third = await follow(sourceOf(path), second, (batches) => freshOf(batches).length === 1);
  assert.deepEqual(third.fresh, [two]);
});

test('a rotated file is read to its end, and then the new one', async (t) => {
  const path = join(temporaryFolder(t), 'api.log');
  writeFileSync(path, `${one}\n`);
  let rotated = false;
  const { fresh } = await follow(sourceOf(path), {}, (batches) => {
    if (!rotated) {
      rotated = true;
      renameSync(path, `${path}.1`);
      writeFileSync(path, `${three}\n`);
      // The writer still has the old file open.
      appendFileSync(`${path}.1`, `${two}\n`);
    }
    return freshOf(batches).length >= 3;
  });
  assert.deepEqual(fresh, [one, two, three]);
});

test('a truncated file is read from its start', async (t) => {
  const path = join(temporaryFolder(t), 'api.log');
  writeFileSync(path, `${one}\n${two}\n`);
  let truncated = false;
  const { fresh } = await follow(sourceOf(path), {}, (batches) => {
    const count = freshOf(batches).length;
    if (count === 2 && !truncated) {
      truncated = true;
      truncateSync(path);
      appendFileSync(path, `${three}\n`);
    }
    return count >= 3;
  });
  assert.deepEqual(fresh, [one, two, three]);
});

test('several files, patterns and packed files are read, the oldest first', async (t) => {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, 'a/b'), { recursive: true });
  const write = (name: string, lines: readonly string[], minutes: number): void => {
    const content = `${lines.join('\n')}\n`;
    writeFileSync(join(folder, name), name.endsWith('.gz') ? gzipSync(content) : content);
    const time = new Date(Date.UTC(2026, 10, 24, 10, minutes));
    utimesSync(join(folder, name), time, time);
  };
  const lines = logs(6);
  write('a/one.log', lines.slice(0, 2), 0);
  write('a/b/two.log', lines.slice(2, 4), 1);
  write('a/b/three.txt.gz', lines.slice(4), 2);
  write('a/.hidden.log', ['no'], 0);
  const read = async (...names: string[]): Promise<unknown[]> =>
    (await readAll(new FileSource({ paths: names.map((name) => join(folder, name)), intervalMs: 20 })))
      .entries;
  assert.deepEqual(await read('a/b/three.txt.gz'), lines.slice(4));
  assert.deepEqual(await read('a/*.log', 'a/b/two.log'), lines.slice(0, 4));
  assert.deepEqual((await read('**/*')).sort(), lines);
  assert.deepEqual(await read('a/b/t[w]?.log'), lines.slice(2, 4));
  await assert.rejects(read('a/*.json'), /no file is named by .*\.json\. Give another with --path/);
});

test('a packed file of several MB is read whole, and from any position on', {
  timeout: 60_000,
}, async (t) => {
  const path = join(temporaryFolder(t), 'api.log.1.gz');
  const entries = logs(60_000);
  writeFileSync(path, gzipSync(`${entries.join('\n')}\n`));
  const { batches } = await readAll(sourceOf(path), { batchSize: 10_000 });
  assert.deepEqual(
    batches.flatMap((batch) => batch.entries),
    entries,
  );
  const rest = await readAll(sourceOf(path), { position: batches[3]!.position });
  assert.deepEqual(rest.entries, entries.slice(40_000));
});

test('a file that is not there yet is waited for', { timeout: 30_000 }, async (t) => {
  const path = join(temporaryFolder(t), 'api.log');
  setTimeout(() => writeFileSync(path, `${one}\n${two}\n`), 300);
  const { fresh } = await follow(sourceOf(path), {}, (batches) => freshOf(batches).length === 2);
  assert.deepEqual(fresh, [one, two]);
});

test('what holds no lines of UTF-8 is refused with a word', async (t) => {
  const refused: [Uint8Array, RegExp][] = [
    [
      Buffer.from(`\ufeff${one}\r\n`, 'utf16le'),
      /it is UTF-16: convert it first \(iconv -f UTF-16 -t UTF-8\)/,
    ],
    [Buffer.from(`${one}\r\n`, 'utf16le'), /it is UTF-16/],
    [Buffer.from('28b52ffd0458990000', 'hex'), /it is packed by zstd: unpack it first \(zstd -d\)/],
    [Buffer.from('89504e470d0a1a0a0000000d494844520000000a0000000a08060000', 'hex'), /it is binary/],
  ];
  for (const [content, message] of refused) {
    await assert.rejects(entriesIn(t, content), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'config');
      assert.match(error.message, message);
      return true;
    });
  }
});

test('the hole that a truncated file gets from a logger that does not append is passed over', async (t) => {
  assert.deepEqual(await entriesIn(t, `${'\0'.repeat(300_000)}${one}\n${two}\n`), [one, two]);
});

test('half a line is not an entry before the rest comes', { timeout: 30_000 }, async (t) => {
  const path = join(temporaryFolder(t), 'api.log');
  writeFileSync(path, `${one}\n${two.slice(0, 30)}`);
  setTimeout(() => appendFileSync(path, `${two.slice(30)}\n`), 300);
  assert.deepEqual((await readAll(sourceOf(path))).entries, [one, two]);
});

test('from any position in any file, exactly what follows is new', { timeout: 120_000 }, async (t) => {
  const path = join(temporaryFolder(t), 'api.log');
  const wrapped = [
    'stdout P a',
    'stdout F b',
    'stderr P é',
    'stderr F c',
    `stdout F ${one}`,
    `stderr F ${two}`,
  ];
  const line = fc.constantFrom(
    ...[one, two, '{"message":"x"}', '  continued', '', 'é\r'],
    ...wrapped.map((text) => `2026-11-24T19:26:39.5Z ${text}`),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { maxLength: 30 }),
      fc.integer({ min: 1, max: 5 }),
      async (lines, size) => {
        writeFileSync(path, lines.map((text) => `${text}\n`).join(''));
        const { batches, entries } = await readAll(sourceOf(path), { batchSize: size });
        let read = 0;
        for (const { position, entries: part } of batches) {
          read += part.length;
          const again = await readAll(sourceOf(path), { batchSize: size, position });
          assert.deepEqual(freshOf(again.batches), entries.slice(read));
        }
      },
    ),
    { numRuns: 100 },
  );
});
