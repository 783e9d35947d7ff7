import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultFormats } from '../../src/formats/shipped.ts';
import { createEventParser } from '../../src/parse.ts';
import { createTimestampReader } from '../../src/timestamp.ts';
import type { JsonObject } from '../../src/util/json.ts';
import { line, parse } from '../samples.ts';

/** What a line is read as: time (of 2 March 2026, from the minute on), level, logger, message. */
type Row = [
  entry: string | JsonObject,
  time: string,
  level: string,
  logger: string | undefined,
  message: string,
];

function assertRead(rows: readonly Row[]): void {
  for (const [entry, time, level, logger, message] of rows) {
    const event = parse(entry);
    const read = [event.timestamp.replace(/(?<=\.\d{3})0+Z$/, 'Z'), event.level, event.logger, event.message];
    assert.deepEqual(read, [`2026-03-02T08:${time}Z`, level, logger, message], JSON.stringify(entry));
  }
}

test('text lines have the level that their word names, wherever it stands', () => {
  assertRead([
    ['2026-03-02 08:15:00,250 - INFO - no logger', '15:00.250', 'INFO', undefined, 'no logger'],
    ['2026-03-02 08:15:02,250 - ERROR - api - level first', '15:02.250', 'ERROR', 'api', 'level first'],
    ['2026-03-02 08:15:03,250 WARNING api: only spaces', '15:03.250', 'WARNING', 'api', 'only spaces'],
    ['2026-03-02 08:15:04,250 - api - INFO     - padded', '15:04.250', 'INFO', 'api', 'padded'],
    [
      '2026-03-02 08:15:05.250 | ERROR    | app.main:predict:42 - bars',
      '15:05.250',
      'ERROR',
      'app.main:predict:42',
      'bars',
    ],
    [
      '2026-03-02 08:15:06 [info     ] structlog     rows=3',
      '15:06.000',
      'INFO',
      undefined,
      'structlog     rows=3',
    ],
    ['[2026-03-02 08:15:07 +0000] [4242] [INFO] Booting', '15:07.000', 'INFO', undefined, 'Booting'],
    [
      '[2026-03-02 08:15:08,250] ERROR in app: Exception on /predict [POST]',
      '15:08.250',
      'ERROR',
      'app',
      'Exception on /predict [POST]',
    ],
    ['2026-03-02T08:15:09.250+0000 - api - INFO - offset', '15:09.250', 'INFO', 'api', 'offset'],
    ['2026-03-02 08:15:10,250 UTC - api - INFO - zone', '15:10.250', 'INFO', 'api', 'zone'],
    ['2026-03-02 08:15:11.250+00 - api - INFO - hours', '15:11.250', 'INFO', 'api', 'hours'],
  ]);
});

test('so have those of servers, schedulers and libraries around it', () => {
  assertRead([
    [
      '2026-03-02 08:15:00 [scrapy.core.engine] INFO: opened',
      '15:00.000',
      'INFO',
      'scrapy.core.engine',
      'opened',
    ],
    ['[2026-03-02 08:15:00,250: WARNING/MainProcess] Celery', '15:00.250', 'WARNING', undefined, 'Celery'],
    ['[I 260302 08:15:00 web:2064] Tornado', '15:00.000', 'INFO', 'web:2064', 'Tornado'],
    ['[W 2026-03-02 08:15:00.250 ServerApp] Jupyter', '15:00.250', 'WARNING', 'ServerApp', 'Jupyter'],
    [
      '2026-03-02 08:15:00.250: E tensorflow/core/cuda.cc:182] no device',
      '15:00.250',
      'ERROR',
      'tensorflow/core/cuda.cc:182',
      'no device',
    ],
    [
      'INFO 03-02 08:15:00 [api_server.py:123] vLLM',
      '15:00.000',
      'INFO',
      undefined,
      '[api_server.py:123] vLLM',
    ],
    ['[INFO|trainer.py:123] 2026-03-02 08:15:00,250 >> training', '15:00.250', 'INFO', undefined, 'training'],
    [
      '[2026-03-02, 08:15:00 UTC] {taskinstance.py:1153} ERROR - Airflow',
      '15:00.000',
      'ERROR',
      'taskinstance.py:1153',
      'Airflow',
    ],
    ['2026/03/02 08:15:00 INFO mlflow.models: logged', '15:00.000', 'INFO', 'mlflow.models', 'logged'],
    [
      '2026-03-02 08:15:00,250 INFO worker.py:1625 -- Connected',
      '15:00.250',
      'INFO',
      'worker.py:1625',
      'Connected',
    ],
    ['Mon Mar 02 08:15:00.250123 2026 [error] Apache', '15:00.250123', 'ERROR', undefined, 'Apache'],
    ['2026-03-02 08:15:00,250 api INFO name, then level', '15:00.250', 'INFO', 'api', 'name, then level'],
    [
      '2026-03-02T08:15:00+0000 [INFO] [api_server:1] BentoML',
      '15:00.000',
      'INFO',
      undefined,
      '[api_server:1] BentoML',
    ],
    [
      '[INFO]\t2026-03-02T08:15:00.250Z\tc6af9ac6\tLambda',
      '15:00.250',
      'INFO',
      undefined,
      'c6af9ac6\tLambda',
    ],
    [
      '2026-03-02T08:15:00.250Z\tINFO\tzap\t{"port": 8080}',
      '15:00.250',
      'INFO',
      undefined,
      'zap\t{"port": 8080}',
    ],
    ['1772439300.250 WARN epoch in front', '15:00.250', 'WARNING', undefined, 'epoch in front'],
    ['2026-03-02 08:15:00 error: small letters', '15:00.000', 'ERROR', undefined, 'small letters'],
    ['2026-03-02 08:15:00.250 | SUCCESS  | app:main:1 - loguru', '15:00.250', 'INFO', 'app:main:1', 'loguru'],
    [
      '2026-03-02 08:15:00 - loading the model failed',
      '15:00.000',
      'UNKNOWN',
      undefined,
      'loading the model failed',
    ],
  ]);
  const access = '127.0.0.1 - - [02/Mar/2026:08:15:04 +0000] "GET /health HTTP/1.1" 200 15';
  assertRead([[access, '15:04.000', 'INFO', undefined, access]]);
});

test('lines without a time have their level, and prose has none', () => {
  for (const [entry, level, message] of [
    ['INFO:     Uvicorn running', 'INFO', 'Uvicorn running'],
    ['WARNING:root:by default', 'WARNING', 'by default'],
    ['[ERROR] in brackets', 'ERROR', 'in brackets'],
    ['the word INFO in a text', 'UNKNOWN', 'the word INFO in a text'],
    ['  indented', 'UNKNOWN', '  indented'],
  ] as const) {
    const event = parse(entry);
    assert.deepEqual([event.level, event.message, event.written], [level, message, ''], entry);
  }
  const year = new Date().getUTCFullYear();
  const absl = parse('I0102 08:15:00.250123 42 server.py:12] absl names no year');
  assert.deepEqual(
    [absl.timestamp, absl.level, absl.logger],
    [`${year}-01-02T08:15:00.250123Z`, 'INFO', 'server.py:12'],
  );
});

test("JSON of loggers is read by their keys, and what they don't explain is kept", () => {
  assertRead([
    [
      { asctime: '2026-03-02 08:15:00,250', levelname: 'WARNING', name: 'api', message: 'm', queue: 17 },
      '15:00.250',
      'WARNING',
      'api',
      'm',
    ],
    [{ message: 'm', levelname: 'INFO', created: 1772439301.5 }, '15:01.500', 'INFO', undefined, 'm'],
    [
      { '@timestamp': '2026-03-02T08:15:02.250Z', 'log.level': 'error', message: 'm' },
      '15:02.250',
      'ERROR',
      undefined,
      'm',
    ],
    [
      { '@timestamp': '2026-03-02T08:15:02.250Z', log: { level: 'warn', logger: 'x' }, message: 'm' },
      '15:02.250',
      'WARNING',
      'x',
      'm',
    ],
    [
      { time: '2026-03-02T08:15:03.250+00:00', severity: 'CRITICAL', message: 'm' },
      '15:03.250',
      'CRITICAL',
      undefined,
      'm',
    ],
    [
      { event: 'predict.done', level: 'info', timestamp: '2026-03-02T08:15:04.250Z', logger: 'api' },
      '15:04.250',
      'INFO',
      'api',
      'predict.done',
    ],
    [
      { level: 'info', ts: 1772439300.25, caller: 'main.go:12', msg: 'zap' },
      '15:00.250',
      'INFO',
      undefined,
      'zap',
    ],
    [{ level: 40, time: 1772439300250, pid: 1, msg: 'pino' }, '15:00.250', 'WARNING', undefined, 'pino'],
    [
      { severity: 'NOTICE', timestamp: { seconds: 1772439300, nanos: 250_000_000 }, textPayload: 'google' },
      '15:00.250',
      'INFO',
      undefined,
      'google',
    ],
    [
      {
        MESSAGE: 'journal',
        PRIORITY: '3',
        __REALTIME_TIMESTAMP: '1772439300250000',
        SYSLOG_IDENTIFIER: 'api',
      },
      '15:00.250',
      'ERROR',
      'api',
      'journal',
    ],
    [
      { body: 'otel', severity_text: 'WARN', time: '2026-03-02T08:15:00.250Z' },
      '15:00.250',
      'WARNING',
      undefined,
      'otel',
    ],
    [
      { timestamp: '1772439302', level: 'INFO', message: 'm', data: null },
      '15:02.000',
      'INFO',
      undefined,
      'm',
    ],
  ]);
  assert.deepEqual(
    parse({ asctime: '2026-03-02 08:15:00,250', levelname: 'INFO', message: 'm', queue: 17, data: { a: 1 } })
      .data,
    { queue: 17, a: 1 },
  );
  assert.deepEqual(parse({ message: 'm', a: 1, time: 12.5, level: { x: 1 }, data: { a: 2 } }).data, {
    time: 12.5,
    level: { x: 1 },
    a: 2,
    other: { a: 1 },
  });
});

test("loguru's serialized records have their time, level, name, and their extra members as data", () => {
  const record = {
    message: 'bad input',
    level: { name: 'ERROR', no: 40, icon: 'x' },
    time: { repr: '2026-03-02 08:15:00.250000+00:00', timestamp: 1772439300.25 },
    name: 'app',
    line: 42,
    extra: { transaction_id: 't-9' },
  };
  assertRead([[{ text: 'formatted', record }, '15:00.250', 'ERROR', 'app', 'bad input']]);
  const event = parse({ text: 'formatted', record });
  assert.equal(event.transactionId, 't-9');
  assert.deepEqual(event.data, { line: 42, transaction_id: 't-9' });
});

test('a log in the envelope of a container is that log, with its own identity', () => {
  const call =
    '2026-03-02 08:15:01,250 - api - ERROR - [t-1] API Call - POST /predict - Status: 200 - Time: 9.50ms - Input: {"AGE": 52} - Result: {"prediction": "YES"}';
  const time = '2026-03-02T08:15:09.251123456Z';
  for (const entry of [
    JSON.stringify({ log: `${call}\n`, stream: 'stderr', time }),
    `${time} stdout F ${call}`,
    { date: 1772439300.25, time, stream: 'stdout', logtag: 'F', message: call },
    { date: 1772439300.25, stream: 'stdout', _p: 'F', log: call, time },
    { MESSAGE: call, PRIORITY: '6', __REALTIME_TIMESTAMP: '1772439300250000' },
  ]) {
    const { id, timestamp, level, result, transactionId } = parse(entry);
    assert.deepEqual([id, timestamp, level], [parse(call).id, '2026-03-02T08:15:01.250Z', 'ERROR']);
    assert.deepEqual([result, transactionId], [{ prediction: 'YES' }, 't-1']);
  }
  const bare = parse({ log: 'INFO:     no time of its own\n', stream: 'stdout', time, attrs: { tag: 'x' } });
  assert.deepEqual([bare.timestamp, bare.level, bare.message], [time, 'INFO', 'no time of its own']);
  assert.deepEqual(bare.data, { attrs: { tag: 'x' } });
});

test('colours, a byte order mark, blanks in front and CRLF change nothing', () => {
  const json = '{"timestamp": "2026-03-02T08:15:00.250Z", "level": "ERROR", "message": "m", "data": null}';
  const { id } = parse(json);
  for (const entry of [`\ufeff${json}`, `  ${json}`, `\t${json}\r\n`, `\u001b[31m${json}\u001b[0m`])
    assert.equal(parse(entry).id, id);
  const text = parse('2026-03-02 08:15:01,250 - api - WARNING - m');
  for (const entry of [
    '\u001b[32m2026-03-02 08:15:01,250\u001b[0m - api - \u001b[33mWARNING\u001b[0m - m',
    '\ufeff2026-03-02 08:15:01,250 - api - WARNING - m\r\n',
    '2026-03-02 08:15:01,250 - api - WARNING - \u001b[1mm\u001b[0m',
  ])
    assert.deepEqual({ ...parse(entry), message: parse(entry).message.trimEnd() }, text);
  assert.equal(parse('{"message": "m", "level": "\\u001b[31merror\\u001b[39m"}').level, 'ERROR');
});

test("levels are Python's five, and what was written makes the identity", () => {
  const levels: Record<string, (string | number)[]> = {
    DEBUG: ['debug', 'TRACE', 10, 'Verbose', '7'],
    INFO: ['info', 'NOTICE', 20, 25, 'Level 25', 'SUCCESS', 6],
    WARNING: ['warn', 'Warning', 30],
    ERROR: ['err', 'SEVERE', 40, '3'],
    CRITICAL: ['fatal', 'PANIC', 'emerg', 50, 60, 0],
  };
  for (const [level, written] of Object.entries(levels)) {
    for (const each of written) {
      const entry = { timestamp: '2026-03-02T08:15:00Z', level: each, message: 'm' };
      assert.equal(parse(entry).level, level, String(each));
      assert.notEqual(parse(entry).id, parse({ ...entry, level: 'other' }).id);
    }
  }
  assert.equal(parse({ level: 'MINE', message: 'm' }).level, 'MINE');
});

test('integers beyond 2^53 keep their digits, in ids and documents', () => {
  const entry = (data: string): string =>
    `{"timestamp": "2026-03-02T08:15:00Z", "level": "INFO", "message": "m", "data": ${data}}`;
  const event = parse(
    entry(
      '{"transaction_id": 9223372036854775807, "input_data": {"PATIENT": 1234567890123456789, "AGE": 52}}',
    ),
  );
  assert.equal(event.transactionId, '9223372036854775807');
  assert.deepEqual(event.input, { PATIENT: '1234567890123456789', AGE: 52 });
  assert.notEqual(
    parse(entry('{"user": 1234567890123456701}')).id,
    parse(entry('{"user": 1234567890123456702}')).id,
  );
});

test('what stands behind the JSON of a call costs it nothing', () => {
  const call =
    '[x] API Call - POST /predict - Status: 200 - Time: 1ms - Input: {"AGE": 1} - Result: {"prediction": 1}';
  for (const rest of [
    '\nINFO:     127.0.0.1 - "POST /predict HTTP/1.1" 200 OK',
    ' (pid 12)',
    '\n - Status: 500',
  ]) {
    const event = parse(line(call + rest));
    assert.deepEqual(
      [event.statusCode, event.input, event.result],
      [200, { AGE: 1 }, { prediction: 1 }],
      rest,
    );
  }
});

test('the format that read an entry is told, and one that throws is named', () => {
  const readTimestamp = createTimestampReader('UTC');
  const failing = { name: 'mine', parse: () => assert.fail('not today') };
  const read = (formats: Parameters<typeof createEventParser>[0]['formats']) =>
    createEventParser({ readTimestamp, maxEntryBytes: 1000, formats });
  assert.equal(read(defaultFormats())(line('x')).format, 'documented');
  assert.equal(read(defaultFormats())('just text').format, undefined);
  assert.throws(() => read([failing])('x'), /format mine: not today/);
});

test('a log in an envelope is read as it stands there, and what is beside it is kept', () => {
  const inner = '2026-03-02 08:15:02,250 - api - ERROR - inside';
  const json =
    '{"timestamp": "2026-03-02T08:15:01.250Z", "level": "ERROR", "message": "inside", "data": null}';
  const filebeat = { '@timestamp': '2026-03-02T08:15:09.000Z', agent: { type: 'filebeat' } };
  assertRead([
    [{ ...filebeat, message: inner }, '15:02.250', 'ERROR', 'api', 'inside'],
    [{ ...filebeat, message: json }, '15:01.250', 'ERROR', undefined, 'inside'],
    [{ date: 1772439309.5, log: json }, '15:01.250', 'ERROR', undefined, 'inside'],
    [{ host: 'n1', body: json }, '15:01.250', 'ERROR', undefined, 'inside'],
    [{ ...filebeat, message: 'INFO:     no time' }, '15:09.000', 'INFO', undefined, 'no time'],
    [{ ...filebeat, message: 'not a log' }, '15:09.000', 'UNKNOWN', undefined, 'not a log'],
    [{ ...filebeat, 'log.level': 'error', message: inner }, '15:09.000', 'ERROR', undefined, inner],
  ]);
  assert.deepEqual(parse({ ...filebeat, message: inner }).data, { agent: { type: 'filebeat' } });
});

const vector = { file: '/a.log', host: 'h', source_type: 'file', timestamp: '2026-11-24T20:00:00Z' };

test('a line that Vector or Fluent Bit sent has the id of the bare line, and at worst the time they read it at', () => {
  const dated = '2026-11-24 19:26:39 - api - INFO - first';
  const trace = 'Traceback (most recent call last):';
  const call = '[u-1] POST /predict - 200 - 45ms - {} - {}';
  const bare = '{"event": "predict"}';
  const { timestamp: at, ...beside } = vector;
  for (const inner of [dated, trace, call, bare, 'INFO:     begun', '10:00:00 - x']) {
    const cases: [JsonObject, string, JsonObject][] = [
      [{ ...vector, message: inner }, at, beside],
      [{ ...vector, message: inner, timestamp: '2026-11-25T20:00:00Z' }, '2026-11-25T20:00:00Z', beside],
      [{ date: 1795550400.5, log: `${inner}\n`, stream: 'stdout' }, at, { stream: 'stdout' }],
      [{ '@timestamp': at, log: inner }, at, {}],
    ];
    for (const [envelope, readAt, data] of cases) {
      const { id, timestamp, data: kept } = parse(envelope);
      assert.equal(id, parse(inner).id, JSON.stringify(envelope));
      const expected = inner === dated ? '2026-11-24T19:26:39' : readAt.slice(0, 19);
      assert.equal(timestamp.slice(0, 19), expected, JSON.stringify(envelope));
      for (const [name, value] of Object.entries(data)) assert.deepEqual(kept?.[name], value);
    }
  }
});

test('a log that was decoded on the way keeps every member and its own time', () => {
  const log = { asctime: '2026-11-24 19:26:39,250', levelname: 'INFO', data: { a: 1 } };
  const { timestamp: _, ...beside } = vector;
  for (const message of ['POST /predict', '[u-1] POST /predict']) {
    const event = parse({ ...log, message, ...vector });
    assert.equal(event.timestamp, '2026-11-24T19:26:39.250Z');
    assert.deepEqual([event.level, event.message], ['INFO', message]);
    assert.equal(event.id, parse({ ...log, message, ...beside }).id);
    assert.deepEqual(event.data, { a: 1, ...beside });
  }
  const untimed = parse({ message: 'POST /predict', user: 7, ...vector });
  assert.deepEqual([untimed.written, untimed.message], [vector.timestamp, 'POST /predict']);
  assert.equal(untimed.data?.user, 7);
});

test('a log whose message or member only looks like another log stays whole', () => {
  const two = { timestamp: '2026-11-24T19:26:40.123456', level: 'INFO', message: 'two', data: null };
  const dated = '2026-11-24 19:26:39 - api - ERROR - first';
  for (const [entry, message] of [
    [{ ...two, message: dated }, dated],
    [{ ...two, source_type: 'file' }, 'two'],
    [{ ...two, log: dated }, 'two'],
    [{ message: 'no date', host: 'h' }, 'no date'],
    [{ event: 'login', user: 7 }, 'login'],
  ] as const)
    assert.equal(parse(entry as JsonObject).message, message);
});
