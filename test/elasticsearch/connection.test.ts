/** How a server is reached: nodes, keys, certificates, proxies. What answers here only says that it is Elasticsearch. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { createElasticsearchClient } from '../../src/elasticsearch/client.ts';
import { hintFor } from '../../src/elasticsearch/refusal.ts';
import { serverName } from '../../src/elasticsearch/server.ts';
import { serverOf } from '../../src/elasticsearch/transport.ts';
import { TestIndices, Workspace } from '../helpers.ts';
import { makeCertificates } from '../services/certificates.ts';
import { elasticsearchUrl } from '../services/env.ts';
import { root } from '../services/service.ts';

const INFO = { cluster_name: 'c', version: { number: '8.11.0' }, tagline: 'You Know, for Search' };

/** Answers everything as `GET /` is answered, and keeps what was asked. */
class Answering {
  readonly requests: IncomingMessage[] = [];
  readonly answer: RequestListener = (request, response) => {
    this.requests.push(request);
    response.writeHead(200, { 'x-elastic-product': 'Elasticsearch', 'content-type': 'application/json' });
    response.end(JSON.stringify(INFO));
  };
}

async function listen(t: TestContext, server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

type Options = Partial<Parameters<typeof createElasticsearchClient>[0]>;

async function ask(nodes: string[], options: Options = {}): Promise<string> {
  const client = createElasticsearchClient({
    nodes,
    address: 'here',
    requestTimeoutMs: 5_000,
    patienceMs: 500,
    ...options,
  });
  try {
    return serverName(await serverOf(client));
  } finally {
    await client.close();
  }
}

test('an API key is taken encoded, and as id:key; a path stands before every request', async (t) => {
  const answering = new Answering();
  const url = `http://127.0.0.1:${await listen(t, createServer(answering.answer))}`;
  const encoded = Buffer.from('id:key').toString('base64');
  for (const apiKey of ['id:key', encoded])
    assert.equal(await ask([`${url}/search/es`], { apiKey }), 'Elasticsearch 8.11.0');
  for (const { url: path, headers } of answering.requests) {
    assert.equal(path, '/search/es/');
    assert.equal(headers.authorization, `ApiKey ${encoded}`);
  }
  await ask([url], { username: 'me', password: 'p:w' });
  const basic = Buffer.from('me:p:w').toString('base64');
  assert.equal(answering.requests.at(-1)!.headers.authorization, `Basic ${basic}`);
});

test('of several nodes, one that is away costs one retry', async (t) => {
  const answering = new Answering();
  const port = await listen(t, createServer(answering.answer));
  const nodes = ['http://127.0.0.1:1', `http://127.0.0.1:${port}`];
  for (let n = 0; n < 3; n++) assert.equal(await ask(nodes), 'Elasticsearch 8.11.0');
  assert.equal(answering.requests.length, 3);
  await assert.rejects(ask([nodes[0]!]), /ECONNREFUSED/);
});

test('a run goes on over the second node where the first is away', async (t) => {
  const workspace = new Workspace(t, `nodes-${Date.now()}-`);
  const env = { ELASTICSEARCH_URL: `http://127.0.0.1:1, ${elasticsearchUrl()}` };
  const sample = join(root, 'samples/api.log');
  const run = await workspace.run(['run', '--source', 'file', '--path', sample, '--quiet'], env);
  assert.deepEqual([run.code, run.stderr], [0, '']);
  assert.equal((await workspace.run(['clear-indexes', '--yes'], env)).code, 0);
});

test('an authority is trusted by its file, or by its fingerprint; a client shows a certificate', async (t) => {
  const file = makeCertificates(t);
  const answering = new Answering();
  const tls = { cert: readFileSync(file('server.pem')), key: readFileSync(file('server.key')) };
  const chain = Buffer.concat([tls.cert, readFileSync(file('ca.pem'))]);
  const server = createSecureServer(
    { ...tls, cert: chain, ca: readFileSync(file('ca.pem')), requestCert: true, rejectUnauthorized: false },
    answering.answer,
  );
  const port = await listen(t, server);
  const url = `https://localhost:${port}`;
  await assert.rejects(ask([url]), /self-signed certificate|unable to (verify|get)/);
  assert.equal(await ask([url], { caFile: file('ca.pem') }), 'Elasticsearch 8.11.0');
  const { fingerprint256 } = new X509Certificate(readFileSync(file('ca.pem')));
  for (const caFingerprint of [fingerprint256, fingerprint256.replaceAll(':', '').toLowerCase()])
    assert.equal(await ask([url], { caFingerprint }), 'Elasticsearch 8.11.0');
  const wrong = fingerprint256.replace(/^../, (first) => (first === '00' ? '11' : '00'));
  await assert.rejects(ask([url], { caFingerprint: wrong }), /fingerprint/i);
  const own = { caFile: file('ca.pem'), certFile: file('client.pem'), keyFile: file('client.key') };
  await ask([url], own);
  const { socket } = answering.requests.at(-1)!;
  assert.equal((socket as TLSSocket).getPeerCertificate().subject.CN, 'client');
});

test('a proxy is used where the environment names one, unless NO_PROXY names the host', async (t) => {
  const answering = new Answering();
  const port = await listen(t, createServer(answering.answer));
  const file = makeCertificates(t);
  const tls = { cert: readFileSync(file('server.pem')), key: readFileSync(file('server.key')) };
  const securePort = await listen(t, createSecureServer(tls, answering.answer));
  const tunnels: string[] = [];
  const proxy = createServer((_request, response) => response.writeHead(500).end());
  proxy.on('connect', ({ url = '' }, client) => {
    tunnels.push(url);
    const to = connect(Number(url.split(':')[1]), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      client.pipe(to).pipe(client);
    });
    for (const each of [client, to])
      each
        .on('error', () => {})
        .on('close', () => {
          client.destroy();
          to.destroy();
        });
  });
  const address = `http://127.0.0.1:${await listen(t, proxy)}`;
  const before = { ...process.env };
  t.after(() => {
    process.env = before;
  });
  Object.assign(process.env, { HTTPS_PROXY: address, HTTP_PROXY: address });
  assert.equal(
    await ask([`https://localhost:${securePort}`], { caFile: file('ca.pem') }),
    'Elasticsearch 8.11.0',
  );
  assert.deepEqual(tunnels, [`localhost:${securePort}`]);
  process.env.NO_PROXY = '.internal,localhost,127.0.0.1';
  assert.equal(await ask([`http://127.0.0.1:${port}`]), 'Elasticsearch 8.11.0');
  assert.equal(tunnels.length, 1);
});

test('what TLS refuses is told with what to do, in one line', async (t) => {
  const file = makeCertificates(t);
  const answering = new Answering();
  const tls = { cert: readFileSync(file('server.pem')), key: readFileSync(file('server.key')) };
  const secure = await listen(t, createSecureServer(tls, answering.answer));
  const plain = await listen(t, createServer(answering.answer));
  const cases: [string, RegExp][] = [
    [`https://localhost:${secure}`, /ELASTICSEARCH_CA_FILE/],
    [`https://localhost:${plain}`, /TLS failed: wrong version number.*http:\/\/ instead of https/],
    [`http://localhost:${secure}`, /If it speaks TLS, write https:/],
  ];
  for (const [url, expected] of cases) {
    const error = await ask([url]).then(
      () => assert.fail(url),
      (thrown: Error) => thrown,
    );
    const told = `${error.message}. ${hintFor(error)}`;
    assert.match(told, expected);
    assert.doesNotMatch(told, /\n/);
  }
});

test('a wrong form of an address names the variable and the right form, and tells no password', async (t) => {
  const cases: [string, string, RegExp][] = [
    ['ELASTICSEARCH_HOST', 'http://localhost', /ELASTICSEARCH_HOST is the name of a host.*ELASTICSEARCH_URL/],
    ['ELASTICSEARCH_HOST', 'a b', /ELASTICSEARCH_HOST is the name of a host.*ELASTICSEARCH_URL/],
    ['ELASTICSEARCH_URL', 'localhost:9200', /ELASTICSEARCH_URL .*http:\/\/localhost:9200/],
    ['ELASTICSEARCH_URL', 'http://a b:9200', /ELASTICSEARCH_URL .*http:\/\/localhost:9200/],
    ['ELASTICSEARCH_URL', 'http://me:p@ss/word@h:9200', /ELASTICSEARCH_URL .*percent-encoded/],
  ];
  for (const [name, value, expected] of cases) {
    const { code, stderr } = await new Workspace(t).run(['stats'], { [name]: value });
    assert.match(stderr, expected);
    assert.doesNotMatch(stderr, /ss\/word/);
    assert.equal(code, 2, stderr);
  }
});

test('a serverless project has no health and no sizes: check and stats go on without', async (t) => {
  const real = new URL(elasticsearchUrl());
  const refused: string[] = [];
  // A real Elasticsearch that says it is such a project, and refuses what one refuses.
  const project = createServer((request, response) => {
    const { method, url = '', headers } = request;
    if (/^\/(_cluster\/(health|settings)|_nodes)|\/_stats/.test(url)) {
      refused.push(url);
      const reason = `uri [${url}] is not available when running in serverless mode`;
      response.writeHead(410, { 'content-type': 'application/json', 'x-elastic-product': 'Elasticsearch' });
      return void response.end(JSON.stringify({ error: { type: 'api_not_available_exception', reason } }));
    }
    const where = { host: real.hostname, port: real.port, method, path: url, headers, agent: false };
    const to = httpRequest(where, (answer) => {
      if (url !== '/') {
        response.writeHead(answer.statusCode!, answer.headers);
        return void answer.pipe(response);
      }
      response.writeHead(200, { 'content-type': 'application/json', 'x-elastic-product': 'Elasticsearch' });
      response.end(JSON.stringify({ version: { number: '8.11.0', build_flavor: 'serverless' } }));
      answer.resume();
    });
    to.on('error', () => response.destroy());
    request.pipe(to);
  });
  const url = `http://127.0.0.1:${await listen(t, project)}`;
  const indices = new TestIndices(t);
  const workspace = new Workspace(t, indices.prefix);
  const env = { ELASTICSEARCH_URL: url };
  const sample = ['--source', 'file', '--path', join(root, 'samples/api.log')];
  const run = await workspace.run(['run', ...sample, '--quiet'], env);
  assert.deepEqual([run.code, run.stderr], [0, '']);
  await indices.counts();
  const checked = await workspace.run(['check', ...sample], env);
  assert.equal(checked.code, 0, checked.stdout);
  assert.match(checked.stdout, /Elasticsearch Serverless at/);
  const stats = await workspace.run(['stats', '--json'], env);
  assert.equal(stats.code, 0, stats.stderr);
  const { indices: told } = JSON.parse(stats.stdout) as { indices: { documents: number; bytes: null }[] };
  assert.deepEqual(
    told.map(({ documents, bytes }) => [documents, bytes]),
    [253, 107, 107, 535].map((count) => [count, null]),
  );
  assert.deepEqual(refused, []);
});

test('a server that takes connections and answers nothing is called that, with what to do', async (t) => {
  const url = `http://127.0.0.1:${await listen(
    t,
    createServer(() => {}),
  )}`;
  const config = { elasticsearch: { request_timeout: 1 } };
  const workspace = new Workspace(t, 'ml-api-', config);
  const log = workspace.write('api.log', '2026-11-24 19:26:39 - api - INFO - x\n');
  const env = { ELASTICSEARCH_URL: url };
  const expected =
    /has not answered within 1 s.*takes connections and does not answer: look at its log; .* restart it/;
  const checked = await workspace.run(['check', '--source', 'file', '--path', log], env);
  assert.match(checked.stdout.replaceAll('\n', ' '), expected);
  assert.equal(checked.code, 3);
  const args = ['run', '--continuous', '--source', 'file', '--path', log, '--listen', '127.0.0.1:0'];
  const running = workspace.start(args, env);
  await running.says(expected);
  const { origin } = new URL(/metrics are at (\S+)/.exec(running.stderr)![1]!);
  assert.match(await (await fetch(origin)).text(), /has not answered within 1 s.*restart it/);
  await running.stop('SIGKILL');
});
