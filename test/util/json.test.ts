import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { canonicalJson } from '../../src/util/canonical-json.ts';
import {
  isDeeperThan,
  isObject,
  type Json,
  type JsonObject,
  jsonEnd,
  MAX_DEPTH,
  mapKeys,
  parseJson,
} from '../../src/util/json.ts';

const json = fc.jsonValue({ maxDepth: 5 }) as fc.Arbitrary<Json>;
/** Without -0, which JSON writes as 0. */
const plain = (value: Json): Json => JSON.parse(JSON.stringify(value));
const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

test('the end of a value is found whatever stands behind it', () => {
  fc.assert(
    fc.property(json, fc.string(), fc.constantFrom(undefined, 1), (value, rest, indent) => {
      const text = JSON.stringify(value, undefined, indent);
      const behind = typeof value === 'number' ? ` ${rest}` : rest;
      assert.equal(jsonEnd(`ab${text}${behind}`, 2), 2 + text.length);
    }),
  );
});

test('a value that does not end has no end', () => {
  for (const text of ['', '{', '["a"', '"a', '"a\\"', '{"a": "}', 'x', '-']) {
    assert.equal(jsonEnd(text, 0), -1, text);
  }
});

test('parsing answers what JSON.parse answers, or undefined where that throws', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        json.map((value) => `${JSON.stringify(value)},`),
        json.map((value) => JSON.stringify(value)),
        fc.string(),
      ),
      (text) => {
        let expected: unknown;
        try {
          expected = JSON.parse(text);
        } catch {
          fc.pre(!/NaN|Infinity/.test(text));
        }
        fc.pre(!/\d{16}/.test(text));
        assert.deepEqual(parseJson(text), expected);
      },
    ),
  );
});

test("Python's NaN and Infinity are null, inside strings they stay", () => {
  assert.deepEqual(parseJson('{"a": NaN, "b": [Infinity, -Infinity], "NaN": "-Infinity NaN \\" NaN"}'), {
    a: null,
    b: [null, null],
    NaN: '-Infinity NaN " NaN',
  });
  assert.equal(parseJson('NaN'), null);
  assert.equal(parseJson('{"a": NaNo}'), undefined);
  const long = 'x'.repeat(1_000_000);
  assert.deepEqual(parseJson(`["${long}", NaN]`), [long, null]);
});

test('integers beyond 2^53 keep their digits, as text; all other numbers, and digits in strings, are what they are', () => {
  const text =
    '{"id": 9223372036854775807, "n": [-12345678901234567890123, 9007199254740991, 9007199254740992, 1234567890123456.5], "s": "9223372036854775807 \\" 1234567890123456789", "f": 0.12345678901234567890, "e": 1234567890123456e3, "1234567890123456789": NaN}';
  assert.deepEqual(parseJson(text), {
    id: '9223372036854775807',
    n: ['-12345678901234567890123', 9007199254740991, '9007199254740992', 1234567890123456.5],
    s: '9223372036854775807 " 1234567890123456789',
    f: 0.12345678901234568,
    e: 1234567890123456e3,
    '1234567890123456789': null,
  });
  const digits = fc.stringMatching(/^[1-9]\d{15,25}$/);
  fc.assert(
    fc.property(digits, fc.string(), fc.boolean(), (number, before, spaced) => {
      const value = Number.isSafeInteger(Number(number)) ? Number(number) : number;
      const json = JSON.stringify([before, '@', before]).replace('"@"', (spaced ? ' ' : '') + number);
      fc.pre(!before.includes('@'));
      assert.deepEqual(parseJson(json), [before, value, before]);
    }),
  );
});

test('values nest 32 levels, and no deeper', () => {
  assert.ok(parseJson(nested(MAX_DEPTH)));
  assert.equal(parseJson(nested(MAX_DEPTH + 1)), undefined);
  assert.equal(parseJson(nested(100_000)), undefined);
  assert.equal(isDeeperThan(JSON.parse(nested(MAX_DEPTH)), MAX_DEPTH), false);
  assert.equal(isDeeperThan(JSON.parse(nested(MAX_DEPTH + 1)), MAX_DEPTH), true);
});

test('canonical JSON is equal for equal values, in whatever order their keys stand', () => {
  const backwards = (value: Json): Json => {
    if (Array.isArray(value)) return value.map(backwards);
    if (!isObject(value)) return value;
    return Object.fromEntries(
      Object.keys(value)
        .reverse()
        .map((key) => [key, backwards(value[key]!)]),
    );
  };
  fc.assert(
    fc.property(json, json, (a, b) => {
      assert.equal(canonicalJson(a), canonicalJson(backwards(a)));
      assert.deepEqual(JSON.parse(canonicalJson(a)), plain(a));
      assert.equal(canonicalJson(a) === canonicalJson(b), isDeepStrictEqual(plain(a), plain(b)));
    }),
  );
});

test('canonical JSON sorts keys as texts, whatever objects make of their order, and however often a kind of object comes', () => {
  const values = [
    [
      '{"b":1,"a":{"z":null,"y":[{"d":-0,"c":"\\ud800"}]}}',
      '{"a":{"y":[{"c":"\\ud800","d":0}],"z":null},"b":1}',
    ],
    ['{"2":1,"a":2,"10":3}', '{"10":3,"2":1,"a":2}'],
    ['[{"b":{"__proto__":{"y":1,"x":2}},"a":1}]', '[{"a":1,"b":{"__proto__":{"x":2,"y":1}}}]'],
    ['{"b":1,"é":2,"":3}', '{"":3,"b":1,"é":2}'],
    ['{}', '{}'],
    ['"a"', '"a"'],
  ] as const;
  for (let n = 0; n < 100; n++)
    for (const [text, expected] of values) assert.equal(canonicalJson(JSON.parse(text)), expected);
});

test('renaming keys keeps every value, that of `__proto__` too', () => {
  const object = JSON.parse('{"__proto__": {"x": 1}, "a b": 2}') as JsonObject;
  const copy = mapKeys(object, (key) => key.replace(' ', '_'));
  assert.equal(JSON.stringify(copy), '{"__proto__":{"x":1},"a_b":2}');
  assert.equal(Object.getPrototypeOf(copy), Object.prototype);
});

test('of two keys that are renamed alike the later one wins', () => {
  assert.equal(JSON.stringify(mapKeys({ a: 1, b: 2 }, () => 'c')), '{"c":2}');
  assert.equal(JSON.stringify(mapKeys({ a: 1, b: 2 }, () => '__proto__')), '{"__proto__":2}');
});
