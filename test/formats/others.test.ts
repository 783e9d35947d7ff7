import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { normalizeLevel } from '../../src/level.ts';
import { beginsLog } from '../../src/sources/log-beginning.ts';
import { cutLogs, entriesOf } from '../../src/sources/log-lines.ts';
import { parse } from '../samples.ts';

/** A line, and what it is read as: time on 2 March 2026, level, logger, message, data. */
type Row = [
  line: string,
  time: string,
  level: string,
  logger?: string | undefined,
  message?: string,
  data?: object,
];

const seen: string[] = [];

function assertRead(rows: readonly Row[]): void {
  seen.push(...rows.map(([line]) => line));
  for (const [line, time, level, logger, message = line, data] of rows) {
    const event = parse(line);
    const read = { ...event, timestamp: event.timestamp.replace(/(?<=\.\d{3})0+Z$/, 'Z') };
    assert.deepEqual(
      [read.timestamp, read.level, read.logger, read.message, read.data],
      [`2026-03-02T${time}Z`, level, logger, message, data],
      line,
    );
    assert.ok(beginsLog(line, 0), line);
  }
}

test('pairs of key and value are read as Go and Heroku write them', () => {
  assertRead([
    [
      'time=2026-03-02T08:15:00.250Z level=WARN msg="a \\"long\\" queue" depth=17',
      '08:15:00.250',
      'WARNING',
      undefined,
      'a "long" queue',
      { depth: '17' },
    ],
    [
      'level=info ts=1772439300.25 caller=main.go:12 logger=api msg=started __proto__=x',
      '08:15:00.250',
      'INFO',
      'api',
      'started',
      JSON.parse('{"caller": "main.go:12", "__proto__": "x"}'),
    ],
    ['t=2026-03-02T08:15:00Z lvl=eror event=x', '08:15:00.000', 'ERROR', undefined, 'x'],
    ['t=2026-03-02T08:15:00Z lvl=mine event=x', '08:15:00.000', 'UNKNOWN', undefined, 'x', { lvl: 'mine' }],
  ]);
  const router = parse('at=error code=H12 desc="Request timeout" status=503\n  continued');
  assert.deepEqual(
    [router.level, router.message],
    ['ERROR', 'at=error code=H12 desc="Request timeout" status=503\n  continued'],
  );
  for (const text of ['level=5 is high', 'a=1 a=2 level=info', 'level=info', 'x=1 y=2'])
    assert.deepEqual([parse(text).level, parse(text).message], ['UNKNOWN', text]);
});

test("syslog's head is an envelope: the log in it keeps its own level, and the API's calls are found", () => {
  assertRead([
    [
      '<34>1 2026-03-02T08:15:00.25Z host api 42 ID47 [ex@1 iut="3 \\"]"][b] \ufefffailed',
      '08:15:00.250',
      'CRITICAL',
      'api',
      'failed',
      {
        facility: 4,
        host: 'host',
        process: '42',
        message_id: 'ID47',
        structured_data: '[ex@1 iut="3 \\"]"][b]',
      },
    ],
    [
      '<165>1 2026-03-02T08:15:00Z - - - - - text',
      '08:15:00.000',
      'INFO',
      undefined,
      'text',
      { facility: 20 },
    ],
    [
      '<158>1 2026-03-02T08:15:00.25+00:00 host heroku router - at=error method=GET',
      '08:15:00.250',
      'ERROR',
      'heroku',
      'at=error method=GET',
      { facility: 19, host: 'host', process: 'router', method: 'GET' },
    ],
    [
      '<11>Mar  2 08:15:00 host api[42]: bad',
      '08:15:00.000',
      'ERROR',
      'api',
      'bad',
      { facility: 1, host: 'host', process: '42' },
    ],
    ['Mar  2 08:15:00 host api: DEBUG: x', '08:15:00.000', 'DEBUG', 'api', 'x', { host: 'host' }],
    [
      '2026-03-02T08:15:00+00:00 app[web.1]: INFO:     up',
      '08:15:00.000',
      'INFO',
      'app',
      'up',
      { process: 'web.1' },
    ],
    ['2026-03-02T08:15:00Z api ERROR: no envelope', '08:15:00.000', 'ERROR', 'api', 'no envelope'],
  ]);
  const call = '2026-03-02 08:15:01 - api - INFO - [t] API Call - GET /x - Status: 200 - Time: 1ms';
  const inside = parse(`Mar  2 08:15:02 host api[42]: ${call}`);
  assert.deepEqual(
    [inside.id, inside.httpPath, inside.timestamp],
    [parse(call).id, '/x', '2026-03-02T08:15:01.000Z'],
  );
});

test('lines behind the name of a worker are read without it', () => {
  assertRead([
    [
      '(ServeReplica:m pid=42, ip=10.0.0.1) INFO 2026-03-02 08:15:00,250 m.py:360 - done',
      '08:15:00.250',
      'INFO',
      'm.py:360',
      'done',
      { worker: 'ServeReplica:m pid=42, ip=10.0.0.1' },
    ],
    [
      '[rank0]:[W302 08:15:00.250123456 Group.cpp:12] slow',
      '08:15:00.250123456',
      'WARNING',
      'Group.cpp:12',
      'slow',
      { worker: 'rank0' },
    ],
  ]);
});

test('levels of one letter are known in every layout', () => {
  assertRead([
    [
      'I0000 00:00:1772439300.25 42 dnn.cc:529] on',
      '08:15:00.250',
      'INFO',
      'dnn.cc:529',
      'on',
      { context: '42' },
    ],
    ['[W302 08:15:00.25 socket.cpp:755] failed', '08:15:00.250', 'WARNING', 'socket.cpp:755', 'failed'],
    [
      '[2026-03-02 08:15:00,250 E 42 43] (raylet) main.cc:179: down',
      '08:15:00.250',
      'ERROR',
      '(raylet) main.cc:179',
      'down',
      { context: '42 43' },
    ],
    [
      'E, [2026-03-02T08:15:00.25 #42] ERROR -- : bad',
      '08:15:00.250',
      'ERROR',
      undefined,
      'bad',
      { context: '42' },
    ],
    [
      'E0302 08:15:00.25 1 election.go:330] lock',
      '08:15:00.250',
      'ERROR',
      'election.go:330',
      'lock',
      { context: '1' },
    ],
  ]);
});

test('the words of logrus and MySQL that stand for levels nowhere else are known', () => {
  assertRead([
    [
      'WARN[2026-03-02T08:15:00Z] The group grew    number=122 omg=true',
      '08:15:00.000',
      'WARNING',
      undefined,
      'The group grew    number=122 omg=true',
    ],
    [
      '2026-03-02T08:15:00.123456Z 0 [Note] [MY-010931] [Server] ready',
      '08:15:00.123456',
      'INFO',
      undefined,
      '[MY-010931] [Server] ready',
      { context: '0' },
    ],
    [
      '2026-03-02T08:15:00.123456Z 0 [Warning] [MY-010068] [Server] CA',
      '08:15:00.123456',
      'WARNING',
      undefined,
      '[MY-010068] [Server] CA',
      { context: '0' },
    ],
    [
      '2026-03-02  8:15:00 0 [Note] mariadbd: ready',
      '08:15:00.000',
      'INFO',
      undefined,
      'mariadbd: ready',
      { context: '0' },
    ],
  ]);
  const { level, message, data, written } = parse('ERRO[0012] It failed    error="no route"');
  assert.deepEqual(
    [level, message, data, written],
    ['ERROR', 'It failed    error="no route"', { context: '0012' }, ''],
  );
  assert.ok(beginsLog('ERRO[0012] It failed', 0));
  assert.equal(parse('Note: no level').level, 'UNKNOWN');
});

test('access logs of every server are told by their time and request', () => {
  assertRead(
    [
      '127.0.0.1 [02/Mar/2026:08:15:00 +0000] "GET /health HTTP/1.1" 200 163 "-" "curl/8"',
      '[02/Mar/2026 08:15:00] "GET /admin/ HTTP/1.1" 200 1234',
      '[2026-03-02T08:15:00.000Z] "POST /predict HTTP/1.1" 200 - 10 2 12 11 "-" "curl"',
      '[pid: 42|app: 0|req: 1/1] 127.0.0.1 () {28 vars in 300 bytes} [Mon Mar  2 08:15:00 2026] GET / => 2 bytes',
      '10.0.0.1 - alice [02/Mar/2026:08:15:00 +0000] "POST /predict HTTP/1.1" 502 157 "-" "python-requests/2"',
    ].map((line): Row => [line, '08:15:00.000', 'INFO']),
  );
});

test('Spring, monolog, Apache, Rust and .NET have their levels where they put them', () => {
  assertRead([
    [
      '2026-03-02T08:15:00.250Z  WARN 42 --- [api] [           main] c.e.api.Application      : slow',
      '08:15:00.250',
      'WARNING',
      'c.e.api.Application',
      'slow',
      { context: '42 --- [api] [           main]' },
    ],
    [
      '2026-03-02 08:15:00,250 [main] INFO  com.App - up',
      '08:15:00.250',
      'INFO',
      'com.App',
      'up',
      { context: 'main' },
    ],
    ['WARN  [2026-03-02 08:15:00,250] com.Api: slow', '08:15:00.250', 'WARNING', 'com.Api', 'slow'],
    ['[2026-03-02T08:15:00.25+00:00] app.ERROR: no []', '08:15:00.250', 'ERROR', 'app', 'no []'],
    [
      '[Mon Mar 02 08:15:00.25 2026] [core:error] [pid 42] no',
      '08:15:00.250',
      'ERROR',
      'core',
      '[pid 42] no',
    ],
    ['[2026-03-02T08:15:00Z WARN  api::server] slow', '08:15:00.000', 'WARNING', 'api::server', 'slow'],
    ['2026-03-02T08:15:00.25Z  INFO api::server: up', '08:15:00.250', 'INFO', 'api::server', 'up'],
    ['2026-03-02 08:15:00.250 +00:00 [WRN] slow', '08:15:00.250', 'WARNING', undefined, 'slow'],
  ]);
  const json = parse({
    timestamp: '2026-03-02T08:15:00Z',
    level: 'INFO+2',
    fields: { message: 'up', port: 1 },
    target: 'api',
  });
  assert.deepEqual(
    [json.level, json.logger, json.message, json.data],
    ['INFO', 'api', 'up', { fields: { port: 1 } }],
  );
  const otlp = parse({
    timeUnixNano: '1772439300250000000',
    severityText: 'ERROR',
    body: { stringValue: 'no' },
  });
  assert.deepEqual(
    [otlp.timestamp, otlp.level, otlp.message],
    ['2026-03-02T08:15:00.250000000Z', 'ERROR', 'no'],
  );
});

test('servers and libraries beside an API have their times and levels where they put them', () => {
  const postgres = '2026-03-02 08:15:00.25 UTC [42]';
  assertRead([
    ['2026-03-02 08:15:00 AM - api - INFO - morning', '08:15:00.000', 'INFO', 'api', 'morning'],
    ['2026-03-02 8:15:00 PM WARN api: evening', '20:15:00.000', 'WARNING', 'api', 'evening'],
    ['Mar 2, 2026 12:15:00 AM com.App start', '00:15:00.000', 'UNKNOWN', undefined, 'com.App start'],
    [
      '42:M 02 Mar 2026 08:15:00.250 # Out of memory',
      '08:15:00.250',
      'WARNING',
      undefined,
      'Out of memory',
      { context: '42:M' },
    ],
    ['42:C 02 Mar 2026 08:15:00.250 * up', '08:15:00.250', 'INFO', undefined, 'up', { context: '42:C' }],
    [`${postgres} LOG:  ready`, '08:15:00.250', 'INFO', undefined, 'ready', { context: '42' }],
    [`${postgres} DEBUG2:  x`, '08:15:00.250', 'DEBUG', undefined, 'x', { context: '42' }],
    [`${postgres} app@db STATEMENT:  SELECT`, '08:15:00.250', 'INFO', '[42] app@db', 'STATEMENT:  SELECT'],
    [
      '2026-03-02 08:15:00 UTC [42]: [1-1] user=app,db=app ERROR:  deadlock',
      '08:15:00.000',
      'ERROR',
      '[42]: [1-1] user=app,db=app',
      'deadlock',
    ],
    [
      '(raylet) [2026-03-02 08:15:00,250 E 42 43] (raylet) main.cc:179: killed',
      '08:15:00.250',
      'ERROR',
      '(raylet) main.cc:179',
      'killed',
      { worker: 'raylet', context: '42 43' },
    ],
    [
      '(pid=42) INFO 2026-03-02 08:15:00,250 model 42 -- up',
      '08:15:00.250',
      'INFO',
      undefined,
      'model 42 -- up',
      { worker: 'pid=42' },
    ],
    ['2026-03-02T08:15:00.25Z DEBG slog of Rust', '08:15:00.250', 'DEBUG', undefined, 'slog of Rust'],
    [
      '{"t":{"$date":"2026-03-02T08:15:00.25+00:00"},"s":"W","c":"NETWORK","id":1,"msg":"MongoDB"}',
      '08:15:00.250',
      'WARNING',
      undefined,
      'MongoDB',
      { c: 'NETWORK', id: 1 },
    ],
    [
      '{"instant":{"epochSecond":1772439300,"nanoOfSecond":250000000},"level":"INFO","message":"log4j"}',
      '08:15:00.250',
      'INFO',
      undefined,
      'log4j',
    ],
    [
      '{"Timestamp":"2026-03-02T08:15:00.25+00:00","Level":"Warning","MessageTemplate":"x {y}"}',
      '08:15:00.250',
      'WARNING',
      undefined,
      'x {y}',
    ],
  ]);
  const data = parse({ message: 'm', s: 'text', t: 3 }).data;
  assert.deepEqual(data, { s: 'text', t: 3 });
  assert.equal(parse('2026-03-02 13:15:00 PM INFO thirteen').data?.timestamp, '2026-03-02 13:15:00 PM');
  assert.ok(beginsLog('\u001b[36m(Model pid=42)\u001b[0m INFO 2026-03-02 08:15:00,250 x', 0));
  assert.ok(beginsLog('08:15:00 - LiteLLM Proxy:INFO: proxy_server.py:12 - up', 0));
});

test('a time of day names no date: the level is read, and what was written stays', () => {
  for (const [line, level, message] of [
    ['[08:15:00] WARNING: ../src/learner.cc:1115: XGBoost', 'WARNING', '../src/learner.cc:1115: XGBoost'],
    ['[08:15:00 INF] Now listening', 'INFO', 'Now listening'],
    ["08:15:00 | ERROR   | Flow run 'x' - failed", 'ERROR', "Flow run 'x' - failed"],
  ] as const) {
    const event = parse(line);
    assert.deepEqual([event.level, event.message, event.data?.timestamp], [level, message, '08:15:00'], line);
    assert.ok(beginsLog(line, 0), line);
  }
  const lightgbm = parse('[LightGBM] [Warning] No further splits');
  assert.deepEqual(
    [lightgbm.level, lightgbm.logger, lightgbm.message],
    ['WARNING', 'LightGBM', 'No further splits'],
  );
  assert.equal(parse('08:15:00 is when it began').data, undefined);
  assert.equal(parse({ level: '', message: 'm' }).level, 'UNKNOWN');
});

/** Words that stand for a level, the time of an envelope, a key, or a part of a layout: they are in no event as they stand. */
function isLayout(word: string, text: string): boolean {
  if (normalizeLevel(word) !== undefined || /^([DIWEFC]?[\dTZ]+|Mar|Mon|pid|AM|PM|Note)$/.test(word))
    return true;
  return new RegExp(`\\b${word}(=|"\\s*:)|<${word}>`).test(text);
}

test('whatever is changed in a line, it is read at once, and nothing in it vanishes', {
  timeout: 120_000,
}, () => {
  const bits = [
    '"',
    '[',
    ']',
    '{',
    '}',
    '(',
    ')',
    ' ',
    ' - ',
    '|',
    ': ',
    '\n',
    '\t',
    '\\',
    '=',
    'é',
    'ERROR',
    '<',
    '2026-03-02 08:15:00 ',
  ];
  const line = fc.constantFrom(...seen);
  const change = fc.record({
    at: fc.nat(150),
    cut: fc.nat(4),
    put: fc.oneof(fc.constantFrom(...bits), line),
  });
  fc.assert(
    fc.property(line, fc.array(change, { maxLength: 3 }), line, (original, changes, next) => {
      const changed = changes.reduce(
        (text, { at, cut, put }) => text.slice(0, at) + put + text.slice(at + cut),
        original,
      );
      const event = parse(changed);
      const kept = JSON.stringify([event, event.written, event.data]);
      const text = `${changed}\n${next}`;
      const cut = cutLogs(text, true).flatMap((span) =>
        entriesOf(span, (start, end) => text.slice(start, end)),
      );
      const isKept = (word: string): boolean => kept.includes(word) || isLayout(word, changed);
      const words = (of: string): string[] => of.match(/[A-Za-z\d_]{3,}/g) ?? [];
      assert.deepEqual(
        words(changed).filter((word) => !isKept(word)),
        [],
      );
      assert.deepEqual(
        words(text).filter((word) => !cut.join('').includes(word)),
        [],
      );
    }),
    { numRuns: 1000 },
  );
});
