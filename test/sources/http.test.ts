import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import * as zlib from 'node:zlib';
import { deflateSync, gzipSync } from 'node:zlib';
import { runPipeline } from '../../src/pipeline.ts';
import type { IndexDocument } from '../../src/plugin.ts';
import { PluginChain } from '../../src/plugin-chain.ts';
import type { Outcome, Sink } from '../../src/sinks/sink.ts';
import { HttpSource } from '../../src/sources/http.ts';
import { type CommandLine, eventually, ndjson, TestIndices, temporaryFolder, Workspace } from '../helpers.ts';
import { gradioLogs, line, parse, parseEntry, realEntries } from '../samples.ts';
import { elasticsearchUrl } from '../services/env.ts';
import { freePort } from '../services/service.ts';
import { stagesIn } from '../stages.ts';
import { sourceContract } from './contract.ts';

/** The command line with the HTTP source, on a port of its own. */
class Bed {
  readonly workspace: Workspace;
  url = '';
  running: CommandLine | undefined;

  constructor(t: TestContext, prefix?: string, config: Record<string, unknown> = {}) {
    this.workspace = new Workspace(t, prefix, config);
  }

  async start(env: Record<string, string> = {}, ...args: string[]): Promise<void> {
    this.running = this.workspace.start(
      [
        'run',
        '--source',
        'http',
        '--continuous',
        ...(args.length > 0 ? args : ['--sink', 'directory', '--out', 'out']),
      ],
      { HTTP_LISTEN: '127.0.0.1:0', ...env },
    );
    await this.running.says(/taking logs at \S+\/logs/);
    this.url = /taking logs at (\S+)/.exec(this.running.stderr)![1]!;
  }

  post(body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(this.url, { method: 'POST', body, headers });
  }

  /** Stops the sidecar when what was answered, and is in the buffer, has had the time to be stored. */
  async settle(): Promise<void> {
    if (this.running!.child.exitCode === null) await delay(1_000);
    await this.running!.stop();
  }

  /** The stored logs; the sidecar is stopped. */
  async logs(): Promise<Record<string, unknown>[]> {
    await this.settle();
    return this.workspace.output('ml-api-logs');
  }

  /** The dead letters; the sidecar is stopped. */
  async deadLetters(): Promise<Record<string, unknown>[]> {
    await this.settle();
    const folder = join(this.workspace.folder, 'data/dead-letters');
    if (!existsSync(folder)) return [];
    return readdirSync(folder).flatMap((name) => ndjson(readFileSync(join(folder, name), 'utf8')));
  }
}

const withoutId = (documents: Record<string, unknown>[]): unknown[] =>
  documents.map(({ _id, ...rest }) => rest);

/** A time-less log's documents bear the time of reading. */
sourceContract(
  'http',
  async () => {
    const address = { host: '127.0.0.1', port: await freePort() };
    const url = `http://${address.host}:${address.port}/logs`;
    return {
      add: async (entries) => {
        // Answered once it is confirmed; refused until a source listens.
        const send = (): Promise<unknown> =>
          fetch(url, { method: 'POST', body: entries.join('\n') }).catch(() => delay(20).then(send));
        void send();
      },
      make: () => new HttpSource({ address, bodyBytes: 1 << 20, heldBytes: 1 << 20 }),
    };
  },
  { forgets: true, listens: true },
);

const dated = realEntries.filter((entry) => /^\d{4}-/.test(entry));

test('real logs make the same documents from every shipper as from a file', async (t) => {
  const file = new Workspace(t);
  file.write('api.ndjson', dated.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
  const args = ['run', '--source', 'file', '--path', 'api.ndjson', '--sink', 'directory', '--out', 'out'];
  assert.equal((await file.run([...args, '--once'])).code, 0);
  const vector = {
    file: '/var/log/api.log',
    host: 'h',
    source_type: 'file',
    timestamp: '2026-11-24T20:00:00Z',
  };
  const { timestamp: _, ...beside } = vector;
  const bodies = {
    'Vector, NDJSON': dated.map((message) => JSON.stringify({ ...vector, message })).join('\n'),
    'Vector, array': JSON.stringify(dated.map((message) => ({ ...vector, message }))),
    'Fluent Bit, json': JSON.stringify(dated.map((log, n) => ({ date: 1764012398 + n / 1e6, log }))),
    'Fluent Bit, json_stream': dated
      .map((log, n) => JSON.stringify({ date: 1764012398 + n, log: `${log}\n` }))
      .join(''),
    text: dated.join('\n'),
  };
  for (const [shipper, body] of Object.entries(bodies)) {
    const bed = new Bed(t);
    await bed.start();
    assert.equal((await bed.post(body)).status, 200, shipper);
    await bed.settle();
    for (const index of ['ml-api-logs', 'ml-api-message', 'ml-api-perfs', 'ml-api-top-func']) {
      const expected = file.output(index).map((log) => {
        const isBeside = index === 'ml-api-logs' && shipper.startsWith('Vector');
        return isBeside ? { ...log, data: { ...beside, ...(log.data as object) } } : log;
      });
      assert.deepEqual(withoutId(bed.workspace.output(index)), withoutId(expected), `${shipper}: ${index}`);
    }
    assert.ok((await bed.logs()).length >= dated.length);
    assert.deepEqual(await bed.deadLetters(), []);
  }
});

test('Gradio entries and documented JSON are read as from their own sources', async (t) => {
  const bed = new Bed(t);
  await bed.start();
  const logs = gradioLogs('100-0');
  assert.equal((await bed.post(JSON.stringify(logs))).status, 200);
  assert.deepEqual(
    (await bed.logs()).map(({ message }) => message),
    logs.map((entry) => parse(entry).message),
  );
});

test('a body that is sent again makes nothing twice, also after a restart and in another content encoding', async (t) => {
  const indices = new TestIndices(t);
  const bed = new Bed(t, indices.prefix);
  const env = { ELASTICSEARCH_URL: elasticsearchUrl() };
  const body = [line('a'), line('a'), line('b'), line('a')].join('\n');
  await bed.start(env, '--sink', 'elasticsearch', '--batch-size', '3');
  for (const packed of [body, body]) assert.equal((await bed.post(packed)).status, 200);
  assert.equal((await bed.post(gzipSync(body), { 'content-encoding': 'gzip' })).status, 200);
  await bed.running!.stop();
  await bed.start(env, '--sink', 'elasticsearch', '--batch-size', '2');
  assert.equal((await bed.post(deflateSync(body), { 'content-encoding': 'deflate' })).status, 200);
  await bed.settle();
  assert.equal(await indices.count('logs'), 4);
});

test('without a token, nothing is taken from a page in a browser', async (t) => {
  const bed = new Bed(t);
  await bed.start();
  const headers = { 'content-type': 'text/plain', origin: 'https://evil.example' };
  assert.equal((await bed.post(line('planted'), headers)).status, 403);
  assert.equal((await bed.post(line('planted'), { 'sec-fetch-site': 'cross-site' })).status, 403);
  assert.equal((await bed.post(line('good'))).status, 200);
  assert.deepEqual(
    (await bed.logs()).map(({ message }) => message),
    ['good'],
  );
  await bed.running!.stop();
  await bed.start({ HTTP_TOKEN: 'secret' });
  const withToken = { ...headers, authorization: 'Bearer secret' };
  assert.equal((await bed.post(line('mine'), withToken)).status, 200);
});

test('equal logs in different bodies are different logs', async (t) => {
  const bed = new Bed(t);
  await bed.start();
  for (const date of [1, 2]) await bed.post(JSON.stringify([{ date, log: line('same') }]));
  assert.equal((await bed.logs()).length, 2);
  assert.equal(new Set((await bed.logs()).map(({ _id }) => _id)).size, 2);
});

test('what can not be read is answered 200, and is a dead letter', async (t) => {
  const bed = new Bed(t, undefined, { limits: { entry_bytes: 1024 } });
  await bed.start();
  const large = JSON.stringify({ log: line('x'.repeat(2000)) });
  const response = await bed.post(`${JSON.stringify({ log: line('good') })}\n{"log": "cut\n${large}\n`);
  assert.equal(response.status, 200);
  assert.deepEqual(await response.json(), { logs: 2, unreadable: 1 });
  assert.deepEqual(
    (await bed.logs()).map(({ message }) => message),
    ['good'],
  );
  const letters = await bed.deadLetters();
  assert.equal(letters.length, 2);
  assert.deepEqual(
    letters.map(({ stage }) => stage),
    ['parse', 'parse'],
  );
  assert.equal(letters.find(({ reason }) => reason === 'it is broken JSON')?.entry, '{"log": "cut');
});

test('a body that can not be unpacked is a dead letter; one in a content encoding that is not known stays with its sender', async (t) => {
  const bed = new Bed(t);
  await bed.start();
  const torn = gzipSync('x'.repeat(900)).subarray(0, 20);
  for (const body of ['x', torn]) {
    const response = await bed.post(body, { 'content-encoding': 'gzip' });
    assert.deepEqual([response.status, await response.json()], [200, { logs: 0, unreadable: 1 }]);
  }
  const unknown = await bed.post('x', { 'content-encoding': 'br' });
  assert.deepEqual([unknown.status, unknown.headers.get('retry-after')], [503, '5']);
  assert.match(await unknown.text(), /br is not known: let the shipper send gzip/);
  const [, letter] = await bed.deadLetters();
  assert.match(
    letter?.reason as string,
    /can't be unpacked \(unexpected end of file\): this is it in base64/,
  );
  assert.deepEqual(Buffer.from(letter?.entry as string, 'base64'), torn);
});

test('zstd is unpacked where Node knows it, and otherwise stays with its sender', async (t) => {
  const bed = new Bed(t, undefined, { http: { body_bytes: 2000 } });
  await bed.start();
  const { zstdCompressSync: pack } = zlib as unknown as { zstdCompressSync?: typeof gzipSync };
  const post = (body: Buffer<ArrayBuffer> | string): Promise<Response> =>
    bed.post(body, { 'content-encoding': 'zstd' });
  if (!pack) {
    const response = await post('x');
    assert.equal(response.status, 503);
    assert.match(await response.text(), /zstd is not known: .*Node 22\.15/);
    return;
  }
  const response = await post(pack(`${realEntries[0]}\n${realEntries[1]}\n`));
  assert.deepEqual([response.status, await response.json()], [200, { logs: 2, unreadable: 0 }]);
  assert.equal((await post(pack('x'.repeat(5_000)))).status, 413);
  assert.deepEqual(await (await post('torn')).json(), { logs: 0, unreadable: 1 });
});

test('an empty body is answered at once', async (t) => {
  const bed = new Bed(t);
  await bed.start();
  for (const body of ['', '[]', '\n']) {
    const response = await bed.post(body);
    assert.deepEqual([response.status, await response.json()], [200, { logs: 0, unreadable: 0 }]);
  }
});

test('what is no log request is refused with what is wrong', async (t) => {
  const bed = new Bed(t, undefined, { http: { body_bytes: 2000 } });
  await bed.start();
  const elsewhere = await fetch(new URL('/other', bed.url), { method: 'POST', body: 'x' });
  assert.equal(elsewhere.status, 404);
  assert.match(await elsewhere.text(), /posted to \/logs/);
  const read = await fetch(bed.url);
  assert.deepEqual([read.status, read.headers.get('allow')], [405, 'POST']);
  const tooLarge = [
    await bed.post('x'.repeat(2001)),
    await bed.post(gzipSync('x'.repeat(5_000_000)), { 'content-encoding': 'gzip' }),
  ];
  for (const response of tooLarge) {
    assert.equal(response.status, 413);
    assert.match(await response.text(), /2000 bytes \(http\.body_bytes\)/);
  }
  assert.equal((await bed.post(line('still works'))).status, 200);
});

test('credentials: a bearer token or basic authentication, and nothing else', async (t) => {
  const bed = new Bed(t);
  await bed.start({ HTTP_LISTEN: '0.0.0.0:0', HTTP_TOKEN: 'abc', HTTP_USERNAME: 'u', HTTP_PASSWORD: 'p:q' });
  bed.url = bed.url.replace('0.0.0.0', '127.0.0.1');
  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
  const statusWith = async (authorization?: string) =>
    (await bed.post(line('x'), authorization === undefined ? {} : { authorization })).status;
  for (const good of ['Bearer abc', 'bearer abc', basic('u:p:q')])
    assert.equal(await statusWith(good), 200, good);
  for (const bad of [
    undefined,
    'Bearer',
    'Bearer abcd',
    'abc',
    basic('u:p'),
    basic('abc'),
    'Basic',
    'Bearer undefined',
  ])
    assert.equal(await statusWith(bad), 401, bad);
});

test('a configuration that can not work is refused', async (t) => {
  const workspace = new Workspace(t);
  const refused = async (said: RegExp, args: string[], env: Record<string, string>): Promise<void> => {
    const ended = await workspace.run(['run', '--source', 'http', '--sink', 'directory', ...args], env);
    assert.equal(ended.code, 2);
    assert.match(ended.stderr, said);
  };
  await refused(/add --continuous/, ['--once'], {});
  const follow = ['--continuous'];
  await refused(/open to other machines: set HTTP_TOKEN/, follow, { HTTP_LISTEN: '0.0.0.0:8787' });
  await refused(/open to other machines/, follow, { HTTP_LISTEN: '[::]:8787' });
  await refused(/go together/, follow, { HTTP_USERNAME: 'u' });
  await refused(/must be HOST:PORT/, follow, { HTTP_LISTEN: '8787' });
  await refused(/must be HOST:PORT/, follow, { HTTP_LISTEN: '127.0.0.1:66000' });
  const bed = new Bed(t);
  await bed.start();
  await refused(/can't be listened on.*EADDRINUSE/, follow, { HTTP_LISTEN: new URL(bed.url).host });
});

/** A fake: a real sink does not hold its answer until it is told. */
class HeldSink implements Sink {
  readonly acknowledges = true;
  readonly taken: IndexDocument[] = [];
  #release: () => void = () => {};
  readonly #released = new Promise<void>((resolve) => {
    this.#release = resolve;
  });

  async open(): Promise<void> {}

  async write(documents: readonly IndexDocument[], signal: AbortSignal): Promise<Outcome[]> {
    this.taken.push(...documents);
    await Promise.race([
      this.#released,
      new Promise((_, gone) => signal.addEventListener('abort', () => gone(new Error('given up')))),
    ]);
    return documents.map(() => 'stored');
  }

  release(): void {
    this.#release();
  }

  async close(): Promise<void> {}
}

/** The source in a pipeline whose sink holds its answers; one batch is on its way at a time. */
async function held(t: TestContext, bufferBytes = 1 << 20) {
  const stop = new AbortController();
  let over: Promise<unknown> | undefined;
  t.after(async () => {
    stop.abort();
    await over;
  });
  const folder = temporaryFolder(t);
  const port = await freePort();
  const sink = new HeldSink();
  const index = { name: 'ml-api-x', filtered: false, mappings: {}, document: {} };
  const plugin = {
    name: 'x',
    index,
    create: () => ({ documents: ({ message }: { message: string }) => ({ message }) }),
  };
  const ended = runPipeline(
    stagesIn(
      folder,
      {
        source: new HttpSource({
          address: { host: '127.0.0.1', port },
          bodyBytes: 8_000,
          heldBytes: 100_000,
        }),
        parse: parseEntry,
        plugins: new PluginChain([{ plugin, options: {} }], 'ml-api-', () => true),
        sink,
      },
      { bufferBytes },
    ),
    {
      follow: true,
      batchSize: 100,
      concurrency: 1,
      maxInFlight: 1e6,
      signal: stop.signal,
    },
  );
  over = ended.catch(() => {});
  t.after(() => sink.release());
  const url = `http://127.0.0.1:${port}/logs`;
  const post = async (text: string) => (await fetch(url, { method: 'POST', body: line(text) })).status;
  await eventually('it listens', () =>
    fetch(url).then(
      () => true,
      () => false,
    ),
  );
  return {
    sink,
    stop,
    ended,
    url,
    post,
    reached: (text: string) =>
      eventually(text, () => sink.taken.some(({ json }) => JSON.parse(json).message === text)),
  };
}

test('200 is answered once a body is in the buffer, however long the sink takes', async (t) => {
  const { sink, ended, stop, post, reached } = await held(t);
  assert.equal(await post('a'), 200);
  await reached('a');
  assert.equal(await post('b'), 200);
  stop.abort();
  sink.release();
  // What was under way is finished; the rest is for the next run.
  assert.ok((await ended).logs >= 1);
});

test('503 with Retry-After while the buffer is full; what is taken is stored', {
  timeout: 60_000,
}, async (t) => {
  const { sink, url, post } = await held(t, 20_000);
  const answers: Promise<number>[] = [];
  const response = await eventually('it is full', async () => {
    if (answers.length < 4) answers.push(post(`${answers.length} ${'b'.repeat(7_000)}`));
    await new Promise((resolve) => setTimeout(resolve, 100));
    const full = await fetch(url, { method: 'POST', body: line('c') });
    return full.status === 503 && full;
  });
  assert.equal(response.headers.get('retry-after'), '5');
  assert.match(await response.text(), /the buffer is full/);
  sink.release();
  for (const answer of answers) assert.ok([200, 503].includes(await answer));
  await eventually('there is room again', async () => (await post('c')) === 200);
  await eventually('it is stored', () => sink.taken.some(({ json }) => JSON.parse(json).message === 'c'));
});

test('told to stop, it takes no more', async (t) => {
  const { sink, stop, ended, post, reached } = await held(t);
  assert.equal(await post('a'), 200);
  await reached('a');
  stop.abort();
  assert.equal(await post('b').catch(() => 503), 503);
  sink.release();
  assert.equal((await ended).logs, 1);
});

test('senders that hang up do no harm', async (t) => {
  const { sink, ended, stop, url, post, reached } = await held(t);
  sink.release();
  assert.equal(await post('a'), 200);
  // One hangs up in the middle of its body.
  await new Promise<void>((resolve) => {
    const half = request(url, { method: 'POST', headers: { 'content-length': 1000 } });
    half.on('error', () => resolve());
    half.write('2026', () => half.destroy());
  });
  assert.equal(await post('c'), 200);
  await reached('c');
  stop.abort();
  assert.equal((await ended).logs, 2);
  assert.deepEqual(
    sink.taken.map(({ json }) => JSON.parse(json).message),
    ['a', 'c'],
  );
});
