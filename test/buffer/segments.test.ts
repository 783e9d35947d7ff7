import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type BatchHead, Segments, writeBatch } from '../../src/buffer/segments.ts';
import { temporaryFolder } from '../helpers.ts';

const headOf = (sequence: number): BatchHead => ({
  sequence,
  logs: 1,
  before: sequence - 1,
  readAt: 0,
  keys: '',
});
/** Some are larger than the piece of a file that is read at once. */
const bodyOf = (sequence: number): Buffer =>
  Buffer.from(`${sequence} `.repeat(sequence % 50 === 0 ? 200_000 : 200));

const append = async (to: Segments, sequence: number, body: Buffer, pack: boolean): Promise<void> =>
  to.append(sequence, writeBatch(headOf(sequence), body, pack));

test('what is appended is read back in order, over many segments, also while more is appended', async (t) => {
  const segments = new Segments(temporaryFolder(t), 8 << 20);
  await segments.open(0, 0, () => assert.fail('nothing is there'));
  let read = 0;
  for (let sequence = 1; sequence <= 300; sequence++) {
    await append(segments, sequence, bodyOf(sequence), sequence % 3 === 0);
    if (sequence % 4 !== 0) continue;
    const next = await segments.next(read);
    assert.deepEqual(next?.body, bodyOf(++read));
  }
  while (read < 300) assert.deepEqual((await segments.next(read))?.body, bodyOf(++read));
  assert.equal(await segments.next(read), undefined);
  await segments.release(290);
  await segments.close(300);
  assert.equal(segments.size, 0);
});

test('damage in a segment costs what it hit, and what is behind it is read, by this run and the next', async (t) => {
  const folder = temporaryFolder(t);
  const segments = new Segments(folder, 1 << 30);
  await segments.open(0, 0, () => {});
  const bodies = Array.from({ length: 40 }, () => randomBytes(30_000));
  for (const [n, body] of bodies.entries()) await append(segments, n + 1, body, false);
  const path = join(folder, readdirSync(folder)[0]!);
  const bytes = readFileSync(path);
  // In the length of a record, and in the body of another.
  const at = (record: number): number => bytes.indexOf(bodies[record]!);
  bytes[at(9) - 1 - JSON.stringify(headOf(10)).length - 8]! ^= 0x40;
  bytes[at(19) + 500]! ^= 1;
  writeFileSync(path, bytes);
  const readAll = async (of: Segments): Promise<number[]> => {
    const found: number[] = [];
    for (let next = await of.next(0); next; next = await of.next(next.head.sequence)) {
      assert.deepEqual(next.body, bodies[next.head.sequence - 1]);
      found.push(next.head.sequence);
    }
    return found;
  };
  const sound = bodies.map((_, n) => n + 1).filter((sequence) => sequence !== 10 && sequence !== 20);
  assert.deepEqual(await readAll(segments), sound);
  await segments.close(0);
  const later = new Segments(folder, 1 << 30);
  const seen: number[] = [];
  await later.open(0, 0, ({ sequence }) => seen.push(sequence));
  assert.deepEqual(seen, sound);
  assert.deepEqual(await readAll(later), sound);
  await later.close(0);
});

test('a start looks only where what waits begins, and at what is not known yet', async (t) => {
  const folder = temporaryFolder(t);
  const segments = new Segments(folder, 1 << 20);
  for (let sequence = 1; sequence <= 300; sequence++)
    await append(segments, sequence, randomBytes(4_000), false);
  await segments.close(0);
  const files = readdirSync(folder).sort();
  assert.ok(files.length > 5);
  // Nothing in between could be believed.
  for (const file of files.slice(1, -1)) writeFileSync(join(folder, file), '');
  const later = new Segments(folder, 1 << 20);
  const seen: number[] = [];
  assert.equal((await later.open(5, 297, ({ sequence }) => seen.push(sequence)))?.sequence, 6);
  assert.deepEqual(seen, [298, 299, 300]);
  const last = Number(files.at(-1)!.slice(-12));
  assert.equal((await later.next(Number(files[1]!.slice(-12)) - 1))?.head.sequence, last);
  await later.close(300);
  assert.equal(later.size, 0);
});
