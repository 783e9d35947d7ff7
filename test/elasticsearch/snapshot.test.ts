import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createElasticsearchClient } from '../../src/elasticsearch/client.ts';
import { readPage, Snapshot, SnapshotGone, type StoredDocument } from '../../src/elasticsearch/snapshot.ts';
import { clientOptions, TestIndices } from '../helpers.ts';
import { elasticsearchUrl } from '../services/env.ts';

const options = clientOptions(elasticsearchUrl(), { patienceMs: 2_000 });

test('a document is cut out of the answer as it stands there', () => {
  const source = '{"big":12345678901234567890,"one":1.0,"__proto__":{"a":"}]\\""},"text":"\u2028 \\n"}';
  const hits = [
    `{"_id":"a\\"b","_source":${source},"sort":[7]}`,
    '{"_id":"2","_routing":"r","_source":{\n  "x" : [ 1 ]\r\n},"sort":[4294967296]}',
  ];
  assert.deepEqual(readPage(`{"pit_id":"x","hits":{"hits":[${hits.join()}]}}`), {
    documents: [
      { id: 'a"b', source },
      { id: '2', routing: 'r', source: '{   "x" : [ 1 ]  }' },
    ],
    after: [4294967296],
  });
  assert.deepEqual(readPage('{"pit_id":"x"}'), { documents: [], after: undefined });
});

test('all documents come, page by page, each once, and none that is written later', async (t) => {
  const indices = new TestIndices(t);
  const index = `${indices.prefix}logs`;
  const client = createElasticsearchClient(options);
  t.after(() => client.close());
  const operations = Array.from({ length: 1_500 }, (_, n) => [
    { create: { _index: index, _id: `${n}` } },
    { n },
  ]);
  await indices.client.bulk({ operations: operations.flat(), refresh: true });
  const snapshot = await Snapshot.open(client, options, [index]);
  const query = { match_all: {} };
  const documents: StoredDocument[] = [];
  let pages = 0;
  for await (const page of snapshot.pages(query)) {
    documents.push(...page.documents);
    if (pages++ === 0) await indices.client.index({ index, id: 'late', document: { n: -1 }, refresh: true });
  }
  assert.ok(pages > 1);
  assert.equal(await snapshot.count(query), 1_500);
  const ids = new Set(documents.map(({ id }) => id));
  assert.equal(documents.length, 1_500);
  assert.equal(ids.size, 1_500);
  for (const { id, source } of documents) assert.equal(source, `{"n":${id}}`);
  await snapshot.close();
  await assert.rejects(snapshot.count(query), SnapshotGone);
});

test('characters of many bytes come through whole', async (t) => {
  const indices = new TestIndices(t);
  const index = `${indices.prefix}logs`;
  const client = createElasticsearchClient(options);
  t.after(() => client.close());
  await indices.client.indices.create({ index, mappings: { enabled: false } });
  // Of odd lengths, so that characters fall on the borders of chunks.
  const texts = Array.from({ length: 3_000 }, (_, n) => `${'é€😀漢שלום'.repeat(1 + (n % 97))}${n}`);
  const operations = texts.flatMap((text, n) => [{ create: { _index: index, _id: `${n}` } }, { text }]);
  await indices.client.bulk({ operations, refresh: true });
  const snapshot = await Snapshot.open(client, options, [index]);
  let count = 0;
  for await (const { documents } of snapshot.pages({ match_all: {} }))
    for (const { id, source } of documents) {
      assert.equal(source, JSON.stringify({ text: texts[Number(id)] }));
      count++;
    }
  assert.equal(count, texts.length);
  await snapshot.close();
});

test('large documents behind small ones come in smaller pages', { timeout: 120_000 }, async (t) => {
  const indices = new TestIndices(t);
  const index = `${indices.prefix}logs`;
  const client = createElasticsearchClient(options);
  t.after(() => client.close());
  const mappings = { enabled: false };
  await indices.client.indices.create({ index, mappings, settings: { number_of_shards: 1 } });
  const small = Array.from({ length: 300 }, (_, n) => [{ create: { _index: index, _id: `${n}` } }, { n }]);
  await indices.client.bulk({ operations: small.flat(), refresh: true });
  const x = 'x'.repeat(1 << 20);
  for (let n = 300; n < 350; n += 10) {
    const large = Array.from({ length: 10 }, (_, k) => [
      { create: { _index: index, _id: `${n + k}` } },
      { x },
    ]);
    await indices.client.bulk({ operations: large.flat(), refresh: true });
  }
  const snapshot = await Snapshot.open(client, options, [index]);
  const ids = new Set<string>();
  let largest = 0;
  for await (const { documents } of snapshot.pages({ match_all: {} })) {
    for (const { id } of documents) ids.add(id);
    largest = Math.max(
      largest,
      documents.reduce((sum, { source }) => sum + source.length, 0),
    );
  }
  await snapshot.close();
  assert.equal(ids.size, 350);
  assert.ok(largest <= 32 << 20, `${largest} characters in one page`);
});
