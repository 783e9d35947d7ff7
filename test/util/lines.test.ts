import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { Lines, readLines } from '../../src/util/lines.ts';
import { temporaryFolder } from '../samples.ts';

test('lines end at a line feed alone, and come whole across the chunks they are read in', async (t) => {
  const path = join(temporaryFolder(t), 'x.ndjson');
  const lines = ['a\u2028b\rc\u0085', '', 'é'.repeat(1_500_000), 'end'];
  writeFileSync(path, lines.join('\n'));
  const read: string[] = [];
  for await (const line of readLines(path)) read.push(line);
  assert.deepEqual(read, lines);
});

const texts = fc.array(
  fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.constant('日本'.repeat(20_000))),
  {
    maxLength: 8,
  },
);

test('encoded lines are what the texts are in UTF-8, all of them or some', () => {
  fc.assert(
    fc.property(texts, fc.func(fc.boolean()), (given, take) => {
      const lines = new Lines(given);
      const places = [...given.keys()].filter((place) => take(place));
      assert.equal(lines.length, given.length);
      assert.deepEqual(lines.bytes, Buffer.from(given.join('')));
      assert.deepEqual(lines.at(places), Buffer.from(places.map((place) => given[place]).join('')));
      for (const [place, text] of given.entries()) assert.equal(lines.sizeOf(place), Buffer.byteLength(text));
      lines.release();
    }),
  );
});

test('lines keep their room until they give it back', () => {
  const first = new Lines(['first\n']);
  const second = new Lines(['second\n']);
  first.release();
  const third = new Lines(['third\n']);
  assert.equal(`${second.bytes}${third.bytes}`, 'second\nthird\n');
});
