import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { type TestContext, test } from 'node:test';
import { type Credentials, checkCredentials, isAdmitted } from '../../src/server/credentials.ts';
import { Metrics } from '../../src/server/metrics.ts';
import { type Access, startServer } from '../../src/server/status-server.ts';
import { html, renderPage } from '../../src/util/html.ts';

const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString('base64')}`;

for (const [name, credentials, header, admitted] of [
  ['nothing is asked for', {}, undefined, true],
  ['a token as such', { token: 't:1' }, 'bearer t:1', true],
  ['a token as a password, with any user', { token: 't:1' }, basic('me:t:1'), true],
  ['a token that is longer', { token: 't' }, 'Bearer tt', false],
  ['no header', { token: 't' }, undefined, false],
  ['a user and a password', { username: 'u', password: 'p' }, basic('u:p'), true],
  ['another user', { username: 'u', password: 'p' }, basic('v:p'), false],
  ['a bearer where there is no token', { username: 'u', password: 'p' }, 'Bearer undefined', false],
  [
    'a token as a password where there is a user',
    { token: 't', username: 'u', password: 'p' },
    basic('u:t'),
    false,
  ],
  ['another scheme', { token: 't' }, 'Digest t', false],
] as const satisfies [string, Credentials, string | undefined, boolean][]) {
  test(`${name}: ${admitted ? 'let in' : 'kept out'}`, () => {
    assert.equal(isAdmitted(credentials, header), admitted);
  });
}

test('a user without a password is refused', () => {
  assert.throws(() => checkCredentials({ username: 'u' }, 'LISTEN'), /LISTEN_USERNAME and LISTEN_PASSWORD/);
});

/** A server on every address of this machine, and what it answers to a request to `host`. */
async function serve(t: TestContext, access: Access) {
  const page = renderPage({ title: 'T', links: [], main: html`the page`, footer: html`` });
  const server = await startServer({ host: '0.0.0.0', port: 0 }, access, {
    metrics: new Metrics([]),
    status: async (isKnown) => ({ ...page, html: `${page.html} ${isKnown}` }),
    dashboards: async () => ({ status: 200, page }),
  });
  t.after(() => server.close());
  const port = server.address.split(':').at(-1);
  return async (host: string, path: string, headers: Record<string, string> = {}) => {
    const answer = await fetch(`http://${host}:${port}${path}`, { headers });
    return { status: answer.status, text: await answer.text(), asks: answer.headers.get('www-authenticate') };
  };
}

const elsewhere = Object.values(networkInterfaces())
  .flat()
  .find((one) => one?.family === 'IPv4' && !one.internal)?.address;
const skip = elsewhere === undefined && 'this machine has no address but loopback';

test('without credentials, pages are for this machine, and figures for all', { skip }, async (t) => {
  const ask = await serve(t, { protect: 'pages' });
  assert.equal((await ask('127.0.0.1', '/')).status, 200);
  for (const path of ['/', '/dashboards', '/nothing']) {
    const { status, text } = await ask(elsewhere!, path);
    assert.equal(status, 403, path);
    assert.match(text, /set LISTEN_TOKEN/);
  }
  for (const path of ['/healthz', '/metrics']) assert.equal((await ask(elsewhere!, path)).status, 200);
  const open = await serve(t, { protect: 'nothing' });
  const { status, text } = await open(elsewhere!, '/');
  assert.equal(status, 200);
  assert.match(text, /the page[\s\S]*false$/, 'what logs say is not told to strangers');
});

test('a token opens the pages from anywhere, under any name', { skip }, async (t) => {
  const ask = await serve(t, { protect: 'pages', token: 't' });
  for (const host of ['127.0.0.1', elsewhere!]) {
    const refused = await ask(host, '/', { accept: 'text/html' });
    assert.equal(refused.status, 401);
    assert.match(refused.asks!, /^Basic /);
    assert.match(refused.text, /<h1>ml-log-sidecar<\/h1>[\s\S]*role="alert"/);
    const shown = await ask(host, '/', { authorization: 'Bearer t' });
    assert.match(shown.text, /the page[\s\S]*true$/);
    assert.equal((await ask(host, '/metrics')).status, 200);
  }
  const all = await serve(t, { protect: 'all', token: 't' });
  for (const path of ['/healthz', '/readyz', '/metrics']) {
    assert.equal((await all('127.0.0.1', path)).status, 401, path);
    assert.notEqual((await all('127.0.0.1', path, { authorization: 'Bearer t' })).status, 401, path);
  }
});
