import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { type AddressInfo, connect, createServer as createRelay } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { readStatus } from '../../src/elasticsearch/client.ts';
import type { IndexDefinition } from '../../src/plugin.ts';
import { ElasticsearchSink } from '../../src/sinks/elasticsearch.ts';
import { clientOptions, TestIndices, Workspace } from '../helpers.ts';
import { elasticsearchUrl } from '../services/env.ts';
import { documents, indexNamed, type SinkBed, sinkContract } from './contract.ts';
import { FakeElasticsearch } from './fake-elasticsearch.ts';

const signal = new AbortController().signal;

function sinkOf(url: string, patienceMs = 500, requestTimeoutMs = 30_000): ElasticsearchSink {
  return new ElasticsearchSink(clientOptions(url, { patienceMs, requestTimeoutMs }));
}

async function open(t: TestContext): Promise<SinkBed & { indices: TestIndices }> {
  const indices = new TestIndices(t);
  return {
    indices,
    prefix: indices.prefix,
    make: () => sinkOf(elasticsearchUrl()),
    makeUnreachable: () => sinkOf('http://127.0.0.1:1'),
    read: (index) => indices.documents(index),
  };
}

sinkContract('elasticsearch', open);

test('what leaves this machine is gzipped, if it is not small', async (t) => {
  const { prefix, indices } = await open(t);
  const { hostname, port } = new URL(elasticsearchUrl());
  let sent = '';
  const relay = createRelay((client) => {
    const server = connect(Number(port), hostname);
    client.on('data', (piece) => {
      sent += piece.toString('latin1');
    });
    client.pipe(server).pipe(client);
  });
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
  t.after(() => relay.close());
  const index = `${prefix}packed`;
  const encodings: (string | undefined)[] = [];
  // The second is an address that is not known to be this machine, and is.
  for (const host of ['127.0.0.1', '0.0.0.0']) {
    const sink = sinkOf(`http://${host}:${(relay.address() as AddressInfo).port}`);
    await sink.open([indexNamed(index)], signal);
    for (const count of [1, 1_000]) {
      sent = '';
      await sink.write(documents(index, count), signal);
      encodings.push(/content-encoding: (\S+)/.exec(sent)?.[1]);
    }
    await sink.close();
  }
  assert.deepEqual(encodings, [undefined, undefined, undefined, 'gzip']);
  assert.equal(await indices.count('packed'), 1_000);
});

test('a status means stored, there already, again or refused', () => {
  const statuses = { 200: 'stored', 201: 'stored', 409: 'exists', 429: 'again', 500: 'again', 503: 'again' };
  for (const [status, meaning] of Object.entries(statuses)) assert.equal(readStatus(Number(status)), meaning);
  for (const status of [400, 404, 413]) assert.equal(readStatus(status), 'refused');
});

test('a document refused for its own fault is told with the reason, and the rest is stored', async (t) => {
  const { indices, make } = await open(t);
  const index: IndexDefinition = {
    name: `${indices.prefix}dates`,
    mappings: { properties: { when: { type: 'date' } } },
    document: {},
  };
  const sink = make();
  await sink.open([index], signal);
  const bodies = [{ when: '2026-11-24' }, { when: 'soon' }, { when: '2026-11-25' }];
  const outcomes = await sink.write(
    bodies.map((body, n) => ({ index: index.name, id: `d${n}`, json: JSON.stringify(body) })),
    signal,
  );
  await sink.close();
  assert.equal(outcomes[0], 'stored');
  assert.equal(outcomes[2], 'stored');
  assert.match((outcomes[1] as { refused: string }).refused, /document_parsing_exception: .*\[when\].*soon/);
  assert.deepEqual([...(await indices.documents('dates')).keys()].sort(), ['d0', 'd2']);
});

test('an index that is blocked is waited for: its documents are no dead letters', async (t) => {
  const { indices } = await open(t);
  const index = `${indices.prefix}blocked`;
  const sink = sinkOf(elasticsearchUrl(), 20_000);
  await sink.open([indexNamed(index)], signal);
  // By somebody who copies the index; by Elasticsearch itself, where its disk is full.
  for (const [n, block] of ['write', 'read_only_allow_delete'].entries()) {
    const put = (value: true | null) =>
      indices.client.indices.putSettings({ index, settings: { [`index.blocks.${block}`]: value } });
    await put(true);
    const written = sink.write(documents(index, 3 * (n + 1)).slice(3 * n), signal);
    await delay(1_000);
    await put(null);
    assert.deepEqual(await written, ['stored', 'stored', 'stored']);
  }
  await sink.close();
});

test('a reason does not quote the document', async (t) => {
  const { indices, make } = await open(t);
  const index = {
    name: `${indices.prefix}quoted`,
    mappings: { properties: { n: { type: 'long' } } },
    document: {},
  };
  const sink = make();
  await sink.open([index], signal);
  // Elasticsearch quotes what it can't parse at all.
  const json = '{"patient":"Jane Doe","n":{"a":[}}';
  const [outcome] = await sink.write([{ index: index.name, id: 'd', json }], signal);
  await sink.close();
  const { refused } = outcome as { refused: string };
  assert.match(refused, /^document_parsing_exception: /);
  assert.doesNotMatch(refused, /Jane Doe|Source:/);
});

test('a missing index is made with its mapping, a present one gets the fields that it lacks', async (t) => {
  const { indices, prefix, make } = await open(t);
  const mapping = async () => {
    const answer = await indices.client.indices.getMapping({ index: `${prefix}a` });
    return answer[`${prefix}a`]?.mappings;
  };
  const first = make();
  await first.open([indexNamed(`${prefix}a`)], signal);
  await first.close();
  assert.deepEqual(await mapping(), { dynamic: 'false', properties: { n: { type: 'long' } } });
  const second = make();
  const more = { dynamic: false, properties: { n: { type: 'long' }, more: { type: 'keyword' } } };
  await second.open([{ ...indexNamed(`${prefix}a`), mappings: more }], signal);
  await second.close();
  assert.deepEqual((await mapping())?.properties, { more: { type: 'keyword' }, n: { type: 'long' } });
});

test('an index with another mapping is warned of, and left as it is', async (t) => {
  const { indices, prefix } = await open(t);
  const mappings = { properties: { timestamp: { type: 'keyword' as const } } };
  await indices.client.indices.create({ index: `${prefix}logs`, mappings });
  const workspace = new Workspace(t, prefix);
  const path = workspace.write('api.log', '2026-11-24 19:26:39 - api - INFO - x\n');
  const args = ['run', '--source', 'file', '--path', path];
  const { code, stderr } = await workspace.run(args, { ELASTICSEARCH_URL: elasticsearchUrl() });
  assert.match(stderr, /WARN index .*logs .* field timestamp is keyword, this program's is date.* Reindex/);
  assert.equal(code, 0);
  const after = await indices.client.indices.getMapping({ index: `${prefix}logs` });
  assert.deepEqual(after[`${prefix}logs`]?.mappings.properties?.timestamp, { type: 'keyword' });
  assert.equal(await indices.count('logs'), 1);
});

test('more than one request takes is split', { timeout: 60_000 }, async (t) => {
  const fake = await FakeElasticsearch.start(t, () => undefined);
  const sink = sinkOf(fake.url);
  const large = documents('x', 30).map((each) => ({ ...each, json: `{"text":"${'x'.repeat(1 << 20)}"}` }));
  assert.deepEqual(await sink.write(large, signal), new Array(30).fill('stored'));
  await sink.close();
  assert.ok(fake.requests.length > 1);
  assert.deepEqual(
    fake.requests.flat(),
    large.map(({ id }) => id),
  );
});

test('of one answer, each item is handled by its own status', async (t) => {
  const fake = await FakeElasticsearch.start(t, (ids, before, server) =>
    before === 0
      ? server.store(ids, { 'id-1': 429, 'id-2': 400, 'id-3': 409, 'id-4': 503, 'id-5': 500 })
      : undefined,
  );
  const sink = sinkOf(fake.url, 60_000);
  await fake.makeTrusted(sink);
  const outcomes = await sink.write(documents('x', 7), signal);
  await sink.close();
  assert.deepEqual(outcomes, [
    'stored',
    'stored',
    { refused: 'error_400: it is so' },
    'exists',
    'stored',
    'stored',
    'stored',
  ]);
  assert.deepEqual(fake.requests.slice(1), [['id-1', 'id-4', 'id-5']], 'only what was put off is sent again');
});

test('a request that is put off as a whole is sent again', async (t) => {
  const faults: ('reset' | number)[] = [429, 503, 502, 'reset'];
  const fake = await FakeElasticsearch.start(t, (_ids, before) => {
    const fault = faults[before];
    return typeof fault === 'number' ? { status: fault, headers: { 'retry-after': '0' } } : fault;
  });
  const sink = sinkOf(fake.url, 60_000);
  assert.deepEqual(await sink.write(documents('x', 3), signal), ['stored', 'stored', 'stored']);
  await sink.close();
  assert.deepEqual(fake.requests, [['id-0'], ['id-0'], ['id-0'], ['id-0'], ['id-0'], ['id-1', 'id-2']]);
});

test('a request that is refused as a whole is halved until the culprit stands alone', async (t) => {
  const fake = await FakeElasticsearch.start(t, (ids) =>
    ids.includes('id-5') ? { status: 413, body: { error: 'too large' } } : undefined,
  );
  const sink = sinkOf(fake.url);
  const outcomes = await sink.write(documents('x', 8), signal);
  await sink.close();
  assert.equal(outcomes.filter((outcome) => outcome === 'stored').length, 7);
  assert.match((outcomes[5] as { refused: string }).refused, /too large|413/);
});

test('an answer that never comes doubles nothing', { timeout: 30_000 }, async (t) => {
  const fake = await FakeElasticsearch.start(t, (ids, before, server) => {
    const answer = server.store(ids);
    return before === 0 ? 'silence' : answer;
  });
  const sink = sinkOf(fake.url, 60_000, 1_000);
  await fake.makeTrusted(sink);
  assert.deepEqual(await sink.write(documents('x', 3), signal), ['stored', 'stored', 'stored']);
  await sink.close();
  assert.equal(fake.stored.size, 3);
  assert.deepEqual(fake.requests, [['id-0', 'id-1', 'id-2'], ['id-0'], ['id-1', 'id-2']]);
});

test('a server is met gently, at the start and after an outage: one document, one batch, then all', async (t) => {
  let isDown = false;
  const fake = await FakeElasticsearch.start(t, () => (isDown ? { status: 503 } : undefined));
  const sink = sinkOf(fake.url, 60_000);
  const write = (from: number): Promise<unknown> =>
    Promise.all([0, 1, 2, 3].map((n) => sink.write(documents('x', 10, from + 10 * n), signal)));
  const sizes = (): number[] => fake.requests.splice(0).map(({ length }) => length);
  await write(0);
  assert.deepEqual(sizes(), [1, 9, 10, 10, 10]);
  isDown = true;
  const written = write(100);
  setTimeout(() => {
    isDown = false;
  }, 700);
  await written;
  const after = sizes();
  assert.deepEqual(after.slice(0, 4), [10, 10, 10, 10], 'those are on their way when the outage begins');
  const alone = after.slice(4, -4);
  assert.ok(alone.length >= 1);
  assert.deepEqual(alone, new Array(alone.length).fill(1));
  assert.deepEqual(after.slice(-4).sort(), [10, 10, 10, 9], 'all that is left, once each');
  await sink.close();
});

test('a connection that breaks behind what was stored doubles nothing', async (t) => {
  const fake = await FakeElasticsearch.start(t, (ids, before, server) => {
    const answer = server.store(ids);
    return before === 0 ? 'reset' : answer;
  });
  const sink = sinkOf(fake.url, 60_000);
  assert.deepEqual(await sink.write(documents('x', 3), signal), ['stored', 'stored', 'stored']);
  await sink.close();
  assert.equal(fake.stored.size, 3);
});

test('patience ends: what is wrong is told, and what to do', async (t) => {
  const fake = await FakeElasticsearch.start(t, () => ({ status: 503 }));
  const sink = sinkOf(fake.url, 300);
  await assert.rejects(
    sink.write(documents('x', 1), signal),
    (error: Error & { code?: string }) =>
      error.code === 'unreachable' && /Is Elasticsearch running there/.test(error.message),
  );
  await sink.close();
});

test('an answer that is awaited can be given up', { timeout: 20_000 }, async (t) => {
  const fake = await FakeElasticsearch.start(t, () => 'silence');
  const sink = sinkOf(fake.url, Number.POSITIVE_INFINITY);
  await assert.rejects(sink.write(documents('x', 1), AbortSignal.timeout(200)), { code: 'unreachable' });
  await sink.close();
});

test('what is not Elasticsearch is told as such', async (t) => {
  for (const status of [200, 404, 405]) {
    const server = createServer((_request, response) => response.writeHead(status).end('<html>hello</html>'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.after(() => server.close());
    const { port } = server.address() as AddressInfo;
    const sink = sinkOf(`http://127.0.0.1:${port}`);
    await assert.rejects(sink.open([indexNamed('x')], signal), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'config', `${status}`);
      assert.match(error.message, /127\.0\.0\.1:\d+ .*not Elasticsearch.*ELASTICSEARCH_URL/, `${status}`);
      return true;
    });
    await sink.close();
    server.closeAllConnections();
  }
});
