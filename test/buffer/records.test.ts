import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readRecords, writeRecord } from '../../src/buffer/records.ts';

const three = [1, 2, 3].map((n) => writeRecord({ n }, Buffer.from(`body ${n}`)));
const bytes = Buffer.concat(three);
const numbersIn = (file: Buffer): unknown[] => readRecords(file).records.map(({ head }) => head.n);

test('what was written is read, bodies of any bytes included', () => {
  const body = Buffer.from([...Array(256).keys()]);
  const file = Buffer.concat([writeRecord({ é: '€😀' }, body), writeRecord({}), bytes]);
  const { records, damages, end } = readRecords(file);
  assert.deepEqual(records[0], { head: { é: '€😀' }, body });
  assert.equal(records.length, 5);
  assert.deepEqual(damages, []);
  assert.equal(end, file.length);
});

test('wherever a file is cut, the records before the cut are read, and no damage is told', () => {
  let whole = 0;
  for (let length = 0; length <= bytes.length; length++) {
    const { records, damages, end } = readRecords(bytes.subarray(0, length));
    if (length >= three.slice(0, whole + 1).reduce((sum, record) => sum + record.length, 0)) whole++;
    assert.equal(records.length, Math.min(whole, 3), `${length} bytes`);
    assert.deepEqual(damages, []);
    assert.ok(end <= length);
  }
});

test('whichever bit is flipped, its record is not believed, and all others are', () => {
  const [first, second] = three as [Buffer, Buffer];
  for (let bit = 0; bit < 8 * second.length; bit++) {
    const file = Buffer.from(bytes);
    file[first.length + (bit >> 3)]! ^= 1 << (bit & 7);
    assert.deepEqual(numbersIn(file), [1, 3], `bit ${bit}`);
    const { damages } = readRecords(file);
    assert.deepEqual(damages, [{ from: first.length, to: first.length + second.length }]);
  }
});

test('a body that looks like a record is none', () => {
  const file = Buffer.concat([writeRecord({ n: 1 }, bytes), writeRecord({ n: 2 })]);
  assert.deepEqual(numbersIn(file), [1, 2]);
});
