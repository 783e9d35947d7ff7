import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parquetMetadata, parquetReadObjects, parquetSchema } from 'hyparquet';
import { columnsOf, writeParquet } from '../../src/backup/parquet.ts';
import type { StoredDocument } from '../../src/elasticsearch/snapshot.ts';
import { temporaryFolder } from '../helpers.ts';

async function* documents(sources: readonly object[]): AsyncGenerator<StoredDocument> {
  for (const [n, source] of sources.entries()) yield { id: `${n}`, source: JSON.stringify(source) };
}

test('rows read back as they were, with nothing where a document has none', async (t) => {
  const sources = [
    {
      timestamp: '2026-11-24T19:26:02.123456789Z',
      transaction_id: 'a',
      input_data: { AGE: 52, NOTE: 'é\u2028', more: { deep: true } },
      result: { prediction: 1, probability: 0.87, probabilities: [0.13, 0.87] },
    },
    {
      timestamp: '2026-11-24T19:26:03.000Z',
      input_data: { AGE: 33.5, NOTE: null, ODD: 1 },
      result: { prediction: 'NO' },
    },
    {
      timestamp: '1969-12-31T23:59:59.999Z',
      input_data: { AGE: null, ODD: '1', ['__proto__']: 3, NONE: null },
    },
  ];
  const path = join(temporaryFolder(t), 'x.parquet');
  const columns = await columnsOf(documents(sources));
  assert.equal(await writeParquet(path, columns, documents(sources)), 3);
  assert.equal(statSync(path).mode & 0o777, 0o600, 'it holds what patients told');
  const file = new Uint8Array(readFileSync(path)).buffer;
  const rows = await parquetReadObjects({ file });
  const told = rows.map((row) =>
    Object.fromEntries(Object.entries(row).filter(([, value]) => value != null)),
  );
  assert.deepEqual(told, [
    {
      _id: '0',
      // A Date holds milliseconds only.
      timestamp: new Date('2026-11-24T19:26:02.123Z'),
      transaction_id: 'a',
      'input_data.AGE': 52,
      'input_data.NOTE': 'é\u2028',
      'input_data.more.deep': true,
      'result.prediction': 1,
      'result.probabilities': [0.13, 0.87],
      'result.probability': 0.87,
    },
    {
      _id: '1',
      timestamp: new Date('2026-11-24T19:26:03.000Z'),
      'input_data.AGE': 33.5,
      'input_data.ODD': 1,
      'result.prediction': 'NO',
    },
    {
      _id: '2',
      timestamp: new Date('1969-12-31T23:59:59.999Z'),
      'input_data.ODD': '1',
      'input_data.__proto__': 3,
    },
  ]);
  const { children } = parquetSchema(parquetMetadata(file));
  const kinds = children.map(({ element }) => [element.name, element.converted_type ?? element.type]);
  assert.deepEqual(kinds.slice(0, 4), [
    ['_id', 'UTF8'],
    ['timestamp', 'TIMESTAMP_MICROS'],
    ['transaction_id', 'UTF8'],
    ['input_data.AGE', 'DOUBLE'],
  ]);
});

test('microseconds are kept', async (t) => {
  const path = join(temporaryFolder(t), 'x.parquet');
  const sources = [{ timestamp: '2025-11-22T10:30:45.123456Z' }];
  await writeParquet(path, await columnsOf(documents(sources)), documents(sources));
  const file = new Uint8Array(readFileSync(path)).buffer;
  const parsers = { timestampFromMicroseconds: (micros: bigint) => micros };
  const [row] = await parquetReadObjects({ file, parsers: parsers as never });
  assert.equal(row?.timestamp, BigInt(Date.parse('2025-11-22T10:30:45.123Z')) * 1000n + 456n);
});

test('more rows than a row group holds', async (t) => {
  const path = join(temporaryFolder(t), 'x.parquet');
  const more = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`c${n}`, n]));
  const sources = Array.from({ length: 45_000 }, (_, n) => ({ input_data: { n, ...more } }));
  await writeParquet(path, await columnsOf(documents(sources)), documents(sources));
  const file = new Uint8Array(readFileSync(path)).buffer;
  assert.equal(parquetMetadata(file).row_groups.length, 3);
  const rows = await parquetReadObjects({ file, columns: ['input_data.n'] });
  assert.deepEqual(
    rows.map((row) => row['input_data.n']),
    sources.map(({ input_data }) => input_data.n),
  );
});

test('no document makes a file without rows', async (t) => {
  const path = join(temporaryFolder(t), 'x.parquet');
  await writeParquet(path, await columnsOf(documents([])), documents([]));
  const file = new Uint8Array(readFileSync(path)).buffer;
  assert.deepEqual(await parquetReadObjects({ file }), []);
});
