import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DeadLetters } from '../src/dead-letters.ts';
import { createKey, type DeadLetter, groupByReason } from '../src/letter.ts';
import { SidecarError } from '../src/util/errors.ts';
import { temporaryFolder } from './samples.ts';

const GIB = 1_073_741_824;
const letter: DeadLetter = {
  stage: 'sink',
  at: 'ml-api-logs',
  reason: 'mapper_parsing_exception: failed to parse field [AGE]',
  id: '0123456789abcdef0123456789abcdef',
  entry: '2026-11-24 19:26:39 - api - INFO - a line\nwith "two" lines\0',
};

/** One of several letters. */
const numbered = (n: number): DeadLetter => ({ ...letter, id: `${letter.id}-${n}` });

/** The letters in a file, parsed. */
const lettersIn = (path: string): unknown[] =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

test('letters are kept a line each, with time, stage, place, reason, id and the entry as it came', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: Date.UTC(2026, 10, 24, 19, 30) });
  const folder = temporaryFolder(t);
  const odd: DeadLetter = {
    stage: 'parse',
    at: 'parse',
    reason: 'too large',
    id: 'fedcba9876543210fedcba9876543210-1',
    entry: { message: 'm', data: null },
  };
  await new DeadLetters(folder, GIB).add([letter, odd]);
  const time = '2026-11-24T19:30:00.000Z';
  assert.deepEqual(lettersIn(join(folder, '2026-11-24.ndjson')), [
    { key: createKey(letter), time, ...letter },
    { key: createKey(odd), time, ...odd },
  ]);
});

test('each day has a file, in UTC, and a later process goes on with it', async (t) => {
  const folder = temporaryFolder(t);
  t.mock.timers.enable({ apis: ['Date'], now: Date.UTC(2026, 10, 24, 23, 59, 59) });
  await new DeadLetters(folder, GIB).add([numbered(1)]);
  await new DeadLetters(folder, GIB).add([numbered(2)]);
  t.mock.timers.tick(1_000);
  await new DeadLetters(folder, GIB).add([numbered(3)]);
  assert.deepEqual(readdirSync(folder).sort(), ['2026-11-24.ndjson', '2026-11-25.ndjson']);
  assert.equal(lettersIn(join(folder, '2026-11-24.ndjson')).length, 2);
});

test('only their owner can read them', async (t) => {
  const folder = join(temporaryFolder(t), 'dead-letters');
  await new DeadLetters(folder, GIB).add([letter]);
  const [file] = readdirSync(folder);
  assert.equal(statSync(join(folder, file!)).mode & 0o777, 0o600);
  assert.equal(statSync(folder).mode & 0o777, 0o700);
});

test('without letters nothing is made', async (t) => {
  const folder = join(temporaryFolder(t), 'dead-letters');
  await new DeadLetters(folder, GIB).add([]);
  assert.throws(() => statSync(folder), /ENOENT/);
});

test('where they cannot be written, that is an error with the folder', async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'file'), '');
  await assert.rejects(
    new DeadLetters(join(folder, 'file/dead-letters'), GIB).add([letter]),
    (error) =>
      error instanceof SidecarError &&
      error.code === 'unreachable' &&
      error.message.includes('file/dead-letters'),
  );
});

test('the newest are those at the end of all files, as many as may be read', async (t) => {
  const folder = temporaryFolder(t);
  const letters = new DeadLetters(folder, GIB);
  assert.deepEqual(await letters.newest(1000), { letters: [], more: false });
  t.mock.timers.enable({ apis: ['Date'], now: Date.UTC(2026, 10, 24) });
  await letters.add([{ ...numbered(1), reason: 'a' }]);
  t.mock.timers.tick(86_400_000);
  await letters.add([
    { ...numbered(2), reason: 'b' },
    { ...numbered(3), reason: 'c' },
  ]);
  const reasons = async (bytes: number): Promise<string> => {
    const { letters: read, more } = await letters.newest(Math.floor(bytes));
    return read.map(({ reason }) => reason).join('') + (more ? '…' : '');
  };
  const { size } = statSync(join(folder, '2026-11-24.ndjson'));
  assert.equal(await reasons(GIB), 'abc');
  assert.equal(await reasons(2.5 * size), 'bc…');
  assert.equal(await reasons(2 * size), 'bc…');
  assert.equal(await reasons(1.5 * size), 'c…');
  assert.equal(await reasons(size / 2), '…');
});

test('letters that differ in ids and quoted values only are one group', () => {
  const time = (n: number): string => `2026-11-24T19:30:0${n}.000Z`;
  const one = (n: number, reason: string) => ({ ...letter, reason, time: time(n) });
  assert.deepEqual(
    groupByReason([
      one(1, "too large: 'x'"),
      one(2, "document 0123456789abcdef0123456789abcdef-2.1: 'soixante' is no number"),
      one(3, "document fedcba9876543210fedcba9876543210: 'dix' is no number"),
    ]),
    [
      { count: 2, reason: "document …: '…' is no number", first: time(2), last: time(3) },
      { count: 1, reason: "too large: '…'", first: time(1), last: time(1) },
    ].map((group) => ({ ...group, stage: letter.stage, at: letter.at })),
  );
});

test('the same log refused again is no second letter, for this process and for later ones', async (t) => {
  const folder = temporaryFolder(t);
  const first = new DeadLetters(folder, GIB);
  await first.add([letter, letter]);
  await first.add([letter, { ...letter, at: 'ml-api-perfs' }]);
  await new DeadLetters(folder, GIB).add([letter]);
  const [file] = await first.files();
  assert.deepEqual(
    lettersIn(file!).map((kept) => (kept as DeadLetter).at),
    ['ml-api-logs', 'ml-api-perfs'],
  );
});

test('a letter that somebody took out is kept again when it comes again', async (t) => {
  const folder = temporaryFolder(t);
  const letters = new DeadLetters(folder, GIB);
  await letters.add([letter]);
  const [file] = await letters.files();
  rmSync(file!);
  await letters.add([letter]);
  assert.equal(lettersIn(file!).length, 1);
});

test('letters that are too long for one string together are kept all the same', async (t) => {
  const folder = temporaryFolder(t);
  // Each control character takes six in JSON.
  const entry = '\x01'.repeat(1_050_000);
  const letters = new DeadLetters(folder, GIB);
  await letters.add(Array.from({ length: 90 }, (_, n) => ({ ...numbered(n), entry })));
  let count = 0;
  for (const file of await letters.files())
    for await (const { letter: kept } of letters.read(file)) if (kept?.entry === entry) count++;
  assert.equal(count, 90);
});

test('an entry that is too long for JSON is cut, and the letter says so', async (t) => {
  const letters = new DeadLetters(temporaryFolder(t), GIB);
  await letters.add([{ ...letter, entry: '\x01'.repeat(100_000_000) }]);
  const { letters: kept } = await letters.newest(16 << 20);
  assert.match(kept[0]!.reason, /Only the first 1048576 characters of the entry are kept/);
});
