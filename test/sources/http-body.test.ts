import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Entry } from '../../src/entry.ts';
import { readBody } from '../../src/sources/http-body.ts';
import type { JsonObject } from '../../src/util/json.ts';
import { gradioLogs, line, realLines } from '../samples.ts';

const entriesOf = (body: string): Entry[] =>
  [...readBody(body)].map((part) => ('entry' in part ? part.entry : assert.fail(part.unreadable.reason)));

/** Entries as they are; what is unreadable as `[text, reason]`. */
const partsOf = (body: string): unknown[] =>
  [...readBody(body)].map((part) =>
    'entry' in part ? part.entry : [part.unreadable.entry, part.unreadable.reason],
  );

const one = { timestamp: '2026-11-24T19:26:39.123456', level: 'INFO', message: 'one {"[', data: { a: [1] } };
const two = { timestamp: '2026-11-24T19:26:40.123456', level: 'INFO', message: 'two', data: null };
const [first, second] = [line('first'), line('second')];

test('a JSON array, NDJSON, objects run together and pretty-printed ones hold the same entries', () => {
  const [a, b] = [JSON.stringify(one), JSON.stringify(two)];
  for (const body of [
    `[${a},${b}]`,
    ` [\n ${a} ,\n ${b}\n]\n`,
    `${a}\n${b}\n`,
    `${a}\r\n${b}`,
    `${a}${b}`,
    `[${a}]\n[${b}]`,
    JSON.stringify([one, two], null, 2),
    `${JSON.stringify(one, null, 2)}\n${JSON.stringify(two, null, 2)}`,
  ]) {
    assert.deepEqual(entriesOf(body), [one, two], body);
  }
});

test('lines of text are entries, and what follows a dated one without a date belongs to it', () => {
  const traceback = `${first}\nTraceback (most recent call last):\n\n  File "x.py", line 1\nValueError: [no]`;
  assert.deepEqual(entriesOf(`${realLines.join('\n')}\n`), realLines);
  assert.deepEqual(entriesOf(`${traceback}\n${second}\r\n`), [traceback, second]);
  assert.deepEqual(entriesOf('INFO: a\n\n[uuid] POST /predict\nINFO: b'), [
    'INFO: a',
    '[uuid] POST /predict',
    'INFO: b',
  ]);
  assert.deepEqual(entriesOf(`${first}\n${JSON.stringify(two)}\n`), [first, two]);
});

test('texts in a JSON array are entries', () => {
  assert.deepEqual(entriesOf(JSON.stringify([first, second])), [first, second]);
});

test('nothing holds nothing', () => {
  for (const body of ['', ' \r\n\n', '[]', '[ ]\n']) assert.deepEqual(entriesOf(body), []);
});

test('objects are entries as they came, whatever a shipper put around or beside them', () => {
  const vector = { file: '/a.log', host: 'h', source_type: 'file', timestamp: '2026-11-24T20:00:00Z' };
  const objects: JsonObject[] = [
    one,
    ...gradioLogs('100-0'),
    { ...vector, message: first },
    { ...vector, asctime: '2026-11-24 19:26:39,250', message: 'POST /predict' },
    { date: 1.5, log: `${first}\n` },
    { event: 'login', user: 7 },
  ];
  assert.deepEqual(entriesOf(JSON.stringify(objects)), objects);
});

test('what is broken costs its neighbours nothing', () => {
  const broken = 'it is broken JSON';
  const cases: [string, unknown[]][] = [
    [`{"a":1}\n{"b":\n{"c":3}\n`, [{ a: 1 }, ['{"b":', broken], { c: 3 }]],
    [`{"a":1}\n{"b":"x\n{"c":"y"}\n{"d":4}`, [{ a: 1 }, ['{"b":"x', broken], { c: 'y' }, { d: 4 }]],
    [`[{"a":1},{"b":tru},{"c":3}]`, [{ a: 1 }, ['{"b":tru}', broken], { c: 3 }]],
    [`[{"a":1},{"b":`, [{ a: 1 }, ['{"b":', broken]]],
    [`{"a":1}{"b":2`, [{ a: 1 }, ['{"b":2', broken]]],
    [`{"a":1}\n{}}\n{"c":3}`, [{ a: 1 }, ['{}}', broken], { c: 3 }]],
    [`["x"] started\n{'a': 1}\n{"a":1} trailing`, ['["x"] started', "{'a': 1}", '{"a":1} trailing']],
    [
      `["x",7,null,[1],{"c":3}]`,
      [
        'x',
        ['7', 'it is neither a JSON object nor a text'],
        ['null', 'it is neither a JSON object nor a text'],
        ['[1]', 'it is neither a JSON object nor a text'],
        { c: 3 },
      ],
    ],
  ];
  for (const [body, parts] of cases) assert.deepEqual(partsOf(body), parts, body);
});

test('JSON that nests too deep is unreadable, alone, however deep', () => {
  for (const depth of [33, 100_000]) {
    const deep = `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
    const reason = 'it nests deeper than 32 levels';
    assert.deepEqual(partsOf(`[{"a":1},${deep},{"c":3}]`), [{ a: 1 }, [deep, reason], { c: 3 }]);
  }
});

const entry = fc
  .oneof(
    fc.record({ level: fc.string(), message: fc.string() }),
    fc.dictionary(fc.stringMatching(/^[a-f]{1,3}$/), fc.jsonValue({ maxDepth: 3 })),
  )
  .filter((object) => !/\d{16}/.test(JSON.stringify(object))) as fc.Arbitrary<JsonObject>;

test('property: objects come back from every framing', () => {
  fc.assert(
    fc.property(fc.array(entry), fc.constantFrom('', '\n', '\r\n', ' \n\n'), (objects, between) => {
      const sent = objects.map((object) => JSON.stringify(object));
      const back = JSON.parse(JSON.stringify(objects));
      assert.deepEqual(entriesOf(sent.join(between)), back);
      assert.deepEqual(entriesOf(`[${sent.join(`${between},${between}`)}]`), back);
    }),
  );
});

test('property: a broken line between good ones costs them nothing', () => {
  const cut = fc.tuple(entry, fc.double({ min: 0, max: 1, noNaN: true })).map(([object, share]) => {
    const text = JSON.stringify(object);
    return text.slice(0, 1 + Math.floor((text.length - 2) * share));
  });
  fc.assert(
    fc.property(fc.array(entry), cut, fc.array(entry), (before, broken, after) => {
      const lines = [...before.map((o) => JSON.stringify(o)), broken, ...after.map((o) => JSON.stringify(o))];
      const parts = partsOf(lines.join('\n'));
      assert.deepEqual(
        parts,
        JSON.parse(JSON.stringify([...before, [broken, 'it is broken JSON'], ...after])),
      );
    }),
  );
});

test('property: any text is read to its end, and nothing but white space and brackets vanishes', () => {
  const bare = (text: string): string => text.replace(/[\s,[\]]/g, '');
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('{', '}', '[', ']', '"', '\\', ',', ':', '\n', ' ', 'a', '1', line('x'))),
      (pieces) => {
        const body = pieces.join('');
        const read = [...readBody(body)].map((part) => {
          if ('unreadable' in part) return part.unreadable.entry;
          return typeof part.entry === 'string' ? part.entry : JSON.stringify(part.entry);
        });
        if (!/[{"]/.test(body)) assert.equal(bare(read.join('')), bare(body));
        assert.ok(bare(body) === '' || read.length > 0);
      },
    ),
    { numRuns: 1000 },
  );
});

test('a body on one long line is read as fast as one of many lines', { timeout: 60_000 }, () => {
  const logs = Array.from({ length: 60_000 }, (_, n) => JSON.stringify({ ...one, message: `log ${n}` }));
  const took = (body: string): number => {
    const began = performance.now();
    let count = 0;
    for (const part of readBody(body)) count += 'entry' in part ? 1 : 0;
    assert.equal(count, logs.length);
    return performance.now() - began;
  };
  const lines = took(logs.join('\n'));
  // Where each object looks for the end of the line anew, it takes a hundred times as long.
  assert.ok(took(`[${logs.join(',')}]`) < 10 * lines);
  assert.ok(took(logs.join('')) < 10 * lines);
  assert.ok(took(`[${logs.join(',').replace('log 0', 'log €')}]`) < 10 * lines);
});
