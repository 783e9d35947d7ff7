import assert from 'node:assert/strict';
import { after, before, type TestContext, test } from 'node:test';
import { Redis } from 'ioredis';
import type { Entry } from '../../src/entry.ts';
import { GradioSource, type GradioSourceOptions } from '../../src/sources/gradio.ts';
import type { Batch, ReadOptions, Source } from '../../src/sources/source.ts';
import { TestIndices, Workspace } from '../helpers.ts';
import { realEntries } from '../samples.ts';
import { elasticsearchUrl } from '../services/env.ts';
import { startGradio } from '../services/gradio.ts';
import { startRedis } from '../services/redis.ts';
import type { Service } from '../services/service.ts';
import { follow, freshOf, logs, readAll, sourceContract } from './contract.ts';
import { FakeSpace, json } from './fake-space.ts';

const key = 'api_logs';
let redis: Service;
let gradio: Service;
let list: Redis;

before(
  async () => {
    redis = await startRedis({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] });
    gradio = await startGradio({ redisUrl: redis.url, key });
    list = new Redis(redis.url);
    list.on('error', () => {});
  },
  { timeout: 120_000 },
);

after(async () => {
  list.disconnect();
  await gradio.stop();
  await redis.stop();
});

async function push(entries: readonly string[], cap = 10_000): Promise<void> {
  if (entries.length === 0) return;
  await list
    .multi()
    .lpush(key, ...entries)
    .ltrim(key, 0, cap - 1)
    .exec();
}

function sourceOf(url: string, options: Partial<GradioSourceOptions> = {}): GradioSource {
  return new GradioSource({
    url,
    timeoutMs: 20_000,
    intervalMs: 100,
    shortestMs: 20,
    patienceMs: 500,
    ...options,
  });
}

/** A source whose entries are put together again as the lines that they came from. */
class AsLines implements Source {
  readonly keeps = 'window';
  readonly #source: Source;

  constructor(source: Source) {
    this.#source = source;
  }

  async *batches(options: ReadOptions): AsyncIterable<Batch> {
    for await (const batch of this.#source.batches(options)) {
      batch.entries = batch.entries.map(lineOf);
      yield batch;
    }
  }

  close(): Promise<void> {
    return this.#source.close();
  }
}

function lineOf(entry: Entry): string {
  const { timestamp, level, message } = entry as Record<string, string>;
  return `${timestamp} - api - ${level} - ${message}`;
}

sourceContract('gradio', async () => {
  await list.del(key);
  return {
    add: (entries) => push(entries),
    make: () => new AsLines(sourceOf(gradio.url)),
    makeUnreachable: () => sourceOf('http://127.0.0.1:1'),
  };
});

test('logs that are pushed, and trimmed, while a real Space is read all come, once', {
  timeout: 90_000,
}, async () => {
  await list.del(key);
  const all = logs(1_500);
  await push(all.slice(0, 500), 600);
  let sent = 500;
  const timer = setInterval(() => {
    if (sent >= all.length) return;
    void push(all.slice(sent, sent + 5), 600);
    sent += 5;
  }, 50);
  const source = new AsLines(sourceOf(gradio.url));
  try {
    const { fresh, gaps } = await follow(source, {}, (read) => freshOf(read).length >= all.length);
    assert.deepEqual(fresh, all);
    assert.deepEqual(gaps, []);
  } finally {
    clearInterval(timer);
  }
});

test('one log, read through Gradio and from Redis, is one document', { timeout: 90_000 }, async (t) => {
  await list.del(key);
  const entries = [...realEntries];
  // A page that is shorter than asked, for the app leaves out what it can't split; and copies across pages.
  await push([...entries, 'no log of its own', ...entries.slice(-1), ...logs(150), ...logs(150)]);
  const total = await list.llen(key);
  const indices = new TestIndices(t);
  const workspace = new Workspace(t, indices.prefix);
  const env = {
    ELASTICSEARCH_URL: elasticsearchUrl(),
    GRADIO_URL: gradio.url,
    REDIS_URL: redis.url,
    REDIS_LOGS_KEY: key,
  };
  const through = await workspace.run(['run', '--once', '--source', 'gradio', '--json'], env);
  assert.equal(through.code, 0, through.stderr);
  const shown = new Set((await indices.documents('logs')).keys());
  assert.equal(shown.size, JSON.parse(through.stdout).logs);
  assert.ok(shown.size < total && shown.size > 500);
  const direct = await workspace.run(['run', '--once', '--source', 'redis', '--json'], env);
  assert.equal(direct.code, 0, direct.stderr);
  const ids = new Set((await indices.documents('logs')).keys());
  assert.equal(ids.size, total);
  assert.equal(JSON.parse(direct.stdout).indices[`${indices.prefix}logs`].existing, shown.size);
});

test('a Space that is restarted is read on', { timeout: 120_000 }, async () => {
  await list.del(key);
  await push(logs(150));
  let restarted = false;
  const { fresh } = await follow(new AsLines(sourceOf(gradio.url)), {}, async (batches) => {
    const count = freshOf(batches).length;
    if (count === 150 && !restarted) {
      restarted = true;
      const { port, dataDir } = gradio;
      await gradio.stop();
      gradio = await startGradio({ redisUrl: redis.url, key, port, dataDir });
      await push(logs(30, 150));
    }
    return count >= 180;
  });
  assert.deepEqual(fresh, logs(180));
});

test('an API behind the Space that has lost its Redis is told, and waited for', {
  timeout: 90_000,
}, async () => {
  await list.del(key);
  await push(logs(5));
  let killed = false;
  const { fresh } = await follow(new AsLines(sourceOf(gradio.url)), {}, async (batches) => {
    const count = freshOf(batches).length;
    if (count === 5 && !killed) {
      killed = true;
      await redis.kill();
      await assert.rejects(
        readAll(sourceOf(gradio.url)),
        /could not be reached: the API behind it answers: .*onnect.* Is that API running, and can the Space reach it\?/,
      );
      redis = await startRedis({ port: redis.port, dataDir: redis.dataDir, args: ['--appendonly', 'yes'] });
      list.disconnect();
      list = new Redis(redis.url);
      await push(logs(2, 5));
    }
    return count >= 7;
  });
  assert.deepEqual(fresh, logs(7));
});

/** `count` logs as a Space shows them, oldest first. */
function shownLogs(count: number, first = 0): Entry[] {
  return logs(count, first).map((line) => ({
    timestamp: line.slice(0, 19),
    level: 'INFO',
    message: line.slice(35),
    data: null,
  }));
}

/** The limits and offsets that were asked for since the last call. */
function pagesOf(space: FakeSpace): [number, number][] {
  const asked = space.asked.splice(0);
  return asked.filter(({ method }) => method === 'POST').map(({ body }) => JSON.parse(body).data);
}

test('1,640 logs cost seventeen pages, and an idle poll one small page', async (t) => {
  const space = await FakeSpace.start(t);
  space.push(shownLogs(1640));
  let idle: [number, number][] | undefined;
  let first: [number, number][] | undefined;
  const { fresh } = await follow(sourceOf(space.url), { batchSize: 10_000 }, async (batches) => {
    if (batches.length > 1) return true;
    first = pagesOf(space);
    setTimeout(() => {
      idle = pagesOf(space);
      space.push(shownLogs(1, 1640));
    }, 500);
    return false;
  });
  assert.deepEqual(fresh, shownLogs(1641));
  assert.equal(first?.length, 17);
  assert.ok(first?.every(([limit]) => limit === 100));
  // Right after news a whole page is asked for; from then on there is nothing but small ones.
  assert.ok((idle?.length ?? 0) > 2);
  assert.deepEqual(new Set(idle?.slice(1).map((page) => `${page}`)), new Set(['10,0']));
});

test('from a position on, only as much that is known is read as it takes to count copies', async (t) => {
  const space = await FakeSpace.start(t);
  space.push(shownLogs(3_000));
  const { position } = await readAll(sourceOf(space.url));
  assert.ok(JSON.stringify(position).length < 20_000);
  space.push(shownLogs(10, 3_000));
  pagesOf(space);
  const { fresh, batches } = await follow(
    sourceOf(space.url),
    { position },
    (read) => freshOf(read).length >= 10,
  );
  assert.deepEqual(fresh, shownLogs(10, 3_000));
  assert.ok(batches[0]?.known && batches[0].entries.length >= 500);
  assert.equal(pagesOf(space).length, 6);
});

test('a first reading that is interrupted goes on where it was, however much there is', async (t) => {
  const space = await FakeSpace.start(t);
  space.push(shownLogs(2_500));
  const { position } = await follow(sourceOf(space.url), {}, (batches) => batches.length === 3);
  const { fresh } = await follow(sourceOf(space.url), { position }, (read) => freshOf(read).length >= 2_200);
  assert.deepEqual(fresh, shownLogs(2_200, 300));
});

test('copies that came while nobody read are told apart from known ones', async (t) => {
  const space = await FakeSpace.start(t);
  const [copy] = shownLogs(1);
  space.push(new Array(30).fill(copy));
  const { position } = await readAll(sourceOf(space.url));
  space.push(new Array(12).fill(copy));
  const { batches } = await readAll(sourceOf(space.url), { position });
  assert.equal(freshOf(batches).length, 12);
});

test('with a limit, no more pages are read than it takes', async (t) => {
  const space = await FakeSpace.start(t);
  space.push(shownLogs(1000));
  const { entries } = await readAll(sourceOf(space.url), { limit: 150 });
  assert.deepEqual(entries, shownLogs(150, 850));
  assert.equal(pagesOf(space).length, 2);
});

test('a limited read, and later a whole one, find no gap', async (t) => {
  const space = await FakeSpace.start(t);
  space.push(shownLogs(300));
  const { position } = await readAll(sourceOf(space.url), { limit: 3 });
  const { gaps } = await readAll(sourceOf(space.url), { position });
  assert.deepEqual(gaps, []);
});

test('a list that shows empty for a while, and comes back, doubles nothing', async (t) => {
  const space = await FakeSpace.start(t);
  space.push(shownLogs(250));
  const { fresh } = await follow(sourceOf(space.url), { batchSize: 1000 }, async (batches) => {
    if (batches.length > 1) return true;
    const { list: kept } = space;
    space.list = [];
    setTimeout(() => {
      space.list = kept;
      space.push(shownLogs(5, 250));
    }, 300);
    return false;
  });
  assert.deepEqual(fresh, shownLogs(255));
});

test('a list that was cleared is read anew, without a gap', async (t) => {
  const space = await FakeSpace.start(t);
  space.push(shownLogs(250));
  const { fresh, gaps } = await follow(sourceOf(space.url), { batchSize: 1000 }, async (read) => {
    space.list = shownLogs(4, 900).reverse();
    return read.length > 1;
  });
  assert.deepEqual(fresh, [...shownLogs(250), ...shownLogs(4, 900)]);
  assert.deepEqual(gaps, []);
});

test('a list that turned over between two reads is a gap that is told', async (t) => {
  const space = await FakeSpace.start(t);
  space.push(shownLogs(250));
  const { fresh, gaps } = await follow(sourceOf(space.url), { batchSize: 1000 }, async (read) => {
    space.list = shownLogs(250, 900).reverse();
    return read.length > 1;
  });
  assert.deepEqual(fresh, [...shownLogs(250), ...shownLogs(250, 900)]);
  assert.match(gaps[0]?.what ?? '', /all 250 entries changed between two reads/);
});

test('a Space without offsets is read as far as it shows, and what it can not show is a gap', async (t) => {
  const space = await FakeSpace.start(t, { path: '/logs', unpaged: true });
  space.push(shownLogs(300));
  const pushes = [20, 150];
  const { fresh, batches, gaps } = await follow(sourceOf(space.url), { batchSize: 1000 }, async (read) => {
    const count = pushes[read.length - 1];
    if (count === undefined) return true;
    space.push(shownLogs(count, 300 + freshOf(read).length));
    return false;
  });
  assert.deepEqual(
    batches.map(({ entries }) => entries.length),
    [100, 20, 100],
  );
  assert.equal(fresh.length, 220);
  assert.equal(gaps.length, 1);
});

test('more logs than can be held are refused with what to do', { timeout: 60_000 }, async (t) => {
  const space = await FakeSpace.start(t);
  space.list = Array.from({ length: 400 }, (_, n) => ({ message: `${n} ${'x'.repeat(300_000)}` }));
  await assert.rejects(readAll(sourceOf(space.url)), /holds more logs than are read at once .* --limit \d+/);
});

test('a Space that asks to wait is given the time, and not asked again what it has', async (t) => {
  const space = await FakeSpace.start(t);
  space.push(shownLogs(3));
  let refusals = 0;
  space.fault = ({ method }, response) =>
    method === 'POST' && refusals++ < 1 && json(response, 429, {}, { 'retry-after': '1' });
  const { fresh } = await follow(sourceOf(space.url), {}, (read) => freshOf(read).length === 3);
  assert.equal(fresh.length, 3);
  assert.equal(space.asked.filter(({ path }) => path === '/config').length, 1);
  refusals = 0;
  space.fault = (_, response) => json(response, 429, {}, { 'retry-after': '3000' });
  await assert.rejects(
    readAll(sourceOf(space.url)),
    /asks to wait 3000 s\. If this comes often, raise PIPELINE_POLL_INTERVAL/,
  );
});

const commandLine = async (t: TestContext, space: FakeSpace | undefined, env: Record<string, string> = {}) =>
  new Workspace(t).run(
    ['run', '--once', '--source', 'gradio', '--sink', 'directory', '--log-level', 'debug'],
    {
      ...(space ? { GRADIO_URL: space.url } : {}),
      ...env,
    },
  );

test('without an address, or with none, the command line says what to give', async (t) => {
  const without = await commandLine(t, undefined);
  assert.equal(without.code, 2);
  assert.match(without.stderr, /needs the address of a Space: set GRADIO_URL/);
  const wrong = await commandLine(t, undefined, { GRADIO_URL: 'http://' });
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /GRADIO_URL is not a valid address: set one such as https:\/\/owner-name/);
});

test('the command line prints no token, whatever goes wrong, and says how the Space is read', async (t) => {
  const space = await FakeSpace.start(t, { path: '/logs', unpaged: true });
  space.push(shownLogs(120));
  const env = { HF_TOKEN: 'hf_verysecret' };
  const well = await commandLine(t, space, env);
  assert.equal(well.code, 0, well.stderr);
  assert.match(well.stderr, /is read through the endpoint \/logs/);
  assert.match(well.stderr, /knows no offset, so only its newest 100 of 120 logs can be read at a time/);
  assert.ok(space.asked.every(({ authorization }) => authorization === 'Bearer hf_verysecret'));
  space.fault = (_, response) => json(response, 403, { detail: 'forbidden' });
  const badly = await commandLine(t, space, env);
  assert.equal(badly.code, 3);
  assert.match(badly.stderr, /refuses access \(403\).* Is HF_TOKEN valid/);
  for (const { stdout, stderr } of [well, badly]) assert.doesNotMatch(stdout + stderr, /hf_verysecret/);
});
