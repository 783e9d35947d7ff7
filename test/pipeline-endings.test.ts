import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import logsPlugin from '../plugins/ml-api-logs.ts';
import { GRACE_MS, runPipeline } from '../src/pipeline.ts';
import type { Plugin } from '../src/plugin.ts';
import { PluginChain } from '../src/plugin-chain.ts';
import type { RunStats } from '../src/run-stats.ts';
import type { Sink } from '../src/sinks/sink.ts';
import type { Batch, ReadOptions, Source } from '../src/sources/source.ts';
import type { Stages } from '../src/stages.ts';
import { SidecarError } from '../src/util/errors.ts';
import { eventually } from './helpers.ts';
import { line, parseEntry, temporaryFolder } from './samples.ts';
import { stagesIn } from './stages.ts';

/**
 * A pipeline whose source and sink are stand-ins: no real one can be made to fail at just the moment that a test is about.
 * `happened` says what went on, in order.
 */
class FakeEnds {
  readonly happened: string[] = [];
  readonly stages: Stages;
  readonly stop = new AbortController();
  readonly #folder: string;

  constructor(t: TestContext, fake: { source?: Partial<Source>; sink?: Partial<Sink> }) {
    this.#folder = temporaryFolder(t);
    const source: Source = {
      keeps: 'everything',
      batches: () => this.batches(),
      close: async () => void this.happened.push('source closed'),
      ...fake.source,
    };
    const sink: Sink = {
      acknowledges: true,
      open: async () => {},
      write: async (documents) => {
        await delay(50);
        this.happened.push('written');
        return documents.map(() => 'stored');
      },
      close: async () => void this.happened.push(`sink closed, ${this.#isLocked ? 'locked' : 'unlocked'}`),
      ...fake.sink,
    };
    const use = { plugin: logsPlugin as unknown as Plugin, options: {} };
    const plugins = new PluginChain([use], 'ml-api-', () => true);
    this.stages = stagesIn(this.#folder, { source, parse: parseEntry, plugins, sink });
  }

  /** Without an end, unless `most` sets one. */
  async *batches(most = Number.POSITIVE_INFINITY): AsyncGenerator<Batch> {
    for (let n = 0; n < most; n++)
      yield {
        entries: [line(`log ${n}`)],
        known: false,
        position: n,
        commit: () => {
          this.happened.push(`committed, ${this.#isLocked ? 'locked' : 'unlocked'}`);
        },
      };
  }

  run(options: Partial<Parameters<typeof runPipeline>[1]> = {}): Promise<RunStats> {
    const { signal } = this.stop;
    return runPipeline(this.stages, {
      ...{ follow: true, batchSize: 1, concurrency: 4, maxInFlight: 1 << 20, signal },
      ...options,
    });
  }

  /** Nothing happens any more, and another may have the lock. */
  async assertEnded(): Promise<void> {
    const count = this.happened.length;
    await delay(200);
    assert.equal(this.happened.length, count, `after the end: ${this.happened.slice(count)}`);
    assert.ok(!this.#isLocked, 'the lock is left');
  }

  get #isLocked(): boolean {
    if (!existsSync(join(this.#folder, 'state'))) return false;
    return readdirSync(join(this.#folder, 'state')).some((name) => name.startsWith('lock.'));
  }
}

const broken = new SidecarError('unreachable', 'it broke');

test('told to end: reading stops, what is on its way is written and committed, then all is closed', async (t) => {
  const ends = new FakeEnds(t, {});
  const stats = await ends.run({
    observers: [{ committed: (_seconds, _newest, { logs }) => logs >= 10 && ends.stop.abort() }],
  });
  assert.ok(stats.logs >= 10);
  assert.ok(stats.logs <= 14, 'it read no further, however much is there');
  const committed = ends.happened.filter((what) => what === 'committed, locked');
  assert.equal(committed.length, stats.logs);
  assert.deepEqual(ends.happened.slice(-2), ['source closed', 'sink closed, locked']);
  await ends.assertEnded();
});

test('the source throws: what is on its way is committed under the lock, before anything is closed', async (t) => {
  const ends = new FakeEnds(t, {
    source: {
      async *batches() {
        yield* ends.batches(2);
        throw broken;
      },
    },
  });
  await assert.rejects(ends.run(), broken);
  const committed = ends.happened.filter((what) => what.startsWith('committed'));
  assert.deepEqual(committed, ['committed, locked', 'committed, locked']);
  assert.deepEqual(ends.happened.slice(-2), ['source closed', 'sink closed, locked']);
  assert.equal(ends.stages.journal.position, 1);
  await ends.assertEnded();
});

test('the sink throws: nothing behind that batch is committed', async (t) => {
  let calls = 0;
  const ends = new FakeEnds(t, {
    sink: {
      write: async (documents) => {
        const call = ++calls;
        await delay(call === 2 ? 50 : 5);
        if (call === 2) throw broken;
        return documents.map(() => 'stored');
      },
    },
  });
  await assert.rejects(ends.run(), broken);
  assert.ok(calls > 2, 'others were on their way beside it');
  assert.deepEqual(ends.happened, ['committed, locked', 'source closed', 'sink closed, locked']);
  assert.equal(ends.stages.journal.position, 0);
  await ends.assertEnded();
});

test('a source that forgets is read before the sink is opened', async (t) => {
  const ends: FakeEnds = new FakeEnds(t, {
    source: {
      keeps: 'window',
      async *batches({ onPause, signal }) {
        yield* ends.batches(2);
        // Longer than a sink would take that does not wait.
        await delay(100);
        ends.happened.push('read');
        onPause?.(1000);
        if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
      },
    },
    sink: { open: async () => void ends.happened.push('sink opened') },
  });
  const run = ends.run();
  await eventually('both are written', () => ends.happened.filter((what) => what === 'written').length === 2);
  assert.ok(ends.happened.indexOf('read') < ends.happened.indexOf('sink opened'));
  ends.stop.abort();
  await run;
  await ends.assertEnded();
});

test('the sink can’t be opened: nothing is written, and the reason is that', async (t) => {
  const ends = new FakeEnds(t, { sink: { open: () => Promise.reject(broken) } });
  await assert.rejects(ends.run(), broken);
  assert.deepEqual(ends.happened, ['source closed', 'sink closed, locked']);
  await ends.assertEnded();
});

test('one closing fails: the others happen all the same, and the run fails with its reason', async (t) => {
  const ends = new FakeEnds(t, { source: { close: () => Promise.reject(broken) } });
  await assert.rejects(ends.run({ observers: [{ read: () => ends.stop.abort() }] }), broken);
  assert.equal(ends.happened.at(-1), 'sink closed, locked');
  await ends.assertEnded();
});

test('a closing that fails does not hide what ended the run', async (t) => {
  const ends = new FakeEnds(t, {
    source: {
      // biome-ignore lint/correctness/useYield: it never comes so far.
      async *batches() {
        throw broken;
      },
      close: () => Promise.reject(new Error('closing failed')),
    },
  });
  await assert.rejects(ends.run(), broken);
  await ends.assertEnded();
});

test('a sink that never answers is given up after a while, and its batch is not committed', async (t) => {
  const ends = new FakeEnds(t, {
    sink: {
      write: (_documents, signal) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(broken))),
    },
  });
  const running = ends.run();
  running.catch(() => {});
  await eventually('a batch is on its way', () => ends.stages.journal.position === undefined);
  await delay(100);
  const told = performance.now();
  ends.stop.abort();
  await assert.rejects(running, broken);
  const waited = performance.now() - told;
  assert.ok(waited >= GRACE_MS - 50 && waited < GRACE_MS + 5_000, `${waited} ms`);
  assert.equal(ends.stages.journal.position, undefined);
  assert.deepEqual(ends.happened, ['source closed', 'sink closed, locked']);
  await ends.assertEnded();
});

test('another has the lock: nothing is read, and the source is closed', async (t) => {
  let isRead = false;
  const ends = new FakeEnds(t, {
    source: {
      async *batches(_options: ReadOptions) {
        isRead = true;
        yield* ends.batches(1);
      },
    },
  });
  ends.stages.lock.take = () => Promise.reject(broken);
  await assert.rejects(ends.run(), broken);
  assert.ok(!isRead);
  assert.equal(ends.happened[0], 'source closed');
});
