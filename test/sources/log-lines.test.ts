import assert from 'node:assert/strict';
import { test } from 'node:test';
import { joinLines } from '../../src/sources/container-lines.ts';
import { cutLogs } from '../../src/sources/log-lines.ts';
import { line, realLines } from '../samples.ts';

const cut = (text: string): string[] =>
  cutLogs(text, true).map(({ start, end, lines }) =>
    lines ? joinLines(lines.map((each) => text.slice(each.start, each.end))) : text.slice(start, end),
  );
const json = (message: string): string =>
  JSON.stringify({ timestamp: '2026-03-02T08:15:00.250Z', level: 'INFO', message, data: { a: 1 } });
const dated = line('first');

test('a line that begins a log of any known format begins a log', () => {
  const logs = [
    dated,
    'INFO:     Uvicorn running on http://0.0.0.0:8000',
    '[2026-03-02 08:15:02 +0000] [4242] [ERROR] Worker was sent SIGKILL!',
    'INFO:     127.0.0.1:51234 - "POST /predict HTTP/1.1" 500 Internal Server Error',
    'ERROR:    Exception in ASGI application\nTraceback (most recent call last):\n  File "a.py", line 7\nValueError: no',
    '127.0.0.1 - - [02/Mar/2026:08:15:04 +0000] "GET /health HTTP/1.1" 200 15',
    'WARNING:root:by default',
    '\u001b[32m2026-03-02 08:15:01,250\u001b[0m - api - WARNING - colours',
    'I0302 08:15:05.250123 42 server.py:1] absl',
    '[I 260302 08:15:00 web:2064] Tornado',
    'Mon, 02 Mar 2026 08:15:00 GMT - api - INFO - RFC 2822',
    '  2026-03-02 08:15:06 - api - INFO - behind blanks',
    json('JSON'),
    dated,
  ];
  assert.deepEqual(cut(`${logs.join('\n')}\n`), logs);
  assert.deepEqual(
    cut(`\ufeff${dated}\r\n${dated}`).map((log) => log.trim()),
    [dated, dated],
  );
  assert.deepEqual(cut(realLines.join('\n')), realLines);
});

test('a traceback joins its log, blank lines included; behind JSON it is a log of its own', () => {
  const traceback = 'Traceback (most recent call last):\n\n  File "x.py", line 1\nValueError: [no] {"a": 1}';
  assert.deepEqual(cut(`${dated}\n${traceback}\n${dated}`), [`${dated}\n${traceback}`, dated]);
  assert.deepEqual(cut(`${json('x')}\nnot its own\n${traceback}\n${dated}`), [
    json('x'),
    'not its own',
    traceback,
    dated,
  ]);
});

test('JSON may be pretty-printed, in an array, behind blanks, and share a line', () => {
  const [a, b] = [json('a } {'), json('b')];
  const pretty = (text: string): string => JSON.stringify(JSON.parse(text), undefined, 2);
  assert.deepEqual(cut(`${pretty(a)}\n${pretty(b)}\n`), [pretty(a), pretty(b)]);
  for (const text of [
    `[${a},\n${b}]`,
    `${a}${b}`,
    `${a} ${b}\n`,
    `  ${a}\n\t${b}`,
    `[\n${a}\n,\n${b}\n]\n`,
    `${a}\n,${b}]`,
  ])
    assert.deepEqual(cut(text), [a, b], text);
});

test('a pretty-printed object that is no log stays in the message before it, one that is a log does not', () => {
  const config = '{\n  "batch": 8,\n  "threads": 2\n}';
  const log = JSON.stringify(JSON.parse(json('x')), undefined, 2);
  assert.deepEqual(cut(`${dated}\n${config}\n${log}\n`), [`${dated}\n${config}`, log]);
});

test('JSON that is cut off costs no log behind it', () => {
  const whole = json('x');
  for (const at of [1, 12, 40, whole.length - 8, whole.length - 1]) {
    const broken = whole.slice(0, at);
    assert.deepEqual(cut(`${broken}\n${whole}\n${dated}\n`), [broken, whole, dated], broken);
  }
});

const docker = (log: string, stream = 'stdout'): string =>
  JSON.stringify({ log, stream, time: '2026-03-02T08:15:01.251123456Z' });
const cri = (tag: 'F' | 'P', text: string): string => `2026-03-02T08:15:01.251123456Z stdout ${tag} ${text}`;

test("lines in Docker's envelope are joined by what is in them", () => {
  const lines = [
    docker(`${dated}\n`),
    docker('Traceback\n'),
    docker('ValueError: no\n'),
    docker('{"a": '),
    docker('1}\n'),
  ];
  assert.deepEqual(cut(`${lines.join('\n')}\n`), [
    docker(`${dated}\nTraceback\nValueError: no\n`),
    docker('{"a": 1}\n'),
  ]);
  const two = [docker('half', 'stderr'), docker(`${dated}\n`)];
  assert.deepEqual(cut(two.join('\n')), two);
});

test("so are those of Kubernetes' runtimes, which cut long lines into parts", () => {
  const lines = [
    cri('F', dated),
    cri('F', 'Traceback'),
    cri('P', '{"timestamp": "2026'),
    cri('P', '-03-02", "mess'),
    cri('F', 'age": 1}'),
  ];
  assert.deepEqual(cut(`${lines.join('\n')}\n`), [
    `${cri('F', dated)}\nTraceback`,
    cri('P', '{"timestamp": "2026-03-02", "message": 1}'),
  ]);
});

test('while more may come, what could go on is left open', () => {
  const closed = (text: string): boolean[] => cutLogs(text, false).map((each) => each.closed);
  assert.deepEqual(closed(`${dated}\n${dated}\n`), [true, false]);
  assert.deepEqual(closed(`${json('x')}\n`), [true]);
  assert.deepEqual(closed(`${json('x')}\n{\n  "message": `), [true, false]);
});

test('texts made to be slow are cut in time', { timeout: 20_000 }, () => {
  for (const text of [
    '{"a":\n',
    '{"a":[\n',
    '[\n',
    '{\n',
    '{"a":1,\n',
    '"',
    '{"a":"b"}',
    '} {',
    '2026-01-01 00:00:00 - a\n',
  ])
    cutLogs(text.repeat(200_000), true);
});

test('whatever stands where a value should, it goes on', { timeout: 10_000 }, () => {
  // White space that JSON does not know, commas, closing brackets and colons, in arrays and behind them.
  for (const odd of ['\u2003', '\u00a0', '\v', '\f', '\u2028', ',', ',,', ']', '}', ':', '\ufeff', '\0'])
    for (const text of [
      `[[${odd}`,
      `[{"a":1}${odd}\n${dated}`,
      `[["x"]${odd}${odd}]`,
      `[\n[${odd}\r\n${dated}`,
      `${odd}[{`,
    ])
      assert.ok(cut(text).join('').length <= text.length);
});
