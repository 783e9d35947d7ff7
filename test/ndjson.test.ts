import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { linesOf } from '../src/ndjson.ts';
import { temporaryFolder } from './samples.ts';

test('lines end at a line feed alone, and come whole across the chunks they are read in', async (t) => {
  const path = join(temporaryFolder(t), 'x.ndjson');
  const lines = ['a\u2028b\rc\u0085', '', 'é'.repeat(1_500_000), 'end'];
  writeFileSync(path, lines.join('\n'));
  const read: string[] = [];
  for await (const line of linesOf(path)) read.push(line);
  assert.deepEqual(read, lines);
});
