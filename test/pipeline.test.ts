import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { eventually, ndjson, TestIndices, TestList, Workspace } from './helpers.ts';
import { realEntries, realLines } from './samples.ts';
import { elasticsearchUrl, redisUrl } from './services/env.ts';

const SECOND = '2026-11-24 19:26:39';

/** Redis to Elasticsearch, by the command line, with a key and indices of their own. */
class Bed {
  readonly list: TestList;
  readonly indices: TestIndices;
  readonly workspace: Workspace;
  readonly env: Record<string, string>;

  constructor(t: TestContext, config: Record<string, unknown> = {}) {
    this.list = new TestList(t);
    this.indices = new TestIndices(t);
    this.workspace = new Workspace(t, this.indices.prefix, config);
    this.env = {
      REDIS_URL: redisUrl(),
      REDIS_LOGS_KEY: this.list.key,
      ELASTICSEARCH_URL: elasticsearchUrl(),
    };
  }

  once(...args: string[]) {
    return this.workspace.run(
      ['run', '--source', 'redis', '--sink', 'elasticsearch', '--once', ...args],
      this.env,
    );
  }

  continuous(...args: string[]) {
    return this.workspace.start(['run', '--continuous', '--interval', '0.2', ...args], this.env);
  }

  deadLetters(): Record<string, unknown>[] {
    return deadLettersOf(this.workspace);
  }
}

function deadLettersOf({ folder }: Workspace): Record<string, unknown>[] {
  const letters = join(folder, 'data/dead-letters');
  if (!existsSync(letters)) return [];
  return readdirSync(letters).flatMap((name) => ndjson(readFileSync(join(letters, name), 'utf8')));
}

/** What the indices must hold, counted by regular expressions over the raw text, one line an entry. */
function countedIn(lines: readonly string[]): Record<string, number> {
  const all = lines.join('\n');
  const count = (pattern: RegExp): number => all.match(pattern)?.length ?? 0;
  return {
    logs: lines.length,
    message: count(
      /API Call - POST \/predict\S* - Status: \d+ - Time: [\d.]+ms - Input: \{.*\} - Result: \{"prediction": /g,
    ),
    perfs: count(/ - INFO - \{"performance_metrics": \{/g),
    'top-func': count(/\{"function": "[^"]*", "file": "/g),
  };
}

test('the real API’s logs arrive, each once, and a second run changes nothing', async (t) => {
  const bed = new Bed(t);
  await bed.list.push(realLines);
  const expected = countedIn(realLines);
  assert.ok(Object.values(expected).every((count) => count > 100));

  const first = await bed.once();
  assert.equal(first.stderr, '');
  assert.equal(first.code, 0);
  assert.match(first.stdout, /Collected: 253 logs/);
  assert.doesNotMatch(first.stdout, /Already there/);
  assert.deepEqual(await bed.indices.counts(), expected);
  const before = await bed.indices.documents('logs');
  // The time is within the log's own text too: nothing got under another's id.
  for (const { timestamp, message } of before.values()) {
    assert.ok(
      realLines.some((line) => {
        const at = (timestamp as string).slice(0, 19).replace('T', ' ');
        return line.startsWith(at) && line.endsWith(message as string);
      }),
    );
  }

  const second = await bed.once();
  assert.equal(second.code, 0);
  const sum = Object.values(expected).reduce((a, b) => a + b);
  assert.match(second.stdout, new RegExp(`Already there: ${sum} documents`));
  assert.deepEqual(await bed.indices.counts(), expected);
  assert.deepEqual(await bed.indices.documents('logs'), before);
});

test('every shape that the real API writes arrives, whole', async (t) => {
  const bed = new Bed(t);
  await bed.list.push(realEntries);
  const { code, stderr } = await bed.once();
  assert.equal(stderr, '');
  assert.equal(code, 0);
  assert.equal(await bed.indices.count('logs'), realEntries.length);
  const sent = realEntries.map((entry) => entry.split(' - ').slice(3).join(' - ')).sort();
  const found = [...(await bed.indices.documents('logs')).values()]
    .map(({ message }) => message as string)
    .sort();
  assert.deepEqual(found, sent);
});

test('documents can be reached by id, and fields by either name', async (t) => {
  const bed = new Bed(t);
  const { client, prefix } = bed.indices;
  await bed.list.push(realEntries);
  await bed.once();
  for (const name of ['logs', 'message', 'perfs', 'top-func']) {
    const documents = await bed.indices.documents(name);
    assert.ok(documents.size > 0, name);
    const [id, body] = [...documents][0]!;
    const { _source } = await client.get({ index: prefix + name, id });
    assert.deepEqual(_source, body);
    assert.match(id, /^[0-9a-f]{32}(-\d+)?(\.\d+)?$/);
    const all = await bed.indices.count(name);
    assert.equal(await bed.indices.count(name, { range: { '@timestamp': { gte: '2026-01-01' } } }), all);
  }
  const [profile] = [...(await bed.indices.documents('top-func')).values()] as [Record<string, unknown>];
  for (const [alias, field] of [
    ['function', 'function_name'],
    ['file', 'filename'],
    ['line', 'line_number'],
    ['cumulative_time_ms', 'cumulative_time'],
    ['total_time_ms', 'total_time'],
  ] as const) {
    const byAlias = await bed.indices.count('top-func', { term: { [alias]: profile[field] } });
    const byField = await bed.indices.count('top-func', { term: { [field]: profile[field] } });
    assert.ok(byAlias > 0, alias);
    assert.equal(byAlias, byField);
  }
});

test('sixty copies of one line stay sixty, over several runs', async (t) => {
  const bed = new Bed(t);
  const copy = `${SECOND} - api - INFO - API Call - GET /health - Status: 200 - Time: 0.5ms`;
  for (const [pushed, sum] of [
    [1, 1],
    [30, 31],
    [29, 60],
  ] as const) {
    await bed.list.push(new Array(pushed).fill(copy));
    assert.equal((await bed.once()).code, 0);
    assert.equal(await bed.indices.count('logs'), sum);
  }
});

test('copies in a list that trims them stay apart over runs', async (t) => {
  const bed = new Bed(t);
  const copy = `${SECOND} - api - INFO - again`;
  let sent = 0;
  for (let n = 0; n < 4; n++) {
    await bed.list.push([copy, `${SECOND} - api - INFO - other ${n}`, copy, copy], 6);
    sent += 4;
    assert.equal((await bed.once()).code, 0);
    assert.equal(await bed.indices.count('logs'), sent);
  }
});

test('a continuous run hands on what comes, says so, and ends in good order', {
  timeout: 60_000,
}, async (t) => {
  const bed = new Bed(t);
  await bed.list.push([`${SECOND} - api - INFO - one`]);
  const run = bed.continuous();
  await run.says(/Batch #\d+: 1 log indexed/);
  await bed.list.push([`${SECOND} - api - INFO - two`, `${SECOND} - api - INFO - two`]);
  await run.says(/Batch #\d+: 2 logs indexed/);
  await run.says(/0 logs \(nothing new\)/);
  const { code, signal, stderr } = await run.stop('SIGTERM');
  assert.deepEqual({ code, signal }, { code: 0, signal: null });
  assert.match(stderr, /^\S+ INFO Redis list .* is read when the server tells of a change\n$/);
  assert.equal(await bed.indices.count('logs'), 3);
  const again = bed.continuous('--log-level', 'debug');
  await bed.list.push([`${SECOND} - api - INFO - three`]);
  await again.says(/Batch #\d+: 1 log indexed/);
  const { stdout } = await again.stop('SIGINT');
  assert.doesNotMatch(stdout, /already there/, 'it went on where the other had ended');
  assert.equal(await bed.indices.count('logs'), 4);
});

test('killed again and again while logs come, it neither loses nor doubles one', {
  timeout: 120_000,
}, async (t) => {
  const bed = new Bed(t, { pipeline: { batch_size: 7 } });
  const sent: string[] = [];
  const push = async (count: number) => {
    // Every third is a copy of the one before.
    const lines = Array.from({ length: count }, () => {
      const n = sent.length;
      const line = `${SECOND} - api - INFO - log ${n % 3 === 2 ? n - 1 : n}`;
      sent.push(line);
      return line;
    });
    await bed.list.push(lines, 300);
  };
  await push(50);
  for (let n = 0; n < 4; n++) {
    const run = bed.continuous();
    await run.says(/\d+ logs? indexed/);
    await push(40);
    await new Promise((resolve) => setTimeout(resolve, 150 * n));
    await run.stop('SIGKILL');
    await push(25);
  }
  const last = bed.continuous();
  await eventually('all logs are there', async () => (await bed.indices.count('logs')) >= sent.length);
  assert.equal((await last.stop()).code, 0);
  const found = [...(await bed.indices.documents('logs')).values()].map(({ message }) => message as string);
  assert.deepEqual(found.sort(), sent.map((line) => line.slice(line.indexOf('log '))).sort());
});

test('a limit keeps the newest, and more runs fill in the rest', async (t) => {
  const bed = new Bed(t);
  await bed.list.push(Array.from({ length: 30 }, (_, n) => `${SECOND} - api - INFO - log ${n}`));
  assert.match((await bed.once('--limit', '10')).stdout, /Collected: 10 logs/);
  const messages = [...(await bed.indices.documents('logs')).values()].map(({ message }) => message);
  assert.deepEqual(
    messages.sort(),
    Array.from({ length: 10 }, (_, n) => `log ${n + 20}`),
  );
  await bed.once();
  assert.equal(await bed.indices.count('logs'), 30);
});

/** Entries of the documented JSON shape, a prediction each. */
function predictions(inputs: readonly string[]): string[] {
  return inputs.map(
    (input, n) =>
      `{"timestamp":"2026-11-24T19:26:39.${String(n).padStart(6, '0')}","level":"INFO","message":"[u${n}] POST /predict - 200 - 45ms - input - result","data":{"transaction_id":"u${n}","input_data":${input},"result":{"prediction":"YES"}}}`,
  );
}

async function send(bed: Bed, inputs: readonly string[]): Promise<void> {
  await bed.list.push(predictions(inputs), 10_000);
  const { code, stderr } = await bed.once();
  assert.ok(code === 0 || code === 1, `${code}: ${stderr}`);
}

test('whatever callers send, the log of it is kept, and found', { timeout: 90_000 }, async (t) => {
  const bed = new Bed(t);
  const nested = (depth: number): string => `${'{"in":'.repeat(depth)}1${'}'.repeat(depth)}`;
  const inputs = {
    'ten thousand keys': `{${Array.from({ length: 10_000 }, (_, n) => `"key ${n}":${n}`).join(',')}}`,
    'a NUL in a key': '{"a\\u0000b":1}',
    'a value of 40 KB': `{"AGE":"${'x'.repeat(40_000)}"}`,
    'a key of 40 KB': `{"${'k'.repeat(40_000)}":1}`,
    'values thirty deep': nested(30 - 2),
    'a text for a number': '{"AGE":"soixante"}',
    'an empty key': '{"":1}',
    'a blank key': '{"  ":1}',
    'keys of dots': '{".":1,"..":2,"a..b":3,".a":4,"a.":5,"a.b":6,"a":7}',
    'keys of objects': '{"__proto__":{"x":1},"constructor":"y","toString":3}',
    'keys of Elasticsearch': '{"_id":"x","_source":1,"_index":2,"_field_names":3}',
    'numbers beyond all': '{"AGE":1e308,"big":123456789012345678901234567890,"neg":-0}',
    'a date, a truth, nothing': '{"AGE":"2026-11-24","ok":true,"none":null,"list":[1,"a",null,{"b":[]}]}',
    'controls and emoji': '{"\\u0001\\u2028🚀":"\\u0000\\u001f🚀"}',
    'half a surrogate': '{"AGE":"\\ud800"}',
    'half a surrogate in a key': '{"\\udc00":1}',
  };
  await send(bed, Object.values(inputs));
  const logs = [...(await bed.indices.documents('logs')).values()];
  const ids = new Set(logs.map(({ transaction_id }) => transaction_id));
  const lost = Object.keys(inputs).filter((_, n) => !ids.has(`u${n}`));
  assert.deepEqual(lost, [], 'ml-api-logs holds every log');
  const predicted = new Set(
    [...(await bed.indices.documents('message')).values()].map(({ transaction_id }) => transaction_id),
  );
  const refused = Object.keys(inputs).filter((_, n) => !predicted.has(`u${n}`));
  assert.deepEqual(
    refused.map((name) => [
      name,
      bed
        .deadLetters()
        .find(({ entry }) => (entry as string).includes(`"u${Object.keys(inputs).indexOf(name)}"`))?.reason,
    ]),
    [],
    'ml-api-message holds every prediction',
  );
  assert.equal(await bed.indices.count('logs', { term: { 'data.input_data.AGE': 'soixante' } }), 1);
  assert.equal(await bed.indices.count('message', { term: { 'result.prediction': 'YES' } }), ids.size);
});

for (const [what, values] of Object.entries({
  'a number first': ['60', '"soixante"', '{"years":60}', '[60,"x",{"y":1}]', 'true', 'null', '1e9'],
  'a text first': ['"soixante"', '60', '{"years":60}', '["x",[1]]', 'false'],
  'an object first': ['{"years":60}', '60', '"soixante"', '[1,2]', '{"years":"x"}', '{"years":{"deep":1}}'],
  'an array first': ['[1,2]', '"x"', '{"years":60}', '3.5'],
  'a truth first': ['true', '1', '"x"', '{"y":1}', 'false', '[true]'],
})) {
  test(`one input of different types, ${what}: stored or a dead letter with the reason`, async (t) => {
    // One after the other, so that the first decides what the field is.
    const bed = new Bed(t, { pipeline: { batch_size: 1, concurrency: 1 } });
    await send(
      bed,
      values.map((value) => `{"AGE":${value}}`),
    );
    assert.equal(await bed.indices.count('logs'), values.length);
    const stored = await bed.indices.count('message');
    const letters = bed.deadLetters();
    assert.equal(stored + new Set(letters.map(({ id }) => id)).size, values.length, JSON.stringify(letters));
    assert.equal(
      stored,
      values.filter((value) => what.startsWith('an object') || !value.includes('{')).length,
    );
    for (const { at, reason } of letters) {
      assert.equal(at, `${bed.indices.prefix}message`);
      assert.match(reason as string, /_exception: .*AGE/);
    }
  });
}
