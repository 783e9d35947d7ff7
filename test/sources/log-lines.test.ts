import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cutLogs, entriesOf } from '../../src/sources/log-lines.ts';
import { line, realLines } from '../samples.ts';

const cut = (text: string): string[] =>
  cutLogs(text, true).flatMap((span) => entriesOf(span, (start, end) => text.slice(start, end)));
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

test('text behind an array that was never closed is text, whatever it begins with', () => {
  const texts = [dated, 'true, said the model', '12 workers', '"quoted" words', 'null', 'a b c'];
  for (const beginning of [`[${json('a')}`, `[${json('a')},`, `[\n${json('a')},\n`]) {
    const [log, ...others] = cut([beginning, ...texts, json('b')].join('\n'));
    assert.equal(log, json('a'));
    assert.equal(others.at(-1), json('b'));
    assert.equal(others.slice(0, -1).join('\n'), texts.join('\n'), beginning);
  }
  const values = [json('a'), '5', '"text"', 'null', json('b')];
  assert.equal(cut(`[${values.join(', ')}]`).length, values.length);
});

test('a line that only begins like JSON is text, and keeps each of its characters', () => {
  const texts = [
    '["x"] started',
    '[ "x" ] started',
    '["GET", "/x"] 200',
    '["x"]:["y"]',
    '["x", ...]',
    '["x"',
    '["never closed',
    '[1] worker up',
    '[1, 2, 3]',
    '[[1.0, 2.0]] <- prediction',
    '[["a", "b"]] shape',
    '[[1], [2]]',
    '[] empty',
    '[{}] done',
    '[{"a": 1}] trailing',
    '[{"a": 1}, {"b": 2}, ...]',
    '[{"a": 1}, 5 more] left',
    '[{"a": 1}, {"b": 2}] and {"c": 3}',
    '[{"loc": ["body"], "msg": "field required"}] validation failed',
    '[{"a": nan}] x',
    '[null] x',
    '{} done',
    '{"a": 1} trailing',
    '{"a": 1}: text',
    '{"a": [1, 2]} - took 5ms',
    '{"a": 1}\ttab\tfields',
    '{"a": 1}} extra',
    '{"a": 1}] rest',
    '{"a": 1}, rest',
    "{'a': 1} of Python",
    '{"x"} is a set',
    '{a: 1} of YAML',
    '{%template%}',
    '], closing',
    '}, closing',
    ', comma first',
    ',"quoted","columns"',
    '"quoted" words',
    '"quoted": {"a": 1}',
    '{"a": "never closed',
  ];
  for (const text of texts) {
    assert.deepEqual(cut(text), [text]);
    assert.deepEqual(cut(`${json('x')}\n${text}\n${json('y')}`), [json('x'), text, json('y')]);
    assert.deepEqual(cut(`${dated}\n${text}\n${dated}`).join('\n'), `${dated}\n${text}\n${dated}`);
  }
  assert.deepEqual(cut(`${json('a')} trailing`), [json('a'), ' trailing']);
  assert.deepEqual(cut(`{"a": 1} ${dated}`), ['{"a": 1}', ` ${dated}`]);
  assert.deepEqual(cut(`[{"a": 1},\n{"b": 2}\n] started`), ['{"a": 1}', '{"b": 2}', '] started']);
});

const docker = (log: string, stream = 'stdout', other = {}): string =>
  JSON.stringify({ log, stream, ...other, time: '2026-03-02T08:15:01.251123456Z' });
const cri = (tag: 'F' | 'P', text: string, stream = 'stdout'): string =>
  `2026-03-02T08:15:01.251123456Z ${stream} ${tag} ${text}`;

test("lines in Docker's envelope are joined by what is in them", () => {
  const lines = [
    docker(`${dated}\n`),
    docker('Traceback\n'),
    docker('ValueError: no\n'),
    docker('{"a": '),
    docker('1}\n'),
  ];
  assert.deepEqual(cut(`${lines.join('\n')}\n`), [
    docker(`${dated}\nTraceback\nValueError: no`),
    docker('{"a": 1}'),
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

test('so are the objects that Fluent Bit makes of such lines, whether it keeps the ends of lines or not', () => {
  const tagged = (logtag: 'F' | 'P', message: string, pod = 'a'): string =>
    JSON.stringify({ date: 1.5, time: 't', stream: 'stdout', logtag, message, kubernetes: { pod } });
  const parts = [
    tagged('P', '{"level": '),
    tagged('F', 'other', 'b'),
    tagged('F', '"INFO"}'),
    tagged('F', 'x'),
  ];
  const joined = [tagged('F', '{"level": "INFO"}'), tagged('F', 'other', 'b'), tagged('F', 'x')];
  assert.deepEqual(cut(parts.join('\n')), joined);
  assert.deepEqual(cut(`[${parts}]`), joined);
  const untagged = (log: string): string =>
    JSON.stringify({ date: 1.5, log, stream: 'stdout', time: '2026-03-02T08:15:01Z' });
  assert.deepEqual(cut([untagged('INFO:     a'), untagged('b\n')].join('\n')), [untagged('INFO:     ab')]);
  assert.deepEqual(cut([untagged('one'), untagged('two')].join('\n')), [untagged('one'), untagged('two')]);
});

test('what the streams of a container, or several containers, write at once is told apart', () => {
  const traceback = [`${dated}`, 'Traceback (most recent call last):', '  File "é.py"', 'ValueError: no'];
  const pretty = JSON.stringify(JSON.parse(json('x')), undefined, 1).split('\n');
  const mix = (a: readonly string[], b: readonly string[]): string[] =>
    Array.from({ length: Math.max(a.length, b.length) }, (_, n) => [a[n], b[n]])
      .flat()
      .filter((each) => each !== undefined);
  const [start, middle, end] = [
    json('long').slice(0, 20),
    json('long').slice(20, 40),
    json('long').slice(40),
  ];
  const lines = mix(
    traceback.map((each) => cri('F', each, 'stderr')),
    [cri('P', start!), cri('P', middle!), cri('F', end!), cri('F', json('next'))],
  );
  assert.deepEqual(cut(`${lines.join('\n')}\n`), [
    cri('F', traceback.join('\n'), 'stderr'),
    cri('P', json('long')),
    cri('F', json('next')),
  ]);
  const [a, b] = [{ attrs: { tag: 'a' } }, { attrs: { tag: 'b' } }];
  const two = mix(
    traceback.map((each) => docker(`${each}\n`, 'stdout', a)),
    pretty.map((each) => docker(`${each}\n`, 'stdout', b)),
  );
  assert.deepEqual(cut(two.join('\n')), [
    docker(traceback.join('\n'), 'stdout', a),
    docker(pretty.join('\n'), 'stdout', b),
  ]);
});

test("two objects on a container's line are two logs, and so is what ends and begins on one", () => {
  const pretty = JSON.stringify(JSON.parse(json('c')), undefined, 1).split('\n');
  for (const wrap of [docker, (text: string) => cri('F', text.trimEnd())])
    assert.deepEqual(
      cut(
        [`${json('a')}${json('b')}\n`, ...pretty.slice(0, -1), `} ${json('d')}`]
          .map((each) => wrap(`${each}\n`))
          .join('\n'),
      ),
      [json('a'), json('b'), pretty.join('\n'), json('d')].map((each) => wrap(each)),
    );
});

test("a container's log is whole once its stream goes on, or was silent long enough; mixed ones together", () => {
  const spans = (text: string): (boolean | undefined)[][] =>
    cutLogs(text, false).map(({ closed, mixed }) => [closed, mixed]);
  const [out, err] = [cri('F', dated), cri('F', dated, 'stderr')];
  assert.deepEqual(spans(`${out}\n${err}\n${out}\n`), [
    [true, false],
    [false, false],
    [false, false],
  ]);
  assert.deepEqual(spans(`${out}\n${err}\n${cri('F', 'Traceback')}\n${out}\n`), [
    [false, true],
    [false, false],
    [false, false],
  ]);
  assert.deepEqual(spans(`${out}\n${cri('F', json('x'), 'stderr')}\n`.repeat(2)).length, 4);
  assert.equal(spans(`${out}\n${`${err}\n`.repeat(101)}`)[0]![0], true);
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
    '[{}',
    '[{}]',
    '{} x',
    '["",',
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
