import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Kibana } from '../../src/backup/kibana.ts';
import { FakeKibana } from './fake-kibana.ts';

const options = { url: 'http://elasticsearch', requestTimeoutMs: 5_000, patienceMs: 0 };

test('objects are asked for by type, with all that they refer to, in the space of the address', async (t) => {
  const fake = await FakeKibana.start(t);
  const kibana = new Kibana(`${fake.url}/s/ops/`, { ...options, apiKey: 'key', username: 'unused' });
  const { text, count } = await kibana.exportObjects('dashboard');
  assert.equal(count, 1);
  assert.equal(text.split('\n').length, 4, 'two objects and the summary, each with its line’s end');
  const [request] = fake.requests;
  assert.equal(request?.url, '/s/ops/api/saved_objects/_export');
  assert.deepEqual(JSON.parse(request!.body), { type: 'dashboard', includeReferencesDeep: true });
  assert.equal(request?.headers.authorization, 'ApiKey key');
});

test('what was exported can be imported', async (t) => {
  const fake = await FakeKibana.start(t);
  const kibana = new Kibana(fake.url, options);
  const { text } = await kibana.exportObjects('dashboard');
  assert.equal(await kibana.importObjects(text), 2);
  assert.deepEqual(fake.imported, fake.objects.dashboard);
});

test('an object that Kibana refuses is named', async (t) => {
  const fake = await FakeKibana.start(t);
  const errors = [{ type: 'dashboard', id: 'overview', error: { type: 'missing_references' } }];
  fake.instead = { status: 200, body: { success: false, successCount: 0, errors } };
  await assert.rejects(new Kibana(fake.url, options).importObjects('{}\n'), {
    code: 'config',
    message: /refused saved objects: dashboard overview: missing_references$/,
  });
});

test('a Kibana that is not there, or in trouble, is told with what to do', async (t) => {
  const gone = new Kibana('http://127.0.0.1:2', options);
  await assert.rejects(gone.exportObjects('dashboard'), {
    code: 'unreachable',
    message: /Kibana at 127\.0\.0\.1:2 could not be reached: .*Is KIBANA_URL right\?/,
  });
  const fake = await FakeKibana.start(t);
  fake.instead = { status: 503, body: { message: 'Kibana server is not ready yet' } };
  await assert.rejects(new Kibana(fake.url, options).exportObjects('dashboard'), {
    code: 'unreachable',
    message: /answered 503: .*not ready yet/,
  });
});
