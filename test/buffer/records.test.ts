import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Damage, type StoredRecord, writeRecord } from '../../src/buffer/records.ts';
import { SegmentReader } from '../../src/buffer/segment-reader.ts';
import { temporaryFolder } from '../samples.ts';

const three = [1, 2, 3].map((n) => writeRecord({ n }, Buffer.from(`body ${n}`)));
const bytes = Buffer.concat(three);

/** Reads the records of a file of these bytes. */
async function readRecords(t: TestContext, file: Buffer) {
  const path = join(temporaryFolder(t), 'records');
  writeFileSync(path, file);
  const records: StoredRecord[] = [];
  const damages: Damage[] = [];
  const reader = new SegmentReader(path, (damage) => damages.push(damage));
  for (let next = await reader.next(file.length); next; next = await reader.next(file.length))
    records.push({ ...next, body: Buffer.from(next.body) });
  await reader.close();
  return { records, damages, end: reader.end, numbers: records.map(({ head }) => head.n) };
}

test('what was written is read, bodies of any bytes included', async (t) => {
  const body = Buffer.from([...Array(256).keys()]);
  const file = Buffer.concat([writeRecord({ é: '€😀' }, body), writeRecord({}), bytes]);
  const { records, damages, end } = await readRecords(t, file);
  assert.deepEqual(records[0], { head: { é: '€😀' }, body });
  assert.equal(records.length, 5);
  assert.deepEqual(damages, []);
  assert.equal(end, file.length);
});

test('wherever a file is cut, the records before the cut are read, and no damage is told', async (t) => {
  let whole = 0;
  for (let length = 0; length <= bytes.length; length++) {
    const { records, damages, end } = await readRecords(t, bytes.subarray(0, length));
    if (length >= three.slice(0, whole + 1).reduce((sum, record) => sum + record.length, 0)) whole++;
    assert.equal(records.length, Math.min(whole, 3), `${length} bytes`);
    assert.deepEqual(damages, []);
    assert.ok(end <= length);
  }
});

test('whichever bit is flipped, its record is not believed, and all others are', async (t) => {
  const [first, second] = three as [Buffer, Buffer];
  for (let bit = 0; bit < 8 * second.length; bit++) {
    const file = Buffer.from(bytes);
    file[first.length + (bit >> 3)]! ^= 1 << (bit & 7);
    const { numbers, damages } = await readRecords(t, file);
    assert.deepEqual(numbers, [1, 3], `bit ${bit}`);
    assert.deepEqual(damages, [{ from: first.length, to: first.length + second.length }]);
  }
});

test('a body that looks like a record is none', async (t) => {
  const file = Buffer.concat([writeRecord({ n: 1 }, bytes), writeRecord({ n: 2 })]);
  assert.deepEqual((await readRecords(t, file)).numbers, [1, 2]);
});
