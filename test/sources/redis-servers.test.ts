/** Redis as it is run elsewhere: behind sentinels, as a cluster, with TLS, with users of few rights, as a replica. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readRedisUrl } from '../../src/sources/redis-config.ts';
import { RedisListSource } from '../../src/sources/redis-list.ts';
import { RedisStreamSource } from '../../src/sources/redis-stream.ts';
import { eventually, Workspace } from '../helpers.ts';
import { makeCertificates } from '../services/certificates.ts';
import { redisVersion, startRedis } from '../services/redis.ts';
import { freePort, root, type Service, start } from '../services/service.ts';
import { follow, freshOf, logs } from './contract.ts';

const KEY = 'api_logs';
/** So far behind its port, a node of a cluster listens to the others. */
const CLUSTER_BUS = 10_000;
const LOG = '2026-11-24 19:26:39 - api - INFO - event';

async function redisFor(t: TestContext, ...args: string[]): Promise<Service> {
  const service = await startRedis({ args });
  t.after(() => service.stop());
  return service;
}

/** The command line reads the list once: its exit code, how many logs it stored, and what it said on stderr. */
async function readOnce(t: TestContext, env: Record<string, string>, source = 'redis') {
  const workspace = new Workspace(t);
  const args = ['run', '--once', '--quiet', '--json', '--source', source, '--sink', 'directory'];
  const { code, stdout, stderr } = await workspace.run(args, env);
  return { code, logs: stdout ? (JSON.parse(stdout).logs as number) : undefined, stderr };
}

function redisCli(port: number, ...args: string[]): string {
  return execFileSync('redis-cli', ['-p', `${port}`, ...args], { encoding: 'utf8' });
}

/** The ACL that docs/redis.md gives to a user who reads a list, or a stream. */
function documentedRights(key: string): string[] {
  const page = readFileSync(join(root, 'docs/redis.md'), 'utf8');
  const line = page.split('\n').find((text) => text.startsWith('ACL SETUSER') && text.includes(`~${key} `))!;
  return line.replace('>PASSWORD', '>secret').split(' ').slice(3);
}

test('a user with the documented rights reads a list, and is told of changes', async (t) => {
  const { port, url } = await redisFor(t);
  redisCli(port, 'ACL', 'SETUSER', 'sidecar', ...documentedRights(KEY));
  redisCli(port, 'LPUSH', KEY, LOG);
  const env = { REDIS_URL: url.replace('//', '//sidecar:secret@') };
  assert.deepEqual(await readOnce(t, env), { code: 0, logs: 1, stderr: '' });
  const workspace = new Workspace(t);
  const running = workspace.start(['run', '--continuous', '--sink', 'directory', '--out', 'out'], env);
  await running.says(/is read when the server tells of a change/);
  assert.equal((await running.stop()).code, 0);
});

test('a user with the documented rights shares a stream', async (t) => {
  const { port, url } = await redisFor(t);
  const key = 'api_logs_stream';
  redisCli(port, 'ACL', 'SETUSER', 'sidecar', ...documentedRights(key));
  redisCli(port, 'XADD', key, '*', 'log', LOG);
  const env = { REDIS_URL: url.replace('//', '//sidecar:secret@'), REDIS_LOGS_KEY: key };
  assert.deepEqual(await readOnce(t, env, 'redis-stream'), { code: 0, logs: 1, stderr: '' });
});

test('each refusal is told as it is, with what to do', { timeout: 200_000 }, async (t) => {
  const { port, url } = await redisFor(t);
  redisCli(port, 'LPUSH', KEY, LOG);
  redisCli(port, 'ACL', 'SETUSER', 'fewer', 'on', '>secret', `~${KEY}`, '-@all', '+llen', '+lrange');
  redisCli(port, 'ACL', 'SETUSER', 'otherkey', 'on', '>secret', '~other*', '+@all');
  const as = (user: string): Record<string, string> => ({ REDIS_URL: url.replace('//', `//${user}@`) });
  const cases: [Record<string, string>, RegExp][] = [
    [as('fewer:secret'), /NOPERM .*'multi'.*docs\/redis\.md/],
    [as('otherkey:secret'), /NOPERM .* keys .*docs\/redis\.md/],
    [as('fewer:wrong'), /WRONGPASS .*Correct REDIS_PASSWORD/],
    [{ REDIS_URL: `${url}/99` }, /DB index is out of range.*REDIS_DB/],
    [{ REDIS_HOST: `127.0.0.1:${port}` }, /REDIS_HOST is the name of a host alone.*REDIS_URL/],
    [{ REDIS_URL: `redis://:p@ss/w#rd=1@127.0.0.1:${port}` }, /percent-encoded/],
    [{ REDIS_URL: `redis://:p%ZZ@127.0.0.1:${port}` }, /REDIS_URL: .* %25/],
  ];
  for (const [env, expected] of cases) {
    const { code, stderr } = await readOnce(t, env);
    assert.match(stderr, expected);
    assert.equal(stderr.trimEnd().split('\n').length, 1, stderr);
    assert.doesNotMatch(stderr, /\.\. |secret|wrong|ss\/w/, stderr);
    assert.equal(code, 2, stderr);
  }
  // A password that is not asked for does no harm, and ioredis has nothing to say of it.
  const { host } = new URL(url);
  assert.deepEqual(await readOnce(t, { REDIS_URL: `redis://:needless@${host}` }), {
    code: 0,
    logs: 1,
    stderr: '',
  });
  redisCli(port, 'CONFIG', 'SET', 'requirepass', 'p@ss/w#rd=1+%3D');
  const { stderr } = await readOnce(t, { REDIS_URL: url });
  assert.match(stderr, /NOAUTH .*REDIS_PASSWORD/);
  const encoded = `redis://:${encodeURIComponent('p@ss/w#rd=1+%3D')}@${host}`;
  assert.deepEqual(await readOnce(t, { REDIS_URL: encoded }), { code: 0, logs: 1, stderr: '' });
});

const outside = Object.values(networkInterfaces())
  .flat()
  .find((each) => each && !each.internal && each.family === 'IPv4')?.address;

test('protected mode is told', { skip: !outside && 'this machine has only its loopback' }, async (t) => {
  const { port } = await redisFor(t, '--bind', '*', '--protected-mode', 'yes');
  const { code, stderr } = await readOnce(t, { REDIS_URL: `redis://${outside}:${port}` });
  assert.match(stderr, /DENIED .*protected mode.*set a password there/);
  assert.equal(code, 2);
});

test('a replica serves a list; for the group of a stream it says that the master is needed', async (t) => {
  const master = await redisFor(t);
  const replica = await redisFor(t, '--replicaof', `127.0.0.1 ${master.port}`);
  redisCli(master.port, 'LPUSH', KEY, LOG);
  redisCli(master.port, 'XADD', 'stream', '*', 'log', LOG);
  await eventually('replicated', () => redisCli(replica.port, 'XLEN', 'stream').trim() === '1');
  assert.deepEqual(await readOnce(t, { REDIS_URL: replica.url }), { code: 0, logs: 1, stderr: '' });
  const stream = { REDIS_URL: replica.url, REDIS_LOGS_KEY: 'stream' };
  const { code, stderr } = await readOnce(t, stream, 'redis-stream');
  assert.match(stderr, /READONLY .*name the master/);
  assert.equal(code, 2);
});

test('TLS with an authority of its own, and a client certificate', { timeout: 200_000 }, async (t) => {
  const file = makeCertificates(t);
  const tlsPort = await freePort();
  const files = ['cert-file', 'server.pem', 'key-file', 'server.key', 'ca-cert-file', 'ca.pem'];
  const args = files.map((text, n) => (n % 2 === 0 ? `--tls-${text}` : file(text)));
  const { port } = await redisFor(t, '--tls-port', `${tlsPort}`, ...args);
  redisCli(port, 'LPUSH', KEY, LOG);
  const rediss = { REDIS_URL: `rediss://localhost:${tlsPort}` };
  const ca = { ...rediss, REDIS_CA_FILE: file('ca.pem') };
  const own = { REDIS_CERT_FILE: file('client.pem'), REDIS_KEY_FILE: file('client.key') };
  assert.deepEqual(await readOnce(t, { ...ca, ...own }), { code: 0, logs: 1, stderr: '' });
  const told: [Record<string, string>, RegExp][] = [
    [{ ...rediss, ...own }, /REDIS_CA_FILE/],
    [ca, /REDIS_CERT_FILE and REDIS_KEY_FILE/],
    [{ REDIS_URL: `rediss://localhost:${port}` }, /speak no TLS.*redis:\/\//],
    [{ ...ca, ...own, REDIS_URL: `rediss://127.0.0.1:${tlsPort}` }, /altnames.*its certificate is for/],
  ];
  for (const [env, expected] of told) assert.match((await readOnce(t, env)).stderr, expected);
});

test('behind sentinels the master is found, also after a failover', { timeout: 200_000 }, async (t) => {
  const master = await redisFor(t);
  const replica = await redisFor(t, '--replicaof', `127.0.0.1 ${master.port}`);
  const sentinel = await start({
    name: 'sentinel',
    url: (port) => `redis://127.0.0.1:${port}`,
    command: (port, dataDir) => {
      mkdirSync(dataDir, { recursive: true });
      const path = join(dataDir, 'sentinel.conf');
      const lines = [
        `port ${port}`,
        'bind 127.0.0.1',
        'requirepass watch',
        `sentinel monitor logs 127.0.0.1 ${master.port} 1`,
        'sentinel down-after-milliseconds logs 1000',
        'sentinel failover-timeout logs 5000',
      ];
      writeFileSync(path, lines.join('\n'));
      return ['redis-server', path, '--sentinel'];
    },
    timeoutMs: 10_000,
    ready: (url) => redisVersion(url.replace('//', '//:watch@')),
  });
  t.after(() => sentinel.stop());
  const asked = (...args: string[]): string =>
    redisCli(sentinel.port, '-a', 'watch', '--no-auth-warning', 'SENTINEL', ...args);
  await eventually('the sentinel knows the replica', () => asked('REPLICAS', 'logs').includes('name'));

  const env = {
    // The first is away.
    REDIS_SENTINELS: `127.0.0.1:1,127.0.0.1:${sentinel.port}`,
    REDIS_SENTINEL_NAME: 'logs',
    REDIS_SENTINEL_PASSWORD: 'watch',
  };
  redisCli(master.port, 'LPUSH', KEY, LOG);
  assert.deepEqual(await readOnce(t, env), { code: 0, logs: 1, stderr: '' });
  const unknown = await readOnce(t, { ...env, REDIS_SENTINEL_NAME: 'other' });
  assert.match(unknown.stderr, /knows no master "other".*REDIS_SENTINEL_NAME/);
  assert.match((await readOnce(t, { ...env, REDIS_URL: master.url })).stderr, /take out REDIS_URL/);

  const source = new RedisListSource({
    address: 'logs',
    nodes: [{ host: '127.0.0.1', port: sentinel.port }],
    sentinel: { name: 'logs', password: 'watch' },
    ...{ db: 0, tls: false, key: 'followed', type: 'list', intervalMs: 60_000, patienceMs: 500 },
  });
  const [first = '', second = ''] = logs(2) as string[];
  redisCli(master.port, 'LPUSH', 'followed', first);
  await eventually('replicated', () => redisCli(replica.port, 'LLEN', 'followed').trim() === '1');
  let failed: Promise<unknown> | undefined;
  const read = await follow(source, {}, (batches) => {
    failed ??= (async () => {
      await master.kill();
      await eventually('failed over', () => {
        try {
          return redisCli(replica.port, 'ROLE').startsWith('master');
        } catch {
          // It closes connections when it becomes the master.
          return false;
        }
      });
      redisCli(replica.port, 'LPUSH', 'followed', second);
    })();
    return freshOf(batches).length >= 2;
  });
  await failed;
  assert.deepEqual(read.fresh, [first, second]);
});

test('a cluster is read where the key is; one that is down is told', { timeout: 200_000 }, async (t) => {
  const nodes: Service[] = [];
  const args = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '1000'];
  for (let n = 0; n < 3; n++) {
    const node = await startRedis({ args, port: await freePort(CLUSTER_BUS) });
    t.after(() => node.stop());
    nodes.push(node);
  }
  const hosts = nodes.map(({ port }) => `127.0.0.1:${port}`);
  execFileSync('redis-cli', ['--cluster', 'create', ...hosts, '--cluster-yes']);
  await eventually('the cluster is up', () =>
    nodes.every(({ port }) => redisCli(port, 'CLUSTER', 'INFO').includes('cluster_state:ok')),
  );
  const [port = 0] = nodes.map((node) => node.port);
  redisCli(port, '-c', 'LPUSH', KEY, LOG);
  redisCli(port, '-c', 'XADD', 'stream', '*', 'log', LOG);
  for (const node of nodes) {
    assert.deepEqual(await readOnce(t, { REDIS_URL: node.url }), { code: 0, logs: 1, stderr: '' });
    const env = { REDIS_URL: node.url, REDIS_LOGS_KEY: 'stream', REDIS_GROUP: `group-${node.port}` };
    assert.deepEqual(await readOnce(t, env, 'redis-stream'), { code: 0, logs: 1, stderr: '' });
  }
  const dead = `redis://127.0.0.1:1,redis://${hosts[0]}`;
  assert.deepEqual(await readOnce(t, { REDIS_URL: dead }), { code: 0, logs: 1, stderr: '' });

  // Followed, changes are told by the node that has the key, whichever was asked.
  const options = { address: 'cluster', ...readRedisUrl(nodes[0]!.url), patienceMs: 500 };
  const [first = '', second = ''] = logs(2) as string[];
  for (const key of ['a', 'b', 'c']) {
    redisCli(port, '-c', 'LPUSH', key, first);
    const source = new RedisListSource({ ...options, key, type: 'list', intervalMs: 60_000 });
    const { fresh } = await follow(source, {}, (batches) => {
      const count = freshOf(batches).length;
      if (count === 1) setTimeout(() => redisCli(port, '-c', 'LPUSH', key, second), 200);
      return count >= 2;
    });
    assert.deepEqual(fresh, [first, second]);
  }
  const stream = new RedisStreamSource({
    ...options,
    ...{
      key: 'stream',
      type: 'stream',
      group: 'followers',
      consumer: 'one',
      claimAfterMs: 60_000,
    },
  });
  assert.deepEqual((await follow(stream, {}, () => true)).entries, [LOG]);

  const holder = nodes.find((node) => redisCli(node.port, 'LLEN', KEY).trim() === '1')!;
  const others = nodes.filter((node) => node !== holder);
  await others[0]!.kill();
  await eventually('the cluster is down', () =>
    redisCli(holder.port, 'CLUSTER', 'INFO').includes('cluster_state:fail'),
  );
  const { code, stderr } = await readOnce(t, { REDIS_URL: holder.url });
  assert.match(stderr, /CLUSTERDOWN .*cluster info/);
  assert.equal(code, 3);
});

test('a Redis that does not answer is told of before it is given up', async (t) => {
  const silent = createServer((socket) => socket.on('error', () => {}));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  t.after(() => silent.close());
  const { port } = silent.address() as AddressInfo;
  const running = new Workspace(t).start(['run', '--continuous', '--sink', 'directory', '--out', 'out'], {
    REDIS_URL: `redis://127.0.0.1:${port}`,
  });
  await running.says(new RegExp(`127.0.0.1:${port} has not answered yet; waiting for Redis there`));
  assert.doesNotMatch(running.stderr, /can't be reached/);
  await running.stop('SIGKILL');
});

test('a connection that is refused leaves no words of ioredis', async (t) => {
  const { stderr } = await readOnce(t, { REDIS_URL: 'redis://127.0.0.1:1' });
  assert.match(stderr, /ECONNREFUSED/);
  assert.doesNotMatch(stderr, /ioredis|enableOfflineQueue|EXECABORT/);
});
