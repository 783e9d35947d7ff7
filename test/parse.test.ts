import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { LogEvent } from '../src/event.ts';
import { UNKNOWN_LEVEL } from '../src/level.ts';
import { EntryError } from '../src/parse.ts';
import type { Json, JsonObject } from '../src/util/json.ts';
import { asGradio, gradioLogs, line, parse, realEntries, realLines } from './samples.ts';

const UUID = '1b805c6c-7a4a-4e62-b528-9baa816bfd88';
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,9}Z$/;
const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

/** Only what the log says of its call. */
const call = (event: LogEvent) => ({
  id: event.transactionId,
  method: event.httpMethod,
  path: event.httpPath,
  status: event.statusCode,
  time: event.executionTimeMs,
  input: event.input,
  result: event.result,
});

test('every real entry is an event with its own time, level and message', () => {
  for (const entry of [...realEntries, ...realLines]) {
    const event = parse(entry);
    const [time, logger, level, ...message] = entry.split(' - ');
    assert.equal(event.timestamp, `${time!.replace(' ', 'T')}.000Z`);
    assert.equal(event.written, time);
    assert.equal(event.level, level);
    assert.equal(event.logger, logger);
    assert.equal(event.message, message.join(' - '));
  }
  assert.equal(realEntries.length, 253);
  const levels = realEntries.map((entry) => parse(entry).level);
  assert.deepEqual([...new Set(levels)].sort(), ['ERROR', 'INFO', 'WARNING']);
});

test('every real prediction that was answered has method, path, status, time, input and result', () => {
  const predictions = [...realEntries, ...realLines].filter((entry) =>
    /POST \/predict(_proba)? - Status: 200/.test(entry),
  );
  assert.ok(predictions.length > 150);
  for (const entry of predictions) {
    const event = parse(entry);
    const [, id, path, time, input, result] =
      /\[(.+?)\] API Call - POST (\S+) - Status: 200 - Time: (\S+)ms - Input: (\{.*\}) - Result: (\{.*\})$/.exec(
        entry,
      )!;
    assert.deepEqual(call(event), {
      id,
      method: 'POST',
      path,
      status: 200,
      time: Number(time),
      input: JSON.parse(input!),
      result: JSON.parse(result!),
    });
  }
});

test('every real call tells its status, and every answer that stands in the line is read', () => {
  for (const entry of realEntries.filter((entry) => entry.includes('API Call - '))) {
    const event = parse(entry);
    assert.ok(event.httpMethod && event.httpPath?.startsWith('/') && event.statusCode, entry);
    assert.equal(typeof event.executionTimeMs, 'number');
    if (/ - Result: [{["]/.test(entry) && !entry.includes(nested(40).slice(0, 40))) {
      assert.notEqual(event.result, undefined, entry);
    }
  }
});

test('every real line of metrics is read, with its transaction and its functions', () => {
  const metrics = [...realEntries, ...realLines].filter((entry) => entry.includes('{"performance_metrics"'));
  assert.ok(metrics.length > 150);
  for (const entry of metrics) {
    const event = parse(entry);
    assert.equal(event.transactionId, event.metrics!.transaction_id);
    assert.equal((event.metrics!.top_functions as Json[]).length, 5);
    assert.equal(event.httpMethod, undefined);
  }
});

test('metrics that name no transaction are metrics nevertheless', () => {
  const event = parse(line('{"performance_metrics": {"latency_ms": 26.63}}'));
  assert.deepEqual(event.metrics, { latency_ms: 26.63 });
  assert.equal(event.transactionId, undefined);
});

test('an entry that is nothing but metrics keeps its text as the message', () => {
  const text = '{"performance_metrics": {"latency_ms": 1, "transaction_id": "x"}}';
  const event = parse(text);
  assert.equal(event.message, text);
  assert.equal(event.transactionId, 'x');
});

test('the documented JSON shape is read, and its data wins over its message', () => {
  const data = {
    transaction_id: UUID,
    input_data: { AGE: 65, GENDER: 1 },
    result: { prediction: 1, probability: 0.85, message: 'YES - High probability' },
    performance_metrics: { inference_time_ms: 12.5 },
  };
  const entry = {
    timestamp: '2025-11-22T10:30:45.123456',
    level: 'INFO',
    message: '[uuid] POST /predict - 200 - 45ms - input - result',
    data,
  };
  for (const written of [entry, JSON.stringify(entry)]) {
    const event = parse(written);
    assert.equal(event.timestamp, '2025-11-22T10:30:45.123456Z');
    assert.equal(event.level, 'INFO');
    assert.equal(event.message, entry.message);
    assert.deepEqual(event.data, data);
    assert.deepEqual(event.metrics, data.performance_metrics);
    assert.deepEqual(call(event), {
      id: UUID,
      method: 'POST',
      path: '/predict',
      status: 200,
      time: 45,
      input: data.input_data,
      result: data.result,
    });
  }
});

test('what the data leaves out is told by the message', () => {
  const message = `[${UUID}] API Call - POST /predict - Status: 200 - Time: 1ms - Input: {"AGE": 1} - Result: {"prediction": 0}`;
  const event = parse({ message, data: { result: { prediction: 1 } } });
  assert.equal(event.transactionId, UUID);
  assert.deepEqual(event.input, { AGE: 1 });
  assert.deepEqual(event.result, { prediction: 1 });
  const measured = parse({ message: 'm', data: { performance_metrics: { transaction_id: 'x' } } });
  assert.equal(measured.transactionId, 'x');
});

test('a Gradio entry reads as the line it was split from', () => {
  for (const written of realLines) {
    const text = parse(written);
    assert.deepEqual(parse(asGradio(written)), { ...text, logger: undefined });
  }
  for (const log of [...gradioLogs('100-0'), ...gradioLogs('100-1600')]) {
    const event = parse(log);
    assert.equal(event.level, log.level);
    assert.equal(event.message, log.message);
    assert.match(event.timestamp, ISO);
  }
});

test('a call without a uuid and without bodies is read', () => {
  assert.deepEqual(call(parse(line('API Call - GET /pool/stats - Status: 200 - Time: 241.63ms'))), {
    id: undefined,
    method: 'GET',
    path: '/pool/stats',
    status: 200,
    time: 241.63,
    input: undefined,
    result: undefined,
  });
});

test('a body that the API could not read is the text it logs for it', () => {
  const event = parse(
    line(
      `[${UUID}] API Call - POST /predict - Status: 422 - Time: 2.1ms - Input: "<unable to parse>" - Result: {"detail": [{"type": "json_invalid", "loc": ["body", 1], "ctx": {"error": "x"}}]}`,
    ),
  );
  assert.equal(event.input, '<unable to parse>');
  assert.deepEqual(event.result, {
    detail: [{ type: 'json_invalid', loc: ['body', 1], ctx: { error: 'x' } }],
  });
});

test('strings in a body that imitate the log do not end it', () => {
  const input = {
    a: 'b - Result: {"x": 1}',
    c: ' - Status: 200 - Time: 1ms - Input: {} - Result: {}',
    d: '"}',
  };
  const result = { detail: 'no - Result: {"y": [' };
  const event = parse(
    line(
      `API Call - PUT /predict - Status: 405 - Time: 219.65ms - Input: ${JSON.stringify(input)} - Result: ${JSON.stringify(result)}`,
    ),
  );
  assert.deepEqual(event.input, input);
  assert.deepEqual(event.result, result);
  assert.equal(event.statusCode, 405);
});

test('a path that imitates the rest of the line does not become it', () => {
  const event = parse(
    line(
      'API Call - GET /x - Status: 200 - Time: 1ms - Input: {"AGE":1} - Status: 404 - Time: 0.39ms - Result: {"detail": "Not Found"}',
    ),
  );
  assert.deepEqual(call(event), {
    id: undefined,
    method: 'GET',
    path: '/x - Status: 200 - Time: 1ms - Input: {"AGE":1}',
    status: 404,
    time: 0.39,
    input: undefined,
    result: { detail: 'Not Found' },
  });
  const bare = parse(
    line('API Call - GET /x - Status: 200 - Time: 1ms - Input: {"AGE":1} - Status: 404 - Time: 0.39ms'),
  );
  assert.equal(bare.statusCode, 404);
  assert.equal(parse(line('API Call - GET /a - b - c - Status: 404 - Time: 1e-05ms')).httpPath, '/a - b - c');
});

test('a cut message keeps what was written before the cut', () => {
  const message = `[${UUID}] API Call - POST /predict - Status: 200 - Time: 1.5ms - Input: {"AGE": 48, "GEN`;
  assert.deepEqual(call(parse(line(message))), {
    id: UUID,
    method: 'POST',
    path: '/predict',
    status: 200,
    time: 1.5,
    input: undefined,
    result: undefined,
  });
  const early = parse(line('[x] API Call - POST /pre'));
  assert.equal(early.httpMethod, undefined);
  assert.equal(early.message, '[x] API Call - POST /pre');
});

test('newlines belong to the message', () => {
  const message = 'Erreur : The feature names should match.\nFeature names unseen:\n- AGE - X\n';
  const event = parse(line(message));
  assert.equal(event.message, message);
  assert.equal(event.level, 'INFO');
  const cut = parse(line(`API Call - GET /x\ny - Status: 200 - Time: 1ms - Input: {\n"a": 1\n}`));
  assert.deepEqual([cut.httpPath, cut.input], ['/x\ny', { a: 1 }]);
});

test('what is no log of the API is kept whole as a message of unknown level', () => {
  for (const text of [
    '',
    ' ',
    '{"broken": ',
    '[1, 2]',
    '42',
    'null',
    'NaN',
    'Traceback (most recent call last):\n  File "x.py", line 1',
    'a - b - c - d',
    nested(10_000),
    `{"a": ${nested(10_000)}}`,
    '\0\u2028\ud800',
  ]) {
    const event = parse(text);
    assert.equal(event.message, text);
    assert.equal(event.level, UNKNOWN_LEVEL);
    assert.equal(event.written, '');
    assert.match(event.timestamp, ISO);
  }
});

test('a line that breaks off behind its time keeps that time', () => {
  const event = parse('2026-11-24 19:26:39 - something else');
  assert.equal(event.timestamp, '2026-11-24T19:26:39.000Z');
  assert.equal(event.message, 'something else');
  assert.equal(event.level, UNKNOWN_LEVEL);
});

test('a time that can not be read is kept in the data, beside the level and message', () => {
  for (const [entry, data] of [
    ['2026-13-45 99:00:00 - api - INFO - no such time', { timestamp: '2026-13-45 99:00:00' }],
    [
      '{"timestamp":"soon","level":"INFO","message":"no such time","data":{"a":1}}',
      { timestamp: 'soon', a: 1 },
    ],
  ] as const) {
    const event = parse(entry);
    assert.deepEqual([event.level, event.message, event.data], ['INFO', 'no such time', data]);
    assert.match(event.timestamp, ISO);
    assert.notEqual(event.written, '');
  }
});

test('JSON without any text is its own message, with the level and time it names', () => {
  const text = '{"timestamp":"2026-11-24T19:26:39Z","level":"debug","step":"started"}';
  const event = parse(text);
  assert.equal(event.message, text);
  assert.equal(event.level, 'DEBUG');
  assert.equal(event.timestamp, '2026-11-24T19:26:39.000Z');
  assert.deepEqual(event.data, { step: 'started' });
});

test('members that nobody documented are kept beside the data, odd values too', () => {
  const event = parse('{"timestamp": 1732476399, "level": 20, "message": ["a"], "data": [1], "pid": 7}');
  assert.deepEqual(event.data, { value: [1], pid: 7 });
  assert.equal(event.timestamp, '2024-11-24T19:26:39.000Z');
  assert.equal(event.level, 'INFO');
  assert.equal(event.message, '["a"]');
});

test('a line that was pushed as a JSON string is that line', () => {
  assert.deepEqual(parse(JSON.stringify(realEntries[0])), parse(realEntries[0]!));
});

test('NaN and Infinity in a body are null, and the rest of it is read', () => {
  const event = parse(
    line('API Call - POST /p - Status: 500 - Time: 1ms - Input: {"a": NaN, "b": [-Infinity, 1]}'),
  );
  assert.deepEqual(event.input, { a: null, b: [null, 1] });
});

test('a lone surrogate, a NUL and a key named __proto__ pass through', () => {
  const body = '{"__proto__": {"polluted": true}, "a": "\\ud800", "b\\u0000": "\\u0000"}';
  const event = parse(line(`API Call - POST /p - Status: 200 - Time: 1ms - Input: ${body} - Result: {}`));
  assert.equal(JSON.stringify(event.input), JSON.stringify(JSON.parse(body)));
  assert.equal(({} as JsonObject).polluted, undefined);
  const entry = parse('{"message": "m", "__proto__": {"polluted": true}, "data": {"__proto__": 1}}');
  assert.equal(JSON.stringify(entry.data), '{"__proto__":1,"other":{"__proto__":{"polluted":true}}}');
  assert.equal(({} as JsonObject).polluted, undefined);
});

test('bodies that nest too deep are left in the message, with the call around them read', () => {
  for (const levels of [33, 10_000]) {
    const event = parse(
      line(`API Call - POST /p - Status: 422 - Time: 1ms - Input: ${nested(levels)} - Result: {"detail": 1}`),
    );
    assert.equal(event.statusCode, 422);
    assert.equal(event.input, undefined);
  }
});

test('10,000 keys are read', () => {
  const body = Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`key ${n}`, n]));
  const event = parse(
    line(`API Call - POST /p - Status: 200 - Time: 1ms - Input: ${JSON.stringify(body)} - Result: {}`),
  );
  assert.deepEqual(event.input, body);
});

test('an entry over the limit is refused with its size, in bytes, whatever its shape', () => {
  for (const entry of ['é'.repeat(524_289), { message: 'x'.repeat(1_048_576) }]) {
    assert.throws(
      () => parse(entry),
      (error) =>
        error instanceof EntryError && /\b10485\d\d bytes.*limits\.entry_bytes.*1048576/.test(error.message),
    );
  }
  assert.equal(parse('é'.repeat(524_288)).message.length, 524_288);
});

test('an object that nests too deep is refused, without running out of stack', () => {
  for (const levels of [33, 100_000]) {
    let data: Json = 1;
    for (let level = 0; level < levels; level++) data = [data];
    assert.throws(() => parse({ message: 'm', data }), EntryError);
  }
});

test('messages made to be slow are read in time', { timeout: 10_000 }, () => {
  const imitation = ' - Status: 200 - Time: 1ms - Input: [';
  assert.equal(parse(line(`API Call - GET /${imitation.repeat(20_000)}`)).statusCode, 200);
  const maxEntryBytes = Number.POSITIVE_INFINITY;
  for (const message of [
    `API Call - GET /x${imitation.repeat(100_000)}`,
    `API Call - GET /x${' - Status: 200 - Time: 1ms - Input: "'.repeat(100_000)}`,
    `API Call - GET /x${' - Status: '.repeat(100_000)}`,
    `API Call - GET /x - Status: 200 - Time: 1ms - Input: "${'\\'.repeat(1_000_000)}`,
    `API Call - GET /x - Status: 200 - Time: 1ms - Input: ["${'\\"'.repeat(500_000)}`,
    `API Call - GET /x - Status: 200 - Time: 1ms - Input: ${'['.repeat(1_000_000)}`,
    `{"performance_metrics": ${'"'.repeat(1_000_000)}NaN`,
    `[x] POST /${' - 200'.repeat(100_000)}`,
  ]) {
    assert.equal(parse(line(message), 'UTC', { maxEntryBytes }).message, message);
  }
});

/** What every event must be, whatever it was made from. */
function assertEvent(event: LogEvent): void {
  assert.equal(typeof event.level, 'string');
  assert.equal(typeof event.message, 'string');
  assert.match(event.timestamp, ISO);
  assert.match(event.id, /^[0-9a-f]{32}$/);
  assert.ok(event.transactionId === undefined || typeof event.transactionId === 'string');
  assert.ok(event.statusCode === undefined || Number.isInteger(event.statusCode));
}

/** Any text, and texts that look like a log here and there. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(
      fc.oneof(
        fc.string({ unit: 'binary', maxLength: 10 }),
        fc.constantFrom(
          ...['2026-11-24 19:26:39', ' - ', 'api', 'INFO', `[${UUID}] `, 'API Call - ', 'POST ', '/predict'],
          ...[
            ' - Status: 200',
            ' - Time: 1.5ms',
            ' - Input: ',
            ' - Result: ',
            '{',
            '}',
            '[',
            ']',
            '"',
            '\\',
            ':',
          ],
          ...[
            '{"performance_metrics": ',
            '"data"',
            '"message"',
            '"timestamp"',
            'NaN',
            '1e999',
            '\ud800',
            ',',
          ],
        ),
      ),
      { maxLength: 30 },
    )
    .map((parts) => parts.join('')),
);
const anyJson = fc.jsonValue({ maxDepth: 6 }) as fc.Arbitrary<Json>;
const anyLog = fc.record(
  { timestamp: anyJson, level: anyJson, message: fc.oneof(anyJson, anyText), data: anyJson, logger: anyJson },
  { requiredKeys: [] },
) as fc.Arbitrary<JsonObject>;

test('any text is an event', () => {
  fc.assert(
    fc.property(anyText, (text) => assertEvent(parse(text))),
    { numRuns: 2_000 },
  );
});

test('any JSON is an event, as text and as an object', () => {
  const documented = fc.record({
    message: anyText,
    data: fc.record(
      { transaction_id: anyJson, input_data: anyJson, result: anyJson, performance_metrics: anyJson },
      { requiredKeys: [] },
    ),
  }) as fc.Arbitrary<JsonObject>;
  fc.assert(
    fc.property(fc.oneof(anyJson, anyLog, documented), (value) => {
      assertEvent(parse(JSON.stringify(value)));
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) assertEvent(parse(value));
    }),
    { numRuns: 1_000 },
  );
});

/** Without -0, which JSON writes as 0, and with integers that would lose digits as text. */
const plain = (value: Json | undefined): Json | undefined =>
  value === undefined
    ? undefined
    : JSON.parse(JSON.stringify(value), (_, each) =>
        typeof each === 'number' && /^-?\d+$/.test(String(each)) && !Number.isSafeInteger(each)
          ? String(each)
          : each,
      );

test('a call reads back exactly, whatever its path and bodies', () => {
  const path = fc.string({ unit: 'binary' }).filter((text) => !text.includes(' - Status: '));
  const time = fc.double({ min: 0, max: 1e6, noNaN: true }).map((ms) => Number(ms.toFixed(2)));
  const body = fc.option(
    fc.oneof(
      anyJson,
      fc
        .constantFrom(' - Result: {}', ' - Status: 200 - Time: 1ms', '<unable to parse>')
        .map((text) => [text]),
    ),
    { nil: undefined },
  );
  const python = (value: Json): string => JSON.stringify(value, undefined, 1).replace(/\n */g, ' ');
  fc.assert(
    fc.property(
      fc.option(fc.uuid(), { nil: undefined }),
      fc.constantFrom('GET', 'POST', 'OPTIONS', 'PROPFIND'),
      path,
      fc.integer({ min: 100, max: 599 }),
      time,
      body,
      body,
      fc.constantFrom(python, (value: Json) => JSON.stringify(value)),
      (id, method, path, status, time, input, result, write) => {
        const message = [
          `${id ? `[${id}] ` : ''}API Call - ${method} ${path} - Status: ${status} - Time: ${time}ms`,
          ...(input === undefined ? [] : [`Input: ${write(input)}`]),
          ...(result === undefined ? [] : [`Result: ${write(result)}`]),
        ].join(' - ');
        assert.deepEqual(call(parse(line(message))), {
          id,
          method,
          path,
          status,
          time,
          input: plain(input),
          result: plain(result),
        });
      },
    ),
    { numRuns: 1_000 },
  );
});
