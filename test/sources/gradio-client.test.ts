import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { GradioClient, type GradioOptions } from '../../src/sources/gradio-client.ts';
import { GradioError } from '../../src/sources/gradio-errors.ts';
import { event, type FakeForm, FakeSpace, type Fault, json, sse } from './fake-space.ts';

const signal = new AbortController().signal;

function clientOf(t: TestContext, space: FakeSpace, options: Partial<GradioOptions> = {}): GradioClient {
  const client = new GradioClient({ url: space.url, timeoutMs: 10_000, ...options });
  t.after(() => client.close());
  return client;
}

async function filled(t: TestContext, form: FakeForm = {}): Promise<FakeSpace> {
  const space = await FakeSpace.start(t, form);
  space.push([{ message: 'a' }, { message: 'b' }, { message: 'c' }]);
  return space;
}

/** The error that a page ends in. */
async function failure(client: GradioClient): Promise<GradioError> {
  const error = await client.page(10, 0, signal).then(
    () => undefined,
    (thrown) => thrown,
  );
  assert.ok(error instanceof GradioError, `it failed as it should: ${error}`);
  return error;
}

const forms: Record<string, FakeForm> = {
  'the queue of Gradio 5 and 6': {},
  'the queue of Gradio 4, without a prefix': { prefix: '' },
  'a queue whose prefix is another': { prefix: '/elsewhere' },
  'an API name that is the only one to speak of logs': { apiName: 'fetch_logs' },
  'parameters in another order, among others, and a hidden state': {
    parameters: [
      { name: 'session', value: null, type: 'state' },
      { name: 'offset', value: 0 },
      { name: 'level', value: 'ALL' },
      { name: 'limit', value: 10, minimum: 1, maximum: 100 },
    ],
  },
  'plain JSON at /logs_api': { path: '/logs_api' },
  'plain JSON at /api/logs': { path: '/api/logs' },
  'plain JSON at /logs': { path: '/logs' },
};

for (const [name, form] of Object.entries(forms)) {
  test(`${name}: found by asking the Space, once`, async (t) => {
    const space = await filled(t, form);
    const client = clientOf(t, space);
    assert.deepEqual(await client.page(2, 1, signal), {
      total: 3,
      logs: [{ message: 'b' }, { message: 'a' }],
    });
    const { length } = space.asked;
    await client.page(2, 0, signal);
    assert.equal(space.asked.length - length, form.path ? 1 : 2);
    assert.equal(await client.paged(signal), true);
  });
}

test('parameters that are none of ours get their defaults', async (t) => {
  const space = await filled(t, forms['parameters in another order, among others, and a hidden state']!);
  await clientOf(t, space).page(2, 1, signal);
  const { body } = space.asked.find(({ method }) => method === 'POST')!;
  assert.deepEqual(JSON.parse(body), { data: [1, 'ALL', 2] });
});

test("a limit outside the component's bounds is never sent", async (t) => {
  const space = await filled(t, {
    parameters: [
      { name: 'limit', value: 20, minimum: 20, maximum: 50 },
      { name: 'offset', value: 0 },
    ],
  });
  const client = clientOf(t, space);
  for (const limit of [1, 30, 1000]) await client.page(limit, 0, signal);
  assert.equal(await client.pageSize(signal), 50);
  const limits = space.asked
    .filter(({ method }) => method === 'POST')
    .map(({ body }) => JSON.parse(body).data[0]);
  assert.deepEqual(limits, [20, 30, 50]);
});

test('an event id is asked for once', async (t) => {
  const space = await filled(t);
  const client = clientOf(t, space);
  for (let n = 0; n < 3; n++) await client.page(2, 0, signal);
  const streams = space.asked.filter(({ path }) => /event-\d/.test(path)).map(({ path }) => path);
  assert.equal(streams.length, 3);
  assert.equal(new Set(streams).size, 3);
});

test('the API name, or the endpoint, can be given', async (t) => {
  const named = await filled(t, { apiName: 'another_thing' });
  assert.equal((await clientOf(t, named, { apiName: '/another_thing' }).page(2, 0, signal)).total, 3);
  const plain = await filled(t, { path: '/deep/history' });
  assert.equal((await clientOf(t, plain, { endpoint: '/deep/history' }).page(2, 0, signal)).total, 3);
});

test('an endpoint or parameters without an offset are known as such', async (t) => {
  for (const form of [
    { path: '/logs', unpaged: true },
    { parameters: [{ name: 'limit', value: 10 }], unpaged: true },
  ]) {
    const client = clientOf(t, await filled(t, form));
    await client.page(2, 0, signal);
    assert.equal(await client.paged(signal), false);
  }
});

test('a Space below a path, with a slash behind it, is asked there', async (t) => {
  const space = await filled(t, { path: '/deep/logs' });
  const client = clientOf(t, space, { url: `${space.url}/deep/` });
  assert.equal((await client.page(2, 0, signal)).total, 3);
});

test('answers as JSON text, logs as text, and NaN are read', async (t) => {
  const space = await filled(t);
  space.fault = ({ path }, response) =>
    /event-\d/.test(path) &&
    sse(
      response,
      `event: complete\ndata: [${JSON.stringify('{"total": 2, "logs": ["line", {"x": NaN}]}')}]\n\n`,
    );
  assert.deepEqual(await clientOf(t, space).page(2, 0, signal), { total: 2, logs: ['line', { x: null }] });
});

test('a log that nests deeper than can be written out comes as text', async (t) => {
  const space = await filled(t, { path: '/logs' });
  const deep = `{"message":"deep","data":${'['.repeat(50_000)}${']'.repeat(50_000)}}`;
  space.fault = ({ path }, response) =>
    path.startsWith('/logs?') && json(response, 200, `{"total":1,"logs":[${deep}]}`);
  const { logs } = await clientOf(t, space).page(2, 0, signal);
  assert.match(String(logs[0]), /message: 'deep'/);
});

test('a stream in small pieces, with heartbeats before, is one answer', async (t) => {
  const space = await filled(t);
  space.fault = ({ path }, response) => {
    if (!/event-\d/.test(path)) return false;
    const text = event('heartbeat', null) + event('complete', [{ total: 1, logs: [{ message: 'é🙂' }] }]);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const bytes = Buffer.from(text);
    let at = 0;
    const next = () => {
      if (at >= bytes.length) return response.end();
      response.write(bytes.subarray(at, at + 3));
      at += 3;
      setImmediate(next);
    };
    next();
    return true;
  };
  assert.deepEqual(await clientOf(t, space).page(2, 0, signal), { total: 1, logs: [{ message: 'é🙂' }] });
});

const html: Fault = (_, response) =>
  json(response, 503, '<!DOCTYPE html><p>Preparing', { 'content-type': 'text/html' });
const inStream =
  (text: string): Fault =>
  ({ path }, response) =>
    /event-\d/.test(path) && sse(response, text);
const inAnswer = (answer: unknown): Fault => inStream(event('complete', [answer]));

const faults: Record<string, [Fault, message: RegExp, hint: RegExp]> = {
  'asleep or starting': [html, /503 with an HTML page, so it is asleep/, /Open it in a browser/],
  'a page of the host in place of the app': [
    (_, response) => json(response, 200, '<html>', { 'content-type': 'text/html' }),
    /200 with an HTML page/,
    /Open it in a browser/,
  ],
  'a full queue': [
    ({ method }, response) => method === 'POST' && json(response, 503, { detail: 'Queue is full.' }),
    /503: .*Queue is full/,
    /Space's own log/,
  ],
  'rate limited': [
    (_, response) => json(response, 429, {}, { 'retry-after': '7' }),
    /429, too many requests, and asks to wait 7 s/,
    /PIPELINE_POLL_INTERVAL/,
  ],
  'no access': [
    (_, response) => json(response, 401, { detail: 'no' }),
    /refuses access \(401\)/,
    /set HF_TOKEN/,
  ],
  'a redirect': [
    (_, response) => json(response, 307, '', { location: 'https://elsewhere.example/x?secret=1' }),
    /redirects \(307\) to https:\/\/elsewhere\.example\/x$/,
    /set GRADIO_URL to it/,
  ],
  'an error that says why, as Gradio 6 has it': [
    inStream(event('error', { error: 'Value 1000 is greater than maximum value 100.', title: 'Error' })),
    /\/logs_api failed: Value 1000 is greater/,
    /Space's own log/,
  ],
  'an error that says nothing, as Gradio 5 has it': [
    inStream(event('error', null)),
    /\/logs_api failed: it does not say why/,
    /Space's own log/,
  ],
  'an error of text': [inStream(event('error', '404: Not Found')), /failed: 404: Not Found/, /own log/],
  'a stream that is cut': [
    inStream('event: complete\ndata: [{"total": 1, "lo'),
    /event stream ended before the answer/,
    /restarted/,
  ],
  'a connection that is cut within the stream': [
    ({ path }, response) => {
      if (!/event-\d/.test(path)) return false;
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('event: complete\ndata: [{');
      setTimeout(() => response.destroy(), 20);
      return true;
    },
    /its answer was cut off in the middle/,
    /restarted/,
  ],
  'an error of the API behind it': [
    inAnswer({ error: 'Connection refused' }),
    /the API behind it answers: Connection refused/,
    /Is that API running/,
  ],
  'JSON of another kind': [inAnswer({ items: [] }), /is not \{"logs".*items/, /gradio\.api_name/],
  'a total that is no number': [inAnswer({ logs: [], total: 'many' }), /is not \{"logs"/, /right Space/],
  'no event id': [
    ({ method }, response) => method === 'POST' && json(response, 200, {}),
    /is not \{"logs"/,
    /./,
  ],
  'no JSON': [
    (_, response) => json(response, 200, 'oops'),
    /answer to \/config is not JSON: oops/,
    /GRADIO_URL/,
  ],
  'nothing of ours': [
    ({ path }, response) => path === '/config' && json(response, 404, {}),
    /it has no endpoint for logs$/,
    /Is GRADIO_URL right\? If the Space is private, set HF_TOKEN/,
  ],
  'an answer without an end': [
    ({ path }, response) => {
      if (!/event-\d/.test(path)) return false;
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const chunk = `data: ${'x'.repeat(1 << 20)}\n`;
      const more = () => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on('drain', more);
      more();
      return true;
    },
    /larger than 32 MiB/,
    /right app/,
  ],
};

for (const [name, [fault, message, hint]] of Object.entries(faults)) {
  test(`${name}: a message that says what is wrong and what to do`, async (t) => {
    const space = await filled(t);
    space.fault = fault;
    const error = await failure(clientOf(t, space));
    assert.match(error.message, message);
    assert.match(error.hint, hint);
  });
}

test('a stream that brings only heartbeats is given up, and so is silence', async (t) => {
  const space = await filled(t);
  let beats = true;
  space.fault = ({ path }, response) => {
    if (!/event-\d/.test(path)) return false;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.flushHeaders();
    const timer = setInterval(() => beats && response.write(event('heartbeat', null)), 20);
    response.on('close', () => clearInterval(timer));
    return true;
  };
  const client = clientOf(t, space, { timeoutMs: 1000 });
  assert.match((await failure(client)).message, /^nothing but \d+ heartbeats within 1 s$/);
  beats = false;
  const silence = await failure(client);
  assert.match(silence.message, /^no answer within 1 s$/);
  assert.match(silence.hint, /gradio\.timeout/);
});

test('a read that is told to end throws the reason', async (t) => {
  const space = await filled(t);
  space.fault = () => true;
  const stop = new AbortController();
  setTimeout(() => stop.abort(new Error('told to')), 20);
  await assert.rejects(clientOf(t, space).page(1, 0, stop.signal), /told to/);
});

test('when to come back is read as seconds and as a date, and has a bound', async (t) => {
  const space = await filled(t);
  const after = async (value: string): Promise<number> => {
    space.fault = (_, response) => json(response, 429, {}, { 'retry-after': value });
    return (await failure(clientOf(t, space))).retryAfterMs;
  };
  assert.equal(await after('7'), 7000);
  assert.equal(await after('99999999'), 3_600_000);
  assert.equal(await after('soon'), 0);
  assert.equal(await after('Tue, 24 Nov 1999 00:00:00 GMT'), 0);
  assert.ok((await after(new Date(Date.now() + 600_000).toUTCString())) > 500_000);
});

test('a token goes to the Space with every request, and nowhere else', async (t) => {
  const other: (string | undefined)[] = [];
  const elsewhere = createServer((request, response) => {
    other.push(request.headers.authorization);
    response.end('{}');
  });
  await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
  t.after(() => elsewhere.close());
  const space = await filled(t);
  const token = 'hf_secret';
  const client = clientOf(t, space, { token });
  await client.page(2, 0, signal);
  assert.ok(space.asked.length >= 4);
  assert.ok(space.asked.every(({ authorization }) => authorization === `Bearer ${token}`));
  for (const status of [301, 302, 303, 307, 308]) {
    space.fault = (_, response) => {
      const { port } = elsewhere.address() as AddressInfo;
      return json(response, status, '', { location: `http://127.0.0.1:${port}/` });
    };
    const error = await failure(client);
    assert.doesNotMatch(`${error.message} ${error.hint} ${error.stack}`, /hf_secret/);
  }
  assert.deepEqual(other, []);
});

test('an answer that echoes control characters, at length, is shown short and clean', async (t) => {
  const space = await filled(t);
  space.fault = inAnswer({ error: `\u001b[31mred\u0007\n${'x'.repeat(10_000)}` });
  const { message } = await failure(clientOf(t, space));
  assert.doesNotMatch(message, /\p{Cc}/u);
  assert.ok(message.length < 250);
});

test('an API name that the Space does not have is told with those that it has', async (t) => {
  const error = await failure(clientOf(t, await filled(t), { apiName: '/nope' }));
  assert.match(error.message, /it has no endpoint \/nope, only the API names \/another, \/logs_api$/);
  assert.match(error.hint, /Set gradio\.api_name/);
});

test('after a reset the Space is asked anew what it has', async (t) => {
  const space = await filled(t);
  const client = clientOf(t, space);
  await client.page(2, 0, signal);
  await client.reset();
  await client.page(2, 0, signal);
  assert.equal(space.asked.filter(({ path }) => path === '/config').length, 2);
});
