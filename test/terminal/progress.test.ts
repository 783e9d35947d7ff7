import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Progress } from '../../src/terminal/progress.ts';

function terminal(isTTY: boolean): { out: NodeJS.WriteStream; written: string[] } {
  const written: string[] = [];
  const write = (text: string): boolean => written.push(text) > 0;
  return { out: { isTTY, write } as unknown as NodeJS.WriteStream, written };
}

test('a terminal is shown a bar, one for each job, and it goes away', () => {
  const { out, written } = terminal(true);
  const progress = new Progress(out);
  progress.show('logs', 500, 2_000);
  progress.show('logs', 501, 2_000); // too soon behind the last
  progress.show('perfs', 0, 0);
  progress.clear();
  progress.clear();
  const [logs, perfs, cleared, ...more] = written;
  assert.equal(logs, '\r\x1b[Klogs [########......................] 25% 500/2,000 0/s');
  assert.match(perfs!, /perfs \[#{30}\] 100% 0\/0 /);
  assert.equal(cleared, '\r\x1b[K');
  assert.deepEqual(more, []);
});

test('what remains is told, at the rate so far', (t) => {
  t.mock.method(performance, 'now', () => now);
  let now = 1_000;
  const { out, written } = terminal(true);
  const progress = new Progress(out);
  progress.show('logs', 0, 2_000);
  now += 1_000;
  progress.show('logs', 500, 2_000);
  assert.match(written[1]!, / 25% 500\/2,000 500\/s, -3 s$/);
});

test('where there is no terminal nothing is printed', () => {
  const { out, written } = terminal(false);
  const progress = new Progress(out);
  progress.show('logs', 1, 2);
  progress.clear();
  assert.deepEqual(written, []);
});
