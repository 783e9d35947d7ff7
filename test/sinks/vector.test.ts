import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { readVectorStatus, type VectorOptions, VectorSink } from '../../src/sinks/vector.ts';
import { documents, sinkContract } from './contract.ts';
import { type Answer, FakeVector } from './fake-vector.ts';

const signal = new AbortController().signal;
const everyId = (count: number, first = 0): string[] => documents('x-a', count, first).map(({ id }) => id);

async function open(
  t: TestContext,
  judge: (ids: string[], before: number) => Answer | Promise<Answer>,
  options: Partial<VectorOptions> = {},
): Promise<{ fake: FakeVector; sink: VectorSink }> {
  const fake = await FakeVector.start(t, judge);
  const defaults = { url: fake.url, requestTimeoutMs: 30_000, patienceMs: 20_000, prefix: 'x-' };
  const sink = new VectorSink({ ...defaults, ...options });
  t.after(() => sink.close());
  return { fake, sink };
}

sinkContract('vector', async (t) => {
  const fake = await FakeVector.start(t, () => 200);
  const prefix = 'x-';
  return {
    prefix,
    make: () => new VectorSink({ url: fake.url, requestTimeoutMs: 30_000, patienceMs: 500, prefix }),
    read: async (index) => fake.bodies.get(index) ?? new Map(),
    rewrites: true,
  };
});

test('a status means stored, refused, again or misdirected', () => {
  const meanings = {
    stored: [200, 201, 204],
    refused: [400, 413],
    again: [0, 408, 429, 500, 502, 503, 504],
    misdirected: [301, 401, 403, 404, 405, 415],
  };
  for (const [meaning, statuses] of Object.entries(meanings))
    for (const status of statuses) assert.equal(readVectorStatus(status), meaning, `${status}`);
});

test('what leaves this machine is gzipped, if it is not small', async (t) => {
  const { fake, sink } = await open(t, () => 200);
  const { port } = new URL(fake.url);
  // An address that is not known to be this machine, and is.
  const { sink: away } = await open(t, () => 200, { url: `http://0.0.0.0:${port}/` });
  for (const each of [sink, away])
    for (const count of [1, 1_000]) await each.write(documents('x-a', count), signal);
  assert.deepEqual(
    fake.headers.map((headers) => headers['content-encoding']),
    [undefined, undefined, undefined, 'gzip'],
  );
  assert.equal(fake.stored.size, 1_000);
});

test('no documents are no request', async (t) => {
  const { fake, sink } = await open(t, () => 200);
  assert.deepEqual(await sink.write([], signal), []);
  assert.deepEqual(fake.requests, []);
});

test('credentials are sent, and those that are wrong end the run with what to do', async (t) => {
  const { fake, sink } = await open(t, (_, before) => (before === 0 ? 200 : 401), {
    username: 'sidecar',
    password: 'söt',
  });
  await sink.write(documents('x-a', 1), signal);
  assert.equal(fake.headers[0]!.authorization, `Basic ${Buffer.from('sidecar:söt').toString('base64')}`);
  const { sink: fresh } = await open(t, () => 401);
  await assert.rejects(fresh.write(documents('x-a', 1), signal), {
    code: 'config',
    message: /answered 401.*VECTOR_USERNAME/,
  });
  const { sink: lost } = await open(t, () => 404);
  await assert.rejects(lost.write(documents('x-a', 1), signal), {
    code: 'config',
    message: /answered 404.*VECTOR_URL/,
  });
});

test('a Vector that took documents before is waited for, whatever it answers', async (t) => {
  const { fake, sink } = await open(t, (_, before) => [200, 404, 401, 200][before]!);
  await sink.write(documents('x-a', 1), signal);
  assert.deepEqual(await sink.write(documents('x-a', 1, 1), signal), ['stored']);
  assert.equal(fake.requests.length, 4);
});

test('errors, resets and silence are tried again, until it is stored', async (t) => {
  const answers: Answer[] = [500, 'reset', 'silence', 503, 200];
  const { fake, sink } = await open(t, (_, before) => answers[before]!, { requestTimeoutMs: 1000 });
  assert.deepEqual(await sink.write(documents('x-a', 5), signal), new Array(5).fill('stored'));
  assert.deepEqual(fake.requests, new Array(5).fill(everyId(5)));
});

test('one that can not be reached says so, and what to do', async (t) => {
  const { sink } = await open(t, () => 200, { url: 'http://127.0.0.1:1/', patienceMs: 300 });
  await assert.rejects(sink.write(documents('x-a', 1), signal), {
    code: 'unreachable',
    message: /^Vector at 127\.0\.0\.1:1 could not be reached: connect ECONNREFUSED.*Is Vector running there/,
  });
});

test('waiting ends with the signal', async (t) => {
  const { sink } = await open(t, () => 'silence', { patienceMs: Number.POSITIVE_INFINITY });
  const giveUp = new AbortController();
  setTimeout(() => giveUp.abort(), 200);
  await assert.rejects(sink.write(documents('x-a', 1), giveUp.signal), { code: 'unreachable' });
});

test('whoever spoils a batch is found, and only they are refused', async (t) => {
  const bad = new Set(['id-7', 'id-8', 'id-399']);
  const { fake, sink } = await open(t, (ids) => (ids.some((id) => bad.has(id)) ? 400 : 200));
  const outcomes = await sink.write(documents('x-a', 500), signal);
  const refused = outcomes.flatMap((outcome, n) => (outcome === 'stored' ? [] : [`id-${n}`]));
  assert.deepEqual(refused, [...bad]);
  assert.match(
    (outcomes[7] as { refused: string }).refused,
    /^Vector refuses it, .*answered 400.*Vector's log/,
  );
  assert.equal(fake.stored.size, 497);
});

test('a document that is put off for a while, which looks like a refusal, is stored', async (t) => {
  let left = 3;
  const { fake, sink } = await open(t, (ids) => (ids.includes('id-1') && left-- > 0 ? 400 : 200));
  assert.deepEqual(await sink.write(documents('x-a', 2), signal), ['stored', 'stored']);
  assert.deepEqual([...fake.stored].sort(), everyId(2));
});

test('a body that is too large is halved', async (t) => {
  const { fake, sink } = await open(t, (ids) => (ids.length > 3 ? 413 : 200));
  assert.deepEqual(await sink.write(documents('x-a', 10), signal), new Array(10).fill('stored'));
  assert.equal(fake.stored.size, 10);
});

test('a Vector that refuses everything is waited for, and refuses no document', async (t) => {
  let broken = true;
  const { fake, sink } = await open(t, () => (broken ? 400 : 200));
  const written = sink.write(documents('x-a', 2), signal);
  await delay(2500);
  broken = false;
  assert.deepEqual(await written, ['stored', 'stored']);
  assert.equal(fake.stored.size, 2);
});

test('a Vector that refuses everything is not asked about every document', async (t) => {
  const { fake, sink } = await open(t, () => 400, { patienceMs: 0 });
  await assert.rejects(sink.write(documents('x-a', 500), signal), {
    code: 'unreachable',
    message: /refuses every document/,
  });
  assert.ok(fake.requests.length < 50, `${fake.requests.length} requests`);
  const { fake: later, sink: known } = await open(t, (_, before) => (before === 0 ? 200 : 400), {
    patienceMs: 0,
  });
  await known.write(documents('x-a', 1), signal);
  await assert.rejects(known.write(documents('x-a', 500, 1), signal), { code: 'unreachable' });
  assert.ok(later.requests.length < 5, `${later.requests.length} requests`);
});

/** Elasticsearch's bulk requests hold what reached Vector at the same time, and are refused as a whole. */
test('neighbours in a bulk request that is refused are not to blame', async (t) => {
  let together: { ids: string[]; answer: (answer: Answer) => void }[] = [];
  const { fake, sink } = await open(t, (ids) => {
    if (together.length === 0) {
      setTimeout(() => {
        const bulk = together;
        together = [];
        const spoilt = bulk.some((each) => each.ids.includes('id-5'));
        for (const each of bulk) each.answer(spoilt ? 400 : 200);
      }, 20);
    }
    return new Promise<Answer>((answer) => together.push({ ids, answer }));
  });
  const writes = Array.from({ length: 12 }, (_, n) => documents('x-a', n % 3 === 0 ? 1 : 40, n * 40 + 5));
  const outcomes = await Promise.all(writes.map((each) => sink.write(each, signal)));
  assert.match((outcomes[0]![0] as { refused: string }).refused, /answered 400/);
  assert.deepEqual(new Set(outcomes.slice(1).flat()), new Set(['stored']));
  assert.equal(fake.stored.size, outcomes.flat().length - 1);
  assert.ok(fake.mostOpen > 1);
});
