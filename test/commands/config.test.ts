import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Workspace } from '../helpers.ts';

const SECRET = 'S3cr3t-0123456789';

test('config show tells each setting, where it was written, and no secret', async (t) => {
  const redact = { use: 'redact', options: { fields: { AGE: 'hash' }, key: SECRET } };
  const workspace = new Workspace(t, 'ml-api-', { plugins: [redact, { use: 'ml-api-logs' }] });
  workspace.write('.env', `REDIS_PORT=6380\nREDIS_PASSWORD=${SECRET}\n`);
  const env = { ELASTICSEARCH_URL: `http://user:${SECRET}@localhost:9200` };
  const args = ['config', 'show', '--source', 'redis'];
  const { code, stdout, stderr } = await workspace.run([...args, '--json'], env);
  assert.equal(code, 0, stderr);
  assert.ok(!stdout.includes(SECRET));
  const { file, settings } = JSON.parse(stdout);
  assert.equal(file, 'configs/pipeline.yaml');
  const found = new Map<string, [unknown, string]>(
    settings.map(({ setting, value, origin }: Record<string, unknown>) => [setting, [value, origin]]),
  );
  assert.deepEqual(found.get('pipeline.source'), ['redis', '--source']);
  assert.deepEqual(found.get('redis.port'), [6380, 'REDIS_PORT (.env)']);
  assert.deepEqual(found.get('redis.password'), ['(secret)', 'REDIS_PASSWORD (.env)']);
  assert.deepEqual(found.get('elasticsearch.url'), ['(secret)', 'ELASTICSEARCH_URL (environment)']);
  assert.deepEqual(found.get('redis.host'), ['localhost', 'default']);
  assert.deepEqual(found.get('gradio.url'), [null, 'default']);
  const [plugins] = found.get('plugins') as [{ options: Record<string, unknown> }[], string];
  assert.equal(plugins[0]!.options.key, '(secret)');
  const shown = await workspace.run([...args, '--set'], env);
  assert.ok(!shown.stdout.includes(SECRET));
  assert.match(shown.stdout, /^redis\.port +REDIS_PORT \(\.env\) +6380$/m);
  assert.doesNotMatch(shown.stdout, /redis\.host/);
});
