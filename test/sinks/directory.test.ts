import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { DirectorySink } from '../../src/sinks/directory.ts';
import { ndjson, temporaryFolder } from '../helpers.ts';
import { documents, type SinkBed, sinkContract, withSink } from './contract.ts';

const signal = new AbortController().signal;

async function open(t: TestContext): Promise<SinkBed & { folder: string; text(): string }> {
  const folder = join(temporaryFolder(t), 'deep', 'out');
  const text = (index = 'a'): string => readFileSync(join(folder, `test-${index}.ndjson`), 'utf8');
  return {
    folder,
    text,
    prefix: 'test-',
    make: () => new DirectorySink(folder),
    makeUnreachable: () => {
      writeFileSync(`${folder.slice(0, -'/deep/out'.length)}/deep`, 'a file where a folder should be');
      return new DirectorySink(folder);
    },
    read: async (index) => new Map(ndjson(text(index)).map(({ _id, ...body }) => [_id as string, body])),
  };
}

sinkContract('directory', open);

test('a line begins with its id', async (t) => {
  const bed = await open(t);
  await withSink(bed, (sink) => sink.write(documents('test-a', 2), signal));
  assert.equal(bed.text(), '{"_id":"id-0","n":0}\n{"_id":"id-1","n":1}\n');
});

test('a document without fields is a line too', async (t) => {
  const bed = await open(t);
  await withSink(bed, (sink) => sink.write([{ index: 'test-a', id: 'x', json: '{}' }], signal));
  assert.deepEqual(ndjson(bed.text()), [{ _id: 'x' }]);
});

test('a second run adds nothing', async (t) => {
  const bed = await open(t);
  await withSink(bed, (sink) => sink.write(documents('test-a', 50), signal));
  const before = bed.text();
  await withSink(bed, (sink) => sink.write(documents('test-a', 50), signal));
  assert.equal(bed.text(), before);
});

test('a last line that a crash cut is written anew', async (t) => {
  const bed = await open(t);
  await withSink(bed, (sink) => sink.write(documents('test-a', 3), signal));
  const whole = bed.text();
  for (const cut of [whole.length - 1, whole.length - 5, whole.length - 20, 3]) {
    writeFileSync(join(bed.folder, 'test-a.ndjson'), whole.slice(0, cut));
    const outcomes = await withSink(bed, (sink) => sink.write(documents('test-a', 3), signal));
    assert.equal(bed.text(), whole);
    assert.equal(outcomes.at(-1), 'stored');
  }
});

test('a file larger than what is read at once is known line by line', async (t) => {
  const bed = await open(t);
  const filler = 'é'.repeat(1000);
  const large = documents('test-a', 3000).map((each) => ({ ...each, json: JSON.stringify({ filler }) }));
  await withSink(bed, (sink) => sink.write(large, signal));
  assert.ok(bed.text().length > 3_000_000);
  const outcomes = await withSink(bed, (sink) => sink.write(large, signal));
  assert.deepEqual(new Set(outcomes), new Set(['exists']));
});

test('lines of others are left alone', async (t) => {
  const bed = await open(t);
  mkdirSync(bed.folder, { recursive: true });
  appendFileSync(join(bed.folder, 'test-a.ndjson'), 'a note\n{"x":1}\n');
  await withSink(bed, (sink) => sink.write(documents('test-a', 1), signal));
  assert.equal(bed.text(), 'a note\n{"x":1}\n{"_id":"id-0","n":0}\n');
});
