import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { eventually, ndjson, Workspace } from '../helpers.ts';
import { long, megabytes } from './rig.ts';

/** What has broken parsers before. */
const nasty: readonly (string | Uint8Array)[] = [
  ...[
    '{',
    '}',
    '[',
    ']',
    '[]',
    '{}',
    '"',
    '""',
    'null',
    '0',
    '-',
    '1e999',
    '[[',
    '{"a":',
    '{"a"}',
    '[{},',
    ',,,',
  ],
  ...[
    '\0',
    '\ufeff{"message":"bom"}',
    '\u2028',
    '\r\n\r\n',
    '"\\ud800"',
    '{"message":"\\udfff"}',
    '\ud83d\ude80',
  ],
  ...[
    '{"__proto__":{"polluted":1}}',
    '{"constructor":{"prototype":1}}',
    '{"message":null,"data":[]}',
    '{"level":7}',
  ],
  ...['{"timestamp":"never","message":"x"}', '2026-13-45 99:99:99 - a - b - c', '2026-11-24 10:00:00 - - - '],
  '2026-11-24 10:00:00 - api - INFO - [x] API Call - POST / - Status: 200 - Time: 1ms - Input: {"a" - Result: {',
  '2026-11-24 10:00:00 - api - INFO - {"performance_metrics": {"transaction_id": [1], "top_functions": [null, 1]}}',
  `2026-11-24 10:00:00 - api - INFO - ${'API Call - POST / - Status: 200 - Time: 1ms'.repeat(200)}`,
  '['.repeat(5_000),
  `${'{"a":'.repeat(500)}1${'}'.repeat(500)}`,
  `{"message":"keys","data":{${Array.from({ length: 10_000 }, (_, n) => `"k${n}":${n}`).join()}}}`,
  `{"message":"${'x'.repeat(1_200_000)}"}`,
  new Uint8Array([0xff, 0xfe, 0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0xe2, 0x82]),
];

const piece = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...nasty) },
  { weight: 2, arbitrary: fc.uint8Array({ maxLength: 200 }) },
  { weight: 2, arbitrary: fc.json() },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 80 }) },
);
const body = fc.record({
  pieces: fc.array(piece, { maxLength: 12 }),
  between: fc.constantFrom('\n', '\r\n', '', ' ', ','),
  gzip: fc.constantFrom('no', 'no', 'yes', 'cut', 'a lie'),
  type: fc.constantFrom('application/x-ndjson', 'application/json', 'text/plain', 'image/png'),
});

test('whatever bytes are posted, each is answered, and all that is acknowledged is there once', async (t) => {
  const workspace = new Workspace(t);
  const running = workspace.start(
    ['run', '--source', 'http', '--sink', 'directory', '--out', 'out', '--continuous', '--json'],
    { HTTP_LISTEN: '127.0.0.1:0' },
  );
  await running.says(/taking logs at \S+\/logs/);
  const url = /taking logs at (\S+)/.exec(running.stderr)![1]!;
  const acknowledged: string[] = [];
  let logs = 0;
  let unreadable = 0;
  let n = 0;
  await fc.assert(
    fc.asyncProperty(body, async ({ pieces, between, gzip, type }) => {
      // A log of its own tells bodies apart, and must come through whatever follows it.
      const probe = `probe ${n++}`;
      const parts = [`{"message":"${probe}"}\n`, ...pieces.flatMap((each) => [each, between])];
      const plain = Buffer.concat(parts.map((part) => Buffer.from(part)));
      const packed = gzip === 'yes' || gzip === 'cut' ? gzipSync(plain) : plain;
      const sent = gzip === 'cut' ? packed.subarray(0, -9) : packed;
      const headers = { 'content-type': type, ...(gzip === 'no' ? {} : { 'content-encoding': 'gzip' }) };
      const response = await fetch(url, { method: 'POST', body: new Uint8Array(sent), headers });
      const told = (await response.json()) as { logs: number; unreadable: number };
      assert.equal(running.child.exitCode, null, running.stderr);
      assert.equal(response.status, 200);
      logs += told.logs;
      unreadable += told.unreadable;
      if (gzip === 'cut' || gzip === 'a lie') assert.deepEqual(told, { logs: 0, unreadable: 1 });
      else acknowledged.push(probe);
    }),
    { numRuns: long ? 3_000 : 150 },
  );
  const folder = join(workspace.folder, 'data/dead-letters');
  const readLetters = (): Record<string, unknown>[] =>
    (existsSync(folder) ? readdirSync(folder) : []).flatMap((name) =>
      ndjson(readFileSync(join(folder, name), 'utf8')),
    );
  const isOfEntry = ({ at }: Record<string, unknown>): boolean =>
    at === 'parse' || at === 'ml-api-logs' || at === 'http';
  // An answer tells that they are in the buffer, where a stop would leave them to the next run.
  await eventually('each is stored, or a dead letter', () => {
    try {
      const ended = workspace.output('ml-api-logs').length + readLetters().filter(isOfEntry).length;
      return ended === logs + unreadable;
    } catch {
      // The last line is half written.
      return false;
    }
  });
  const memory = megabytes(running);
  assert.ok(memory < 400, `${memory} MB`);
  assert.equal((await running.stop()).code, 0, running.stderr);

  const stored = workspace.output('ml-api-logs');
  const letters = readLetters();
  assert.equal(new Set(stored.map(({ _id }) => _id)).size, stored.length);
  for (const { reason } of letters) assert.ok(typeof reason === 'string' && reason !== '');
  const probes = stored
    .map(({ message }) => String(message))
    .filter((message) => /^probe \d+$/.test(message));
  assert.deepEqual(probes, acknowledged);
  t.diagnostic(
    `${n} bodies, ${logs} logs, ${unreadable} unreadable, ${letters.length} dead letters, ${memory} MB`,
  );
});
