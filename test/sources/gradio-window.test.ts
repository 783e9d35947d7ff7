import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { GradioClient } from '../../src/sources/gradio-client.ts';
import { GradioError } from '../../src/sources/gradio-errors.ts';
import { type GradioWindow, growingWindow } from '../../src/sources/gradio-window.ts';
import { FakeSpace } from './fake-space.ts';

const signal = new AbortController().signal;

function clientOf(space: FakeSpace, t: { after: (done: () => Promise<void>) => void }): GradioClient {
  const client = new GradioClient({ url: space.url, timeoutMs: 20_000 });
  t.after(() => client.close());
  return client;
}

async function whole(client: GradioClient): Promise<GradioWindow> {
  let last: GradioWindow | undefined;
  for await (last of growingWindow(client, signal));
  return last as GradioWindow;
}

/** `count` different logs, oldest first; `first` numbers the oldest. */
function logs(count: number, first = 0): { message: string }[] {
  return Array.from({ length: count }, (_, n) => ({ message: `log ${first + n}` }));
}

test('a list that stands still is read whole, in as few pages as it has', async (t) => {
  const space = await FakeSpace.start(t, { path: '/logs' });
  space.push(logs(250));
  const client = clientOf(space, t);
  let pages = 0;
  space.beforePage = () => pages++;
  const window = await whole(client);
  assert.deepEqual(window.entries, space.list);
  assert.equal(window.length, 250);
  assert.ok(window.complete);
  // Three pages, one look at whether the path is there, one at whether it heeds offsets.
  assert.equal(pages, 5);
});

const step = fc.record({
  fresh: fc.nat({ max: 12 }),
  /** How many different texts: 1 makes all of them copies. */
  kinds: fc.constantFrom(1, 2, 1000),
  leftOut: fc.constantFrom(0, 0.02, 0.1),
});

test('whatever is pushed between two pages, the window is the list as it was, nothing lost or doubled', async (t) => {
  const space = await FakeSpace.start(t, { path: '/logs' });
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 6 }),
      // What it holds at first: runs of copies, as long as the real API was seen to write them.
      fc.array(fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 60 })), { minLength: 1, maxLength: 60 }),
      fc.constantFrom(0, 0.02, 0.1),
      async (steps, runs, leftOut) => {
        let serial = 0;
        const entries = (count: number, kinds: number, out: number) =>
          Array.from({ length: count }, () => {
            const log = { message: kinds === 1000 ? `log ${serial++}` : `copy ${serial++ % kinds}` };
            return (serial * 7919) % 100 < out * 100 ? undefined : log;
          });
        space.list = [];
        space.beforePage = () => {};
        for (const run of runs) {
          const log = { message: `run ${serial++}` };
          space.push([...new Array(run).fill(log), ...entries(run % 7, 1000, leftOut)]);
        }
        const client = clientOf(space, t);
        let before: unknown[] = [];
        space.beforePage = () => {
          const { path } = space.asked.at(-1)!;
          if (path.endsWith('limit=1&offset=0')) return;
          // Reading begins, or begins again: nothing is pushed just before.
          if (path.endsWith('&offset=0')) {
            before = [...space.list];
            return;
          }
          const { fresh, kinds, leftOut: out } = steps[space.asked.length % steps.length]!;
          space.push(entries(fresh, kinds, out));
        };
        const window = await whole(client);
        await client.close();
        assert.deepEqual(
          window.entries,
          before.filter((log) => log !== undefined),
        );
      },
    ),
    { numRuns: 150 },
  );
});

test('a capped list that is pushed to between two pages is read without a hole', async (t) => {
  const space = await FakeSpace.start(t, { path: '/logs' });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat({ max: 60 }), { minLength: 1, maxLength: 6 }), async (steps) => {
      space.list = [];
      space.beforePage = () => {};
      space.push(logs(600), 600);
      const client = clientOf(space, t);
      let calls = 0;
      let serial = 600;
      space.beforePage = () => {
        const fresh = ++calls > 2 ? steps[calls % steps.length]! : 0;
        space.push(logs(fresh, serial), 600);
        serial += fresh;
      };
      const window = await whole(client);
      await client.close();
      const all = logs(serial)
        .reverse()
        .map((log) => JSON.stringify(log));
      const read = window.entries.map((log) => JSON.stringify(log));
      const from = all.indexOf(read[0]!);
      assert.deepEqual(read, all.slice(from, from + read.length));
      // Its end moves up while it is read.
      assert.deepEqual(
        read.at(-1) !== undefined &&
          all.indexOf(read.at(-1)!) >= all.indexOf(JSON.stringify(space.list.at(-1))),
        true,
      );
    }),
    { numRuns: 100 },
  );
});

test('a list that is replaced while it is read is read anew', async (t) => {
  const space = await FakeSpace.start(t, { path: '/logs' });
  space.push(logs(300));
  let calls = 0;
  space.beforePage = () => {
    if (++calls === 4) space.list = logs(250, 1000).reverse();
  };
  assert.deepEqual((await whole(clientOf(space, t))).entries, logs(250, 1000).reverse());
});

test('a list that changes too fast to be read is given up, with what to do', async (t) => {
  const space = await FakeSpace.start(t, { path: '/logs' });
  let serial = 0;
  space.beforePage = () => {
    space.list = logs(300, serial).reverse();
    serial += 300;
  };
  await assert.rejects(
    whole(clientOf(space, t)),
    (error) => error instanceof GradioError && /faster/.test(error.message) && /--limit/.test(error.hint),
  );
});

test('a page without a log is not the end', async (t) => {
  const space = await FakeSpace.start(t, { path: '/logs' });
  space.list = [...logs(100), ...new Array(150).fill(undefined), ...logs(100, 100)];
  assert.deepEqual((await whole(clientOf(space, t))).entries, logs(200));
});
