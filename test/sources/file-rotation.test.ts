import assert from 'node:assert/strict';
import { appendFileSync, truncateSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { FileSource } from '../../src/sources/file.ts';
import type { Gap } from '../../src/sources/source.ts';
import type { Json } from '../../src/util/json.ts';
import { setLogLevel } from '../../src/util/log.ts';
import { follow, freshOf, readAll } from './contract.ts';
import { LogFolder } from './log-folder.ts';

setLogLevel('error');

const sourceOf = (...paths: string[]): FileSource => new FileSource({ paths, intervalMs: 20 });

/** What becomes of a file, and whether what was in it can still be read. */
const CHANGES: Record<string, { change(logs: LogFolder): void; isLost?: boolean }> = {
  'is renamed': { change: (logs) => logs.rename() },
  'is copied and truncated': { change: (logs) => logs.copyAndTruncate() },
  'is renamed and packed': {
    change: (logs) => {
      logs.rename();
      logs.pack(1);
    },
  },
  'is copied, truncated and packed': {
    change: (logs) => {
      logs.copyAndTruncate();
      logs.pack(1);
    },
  },
  'is renamed twice': {
    change: (logs) => {
      logs.rename();
      logs.write(4);
      logs.rename();
    },
  },
  'is copied and truncated twice': {
    change: (logs) => {
      logs.copyAndTruncate();
      logs.write(4);
      logs.copyAndTruncate();
    },
  },
  'is renamed, packed, and copied and truncated': {
    change: (logs) => {
      logs.rename();
      logs.write(4);
      logs.pack(1);
      logs.copyAndTruncate();
    },
  },
};

for (const [what, { change }] of Object.entries(CHANGES)) {
  test(`followed: a file ${what}`, { timeout: 30_000 }, async (t) => {
    const logs = new LogFolder(t);
    logs.write(5);
    let isChanged = false;
    const { fresh, gaps } = await follow(sourceOf(logs.path), {}, (batches) => {
      if (!isChanged) {
        isChanged = true;
        logs.write(3);
        change(logs);
        logs.write(9);
      }
      return freshOf(batches).length >= logs.written.length;
    });
    assert.deepEqual([...fresh].sort(), [...logs.written].sort());
    assert.deepEqual(gaps, []);
  });

  test(`while nobody reads it, a file ${what}`, { timeout: 30_000 }, async (t) => {
    const logs = new LogFolder(t);
    logs.write(5);
    const { position, entries } = await readAll(sourceOf(logs.path));
    logs.write(3);
    change(logs);
    logs.write(9);
    const second = await readAll(sourceOf(logs.path), { position });
    assert.deepEqual([...entries, ...second.entries], logs.written);
    assert.deepEqual(second.gaps, []);
    assert.deepEqual((await readAll(sourceOf(logs.path), { position: second.position })).entries, []);
  });
}

test('what is deleted or truncated while nobody reads is a gap; what stands there since is read whole', async (t) => {
  for (const change of [(logs: LogFolder) => logs.delete(), (logs: LogFolder) => truncateSync(logs.path)]) {
    const logs = new LogFolder(t);
    logs.write(5);
    const { position } = await readAll(sourceOf(logs.path));
    change(logs);
    // On some file systems under the same inode; and it is longer than the old one.
    const news = logs.write(9);
    const second = await readAll(sourceOf(logs.path), { position });
    assert.deepEqual(second.entries, news);
    assert.equal(second.gaps.length, 1);
    assert.match(second.gaps[0]!.what, /api\.log: a file was truncated or deleted since it was read last/);
    const third = await readAll(sourceOf(logs.path), { position: second.position });
    assert.deepEqual([third.entries, third.gaps], [[], []]);
  }
});

test('a file that is deleted while it is followed is read to its end', { timeout: 30_000 }, async (t) => {
  const logs = new LogFolder(t);
  logs.write(5);
  let isChanged = false;
  const { fresh, gaps } = await follow(sourceOf(logs.path), {}, (batches) => {
    if (!isChanged) {
      isChanged = true;
      logs.write(3);
      logs.delete();
      logs.write(9);
    }
    return freshOf(batches).length >= logs.written.length;
  });
  assert.deepEqual([...fresh].sort(), [...logs.written].sort());
  assert.deepEqual(gaps, []);
});

test('rotated files of before the first run are read where they are named', async (t) => {
  const logs = new LogFolder(t);
  const oldest = logs.write(3);
  logs.rename();
  logs.pack(1);
  const older = logs.write(3);
  logs.rename();
  const newest = logs.write(3);
  const named = await readAll(sourceOf(`${logs.path}*`));
  assert.deepEqual(named.entries, [...oldest, ...older, ...newest]);
  const first = await readAll(sourceOf(logs.path));
  assert.deepEqual(first.entries, newest);
  logs.rename();
  const news = logs.write(3);
  const second = await readAll(sourceOf(logs.path), { position: first.position });
  assert.deepEqual(second.entries, news);
});

test('a first run that found nothing remembers that', async (t) => {
  const logs = new LogFolder(t);
  writeFileSync(logs.path, '');
  const { position } = await readAll(sourceOf(logs.path));
  const lines = logs.write(3);
  logs.rename();
  assert.deepEqual((await readAll(sourceOf(logs.path), { position })).entries, lines);
});

test('files that begin alike are not taken for one another', { timeout: 30_000 }, async (t) => {
  for (const banner of ['started\n', `${'='.repeat(2000)}\n`]) {
    for (const change of [(logs: LogFolder) => logs.rename(), (logs: LogFolder) => logs.copyAndTruncate()]) {
      const logs = new LogFolder(t);
      writeFileSync(logs.path, banner);
      const first = logs.write(5);
      const { position } = await readAll(sourceOf(logs.path));
      const second = logs.write(2);
      change(logs);
      appendFileSync(logs.path, banner);
      const third = logs.write(9);
      const { entries, gaps } = await readAll(sourceOf(logs.path), { position });
      assert.deepEqual(entries, [...second, banner.trim(), ...third], `behind ${first.length} lines`);
      assert.deepEqual(gaps, []);
    }
  }
});

test('a file of which only the common beginning was read', { timeout: 30_000 }, async (t) => {
  for (const change of [(logs: LogFolder) => logs.rename(), (logs: LogFolder) => logs.copyAndTruncate()]) {
    const logs = new LogFolder(t);
    writeFileSync(logs.path, 'started\n');
    const { position } = await readAll(sourceOf(logs.path));
    const first = logs.write(2);
    change(logs);
    appendFileSync(logs.path, 'started\n');
    const second = logs.write(3);
    const { entries } = await readAll(sourceOf(logs.path), { position });
    assert.deepEqual(entries, [...first, 'started', ...second]);
  }
});

test('a file whose end was cut off goes on from there; what came since, unseen, is a gap', async (t) => {
  const logs = new LogFolder(t);
  const lines = logs.write(50);
  const first = await readAll(sourceOf(logs.path));
  truncateSync(logs.path, lines.slice(0, 30).join('\n').length + 1);
  const second = await readAll(sourceOf(logs.path), first);
  assert.deepEqual(second.entries, []);
  assert.match(second.gaps[0]!.what, /api\.log was cut to \d+ bytes: reading goes on there/);
  const news = logs.write(3);
  assert.deepEqual((await readAll(sourceOf(logs.path), second)).entries, news);
});

test('two processes may write to one file, and one of them to the rotated one still', {
  timeout: 30_000,
}, async (t) => {
  const logs = new LogFolder(t);
  logs.write(5);
  let isChanged = false;
  const { fresh } = await follow(sourceOf(logs.path), {}, async (batches) => {
    if (!isChanged) {
      isChanged = true;
      logs.rename();
      for (let n = 0; n < 10; n++) {
        logs.write(2);
        logs.write(2, `${logs.path}.1`);
        await delay(30);
      }
    }
    return freshOf(batches).length >= logs.written.length;
  });
  assert.deepEqual([...fresh].sort(), [...logs.written].sort());
});

test('whatever rotations do, and wherever a reader dies, each line comes once', {
  timeout: 120_000,
}, async (t) => {
  const logs = new LogFolder(t);
  const seed = Math.floor(Math.random() * 2 ** 32);
  t.diagnostic(`seed ${seed}`);
  let state = seed;
  const random = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const seen: unknown[] = [];
  const gaps: Gap[] = [];
  // Not the first run: what was put aside before that is not read.
  let position: Json | undefined = { logs: {} };
  let isOver = false;
  logs.write(3);
  const rotations = (async () => {
    for (let n = 0; n < 40; n++) {
      logs.write(1 + random(40));
      await delay(random(60));
      if (random(2) === 0) logs.rename();
      else logs.copyAndTruncate();
      if (random(3) === 0) logs.write(1 + random(5));
      if (random(2) === 0) logs.pack(1 + random(4));
      await delay(random(60));
    }
    await delay(1_500);
    isOver = true;
  })();
  while (!isOver || seen.length < logs.written.length) {
    const stop = new AbortController();
    const source = sourceOf(logs.path);
    const lives = random(20);
    let batches = 0;
    const timer = setTimeout(() => stop.abort(), 100 + random(isOver ? 4_000 : 1_000));
    for await (const batch of source.batches({
      position,
      follow: true,
      batchSize: 1 + random(50),
      signal: stop.signal,
      onGap: (gap) => void gaps.push(gap),
    })) {
      // What is not committed comes again.
      if (!isOver && batches++ > lives) break;
      seen.push(...batch.entries);
      if (batch.position !== undefined) position = JSON.parse(JSON.stringify(batch.position));
      if (isOver && seen.length >= logs.written.length) break;
    }
    clearTimeout(timer);
    await source.close();
  }
  await rotations;
  assert.deepEqual(gaps, []);
  assert.deepEqual([...seen].sort(), [...logs.written].sort());
});
