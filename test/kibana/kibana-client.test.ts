import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Kibana } from '../../src/kibana/kibana-client.ts';
import { FakeKibana } from './fake-kibana.ts';

test('objects are asked for by type, with all that they refer to, in the space of the address', async (t) => {
  const fake = await FakeKibana.start(t);
  const kibana = new Kibana({ url: `${fake.url}/s/ops/`, apiKey: 'key', username: 'unused' });
  const { text, count } = await kibana.exportObjects('dashboard');
  assert.equal(count, 1);
  assert.equal(text.split('\n').length, 4, 'two objects and the summary, each with its line’s end');
  const [request] = fake.requests;
  assert.equal(request?.path, '/s/ops/api/saved_objects/_export');
  assert.deepEqual(request?.asked, { type: 'dashboard', includeReferencesDeep: true });
  assert.equal(request?.headers.authorization, 'ApiKey key');
});

test('credentials in the address win, and are not shown', async (t) => {
  const fake = await FakeKibana.start(t);
  const kibana = new Kibana({ url: fake.url.replace('//', '//ada:s%C3%B6t@'), username: 'unused' });
  await kibana.exportObjects('dashboard');
  assert.equal(fake.requests[0]?.headers.authorization, `Basic ${Buffer.from('ada:söt').toString('base64')}`);
  assert.equal(kibana.address, fake.url);
});

test('what was exported can be imported', async (t) => {
  const fake = await FakeKibana.start(t);
  const kibana = new Kibana({ url: fake.url });
  const { text } = await kibana.exportObjects('dashboard');
  assert.equal(await kibana.importObjects(text), 2);
  assert.deepEqual(fake.imported, fake.objects.dashboard);
});

test('an object that Kibana refuses is named', async (t) => {
  const fake = await FakeKibana.start(t);
  const object = { type: 'dashboard', id: 'overview', attributes: {} };
  await assert.rejects(new Kibana({ url: fake.url }).importObjects(`${JSON.stringify(object)}\n`), {
    code: 'config',
    message: /refused: dashboard overview: it must have required property/,
  });
});

test('a Kibana that is not there, or in trouble, is told with what to do', async (t) => {
  await assert.rejects(new Kibana({ url: 'http://127.0.0.1:2' }).exportObjects('dashboard'), {
    code: 'unreachable',
    message: /Kibana at http:\/\/127\.0\.0\.1:2 could not be reached: .*is KIBANA_URL right\?/,
  });
  const fake = await FakeKibana.start(t);
  for (const [status, body, code, message] of [
    [401, '{"message":"Unauthorized"}', 'config', /401 Unauthorized\. Set ELASTICSEARCH_API_KEY/],
    [403, '{"message":"Unable to bulk_create"}', 'config', /403 Unable.*privilege/],
    [503, '{"message":"not ready"}', 'unreachable', /503 not ready\. It is starting; try again/],
    [404, '<html>', 'config', /what answers there \(404\) is not Kibana; check KIBANA_URL/],
  ] as const) {
    fake.instead = { status, body };
    const kibana = new Kibana({ url: fake.url });
    await assert.rejects(kibana.exportObjects('dashboard'), { code, message });
    await assert.rejects(kibana.importObjects('{}\n'), { code, message });
  }
  fake.instead = { status: 200, body: '<html>' };
  await assert.rejects(new Kibana({ url: fake.url }).importObjects('{}\n'), /\(200\) is not Kibana/);
});
