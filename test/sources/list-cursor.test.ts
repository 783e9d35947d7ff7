import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { ListCursor, type View } from '../../src/sources/list-cursor.ts';
import { log } from '../../src/util/log.ts';

/** What is warned of when a full list, of these entries, newest first, is seen twice. */
function warningsOfTwoLooks(t: TestContext, prints: readonly string[]): string[] {
  const told: string[] = [];
  t.mock.method(log, 'warn', (message: string) => told.push(message));
  const view: View = { length: prints.length, prints, load: async () => ({ taken: 0, entries: [] }) };
  const cursor = new ListCursor('the list', undefined);
  for (let look = 0; look < 2; look++) cursor.accept(view, cursor.recognize(view));
  return told;
}

const numbered = Array.from({ length: 64 }, (_, n) => `entry ${n}`);

test('a list of copies, or of a pattern of them, is warned of: more of them can not be seen', (t) => {
  const copies = numbered.map(() => 'copy');
  assert.match(warningsOfTwoLooks(t, copies).join(), /^the list repeats itself all through its 64 entries/);
  const pattern = numbered.map((_, n) => `entry ${n % 3}`);
  assert.match(warningsOfTwoLooks(t, pattern).join(), /repeats itself/);
});

test('a list that holds copies beside what is plain, even at both its ends, is not', (t) => {
  assert.deepEqual(warningsOfTwoLooks(t, ['copy', ...numbered, 'copy']), []);
  const every = numbered.flatMap((entry) => ['copy', entry]);
  assert.deepEqual(warningsOfTwoLooks(t, [...every, 'copy']), []);
});
