import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { listLeaves } from '../src/config/schema.ts';
import { Workspace } from './helpers.ts';
import { realLines } from './samples.ts';
import { redisUrl } from './services/env.ts';

const SECRET = 'canary5ecret';
/** What would tell the secret: itself, and as basic authentication sends it. */
const TELLS = [SECRET, 'user:canary', Buffer.from(`user:${SECRET}`).toString('base64')];
const NOWHERE = '127.0.0.1:1';

/** Every variable that the schema calls a secret, set to one. */
function everySecret(): Record<string, string> {
  const schemes: Record<string, string> = {
    REDIS_URL: 'redis',
    GRADIO_URL: 'http',
    ELASTICSEARCH_URL: 'http',
    VECTOR_URL: 'http',
    KIBANA_URL: 'http',
    ALERTS_WEBHOOK_URL: 'http',
  };
  const names = listLeaves().flatMap(({ schema }) => (schema.writeOnly ? (schema.variable ?? []) : []));
  assert.ok(names.length >= 8);
  return Object.fromEntries(
    names.map((name) => {
      const scheme = schemes[name];
      return [name, scheme ? `${scheme}://user:${SECRET}@${NOWHERE}` : SECRET];
    }),
  );
}

/** A server that refuses whoever comes. */
async function refusing(t: TestContext, status: number): Promise<string> {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(status, { 'content-type': 'application/json' }).end('{"error":"no"}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}

test('no secret is printed or kept, at the most talkative, however a run goes', {
  timeout: 120_000,
}, async (t) => {
  const users = {
    REDIS_USERNAME: 'user',
    ELASTICSEARCH_USERNAME: 'user',
    VECTOR_USERNAME: 'user',
    HTTP_USERNAME: 'user',
    LISTEN_USERNAME: 'user',
  };
  const secrets = { ...users, ...everySecret() };
  const refuses = await refusing(t, 401);
  const fails = await refusing(t, 500);
  const workspaces: Workspace[] = [];
  const workspaceOf = (): Workspace => {
    const workspace = new Workspace(t);
    workspace.write('api.log', realLines.map((line) => `${line}\n`).join(''));
    workspaces.push(workspace);
    return workspace;
  };
  const said: string[] = [];
  const run = async (args: string, env: Record<string, string> = {}): Promise<void> => {
    const { stdout, stderr } = await workspaceOf().run(`${args} --log-level debug`.split(' '), {
      ...secrets,
      ...env,
    });
    assert.notEqual(stdout + stderr, '', args);
    said.push(stdout, stderr);
  };
  const fromFile = 'run --once --source file --path api.log';
  for (const host of [NOWHERE, refuses, fails])
    await Promise.all([
      run('run --once --source gradio --sink directory --out out', { GRADIO_URL: `http://${host}` }),
      run(fromFile, { ELASTICSEARCH_URL: `http://user:${SECRET}@${host}`, ELASTICSEARCH_API_KEY: '' }),
      run(fromFile, { ELASTICSEARCH_URL: `http://${host}` }),
      run(`${fromFile} --sink vector`, { VECTOR_URL: `http://${host}/` }),
      run('setup', { ELASTICSEARCH_URL: `http://user:${SECRET}@${host}` }),
    ]);
  await Promise.all([
    run('run --once --source redis --sink directory --out out'),
    run('run --once --source redis --sink directory --out out', {
      REDIS_URL: `redis://user:${SECRET}@${new URL(redisUrl()).host}`,
    }),
    run('run --once --source redis-stream --sink directory --out out'),
    run(`${fromFile} --sink directory --out out --json`),
    run('run --once', {
      REDIS_URL: `http://user:${SECRET}@wrong`,
      ELASTICSEARCH_URL: `ftp://user:${SECRET}@wrong`,
    }),
    run('check'),
    run('check --source redis-stream --sink vector'),
    run('check --source gradio --sink stdout'),
    run('plugins'),
    run('alerts check'),
    run('export --output backup'),
    run('dashboards import'),
  ]);

  const serving = workspaceOf().start(
    'run --continuous --source http --sink directory --out out --listen 127.0.0.1:0 --log-level debug'.split(
      ' ',
    ),
    { ...secrets, HTTP_LISTEN: '127.0.0.1:0' },
  );
  await serving.says(/taking logs at \S+/);
  const url = /taking logs at (\S+)/.exec(serving.stderr)![1]!;
  const statuses: number[] = [];
  for (const authorization of ['Bearer wrong', `Bearer ${SECRET}`]) {
    const response = await fetch(url, { method: 'POST', body: '{"log": "cut\n', headers: { authorization } });
    statuses.push(response.status);
    said.push(await response.text());
  }
  assert.deepEqual(statuses, [401, 200]);
  const { origin } = new URL(/metrics are at (\S+)/.exec(serving.stderr)![1]!);
  for (const path of ['/', '/healthz', '/readyz', '/metrics'])
    said.push(await (await fetch(origin + path)).text());
  const ended = await serving.stop();
  said.push(ended.stdout, ended.stderr);

  const kept = workspaces
    .flatMap(({ folder }) => filesUnder(folder))
    .map((path) => readFileSync(path, 'utf8'));
  assert.ok(kept.length >= 8);
  for (const text of [...said, ...kept]) for (const tell of TELLS) assert.ok(!text.includes(tell), text);
});
