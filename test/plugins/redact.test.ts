import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import logs from '../../plugins/ml-api-logs.ts';
import message from '../../plugins/ml-api-message.ts';
import perfs from '../../plugins/ml-api-perfs.ts';
import topFunc from '../../plugins/ml-api-top-func.ts';
import redact from '../../plugins/redact.ts';
import type { Entry } from '../../src/entry.ts';
import type { Fields, IndexDocument, Plugin } from '../../src/plugin.ts';
import { PluginChain, type PluginResult } from '../../src/plugin-chain.ts';
import type { Json, JsonObject } from '../../src/util/json.ts';
import { line, parse, realEntries } from '../samples.ts';

const KEY = 'a key for the tests only';
const INDICES = [logs, message, perfs, topFunc] as unknown as Plugin[];

function run(entry: Entry, options: JsonObject): PluginResult {
  const uses = INDICES.map((plugin) => ({ plugin, options: {} }));
  const chain = new PluginChain(
    [{ plugin: redact as unknown as Plugin, options }, ...uses],
    'ml-api-',
    () => true,
  );
  return chain.run(parse(entry));
}

const bodyOf = (document: IndexDocument | undefined): Fields => JSON.parse(document!.json);

/** The document of `ml-api-logs`. */
const logOf = (entry: Entry, options: JsonObject): Fields => bodyOf(run(entry, options).documents[0]);

const call = (input: Json, result: Json): string =>
  line(
    `[x] API Call - POST /predict - Status: 200 - Time: 1ms - Input: ${JSON.stringify(input)} - Result: ${JSON.stringify(result)}`,
  );

test('fields are dropped, masked and hashed in the message and in every document', () => {
  const entry = call({ AGE: 64, NAME: 'Ada', ID: 'p-1', GENDER: 1 }, { prediction: 1 });
  const { documents } = run(entry, { fields: { AGE: 'mask', NAME: 'drop', ID: 'hash' }, key: KEY });
  const { ID } = bodyOf(documents[1]).input_data as JsonObject;
  assert.match(String(ID), /^[0-9a-f]{16}$/);
  const kept = { AGE: '***', ID, GENDER: 1 };
  assert.deepEqual(bodyOf(documents[1]).input_data, kept);
  assert.deepEqual((bodyOf(documents[0]).data as JsonObject).input_data, kept);
  assert.equal(
    bodyOf(documents[0]).message,
    `[x] API Call - POST /predict - Status: 200 - Time: 1ms - Input: ${JSON.stringify(kept)} - Result: {"prediction":1}`,
  );
});

test('equal values have equal hashes under one key, and others under another', () => {
  const hashed = (value: Json, key: string): unknown =>
    (logOf({ message: 'm', data: { ID: value } }, { fields: { ID: 'hash' }, key }).data as JsonObject).ID;
  assert.equal(hashed('p-1', KEY), hashed('p-1', KEY));
  assert.notEqual(hashed('p-1', KEY), hashed('p-2', KEY));
  assert.notEqual(hashed('p-1', KEY), hashed('p-1', `${KEY}!`));
});

test('a field has one name, in capitals or not, with spaces, dashes or underscores', () => {
  const data = { 'CHEST PAIN': 1, chest_pain: 2, 'Chest-Pain ': 3, chestpain: 4 };
  const options = { fields: { 'chest pain': 'drop' } };
  assert.deepEqual(logOf({ message: 'm', data }, options).data, { chestpain: 4 });
  assert.equal(logOf(line(JSON.stringify(data)), options).message, '{"chestpain":4}');
});

test('a message in which nothing is to be taken out stays as it was written', () => {
  for (const entry of realEntries) {
    assert.equal(logOf(entry, { fields: { NAME: 'drop' } }).message, parse(entry).message);
  }
  const odd = '{"a":  1.0, "loc": ["body", "NAME"], "b": [1e3, "\\u00e9"]} and [1,  2] {';
  assert.equal(logOf(line(odd), { fields: { NAME: 'drop' } }).message, odd);
});

test('only the JSON that holds the field is written anew', () => {
  const entry = line(
    'API Call - POST /p - Status: 200 - Time: 1ms - Input: {"AGE":  1} - Result: {"a":  1.0}',
  );
  assert.equal(
    logOf(entry, { fields: { AGE: 'mask' } }).message,
    'API Call - POST /p - Status: 200 - Time: 1ms - Input: {"AGE":"***"} - Result: {"a":  1.0}',
  );
});

test("FastAPI's refusals quote a field's value as the input of their detail: it is redacted", () => {
  const detail = [
    { type: 'int_parsing', loc: ['body', 'AGE'], msg: 'Input should be a valid integer', input: 'soixante' },
    { type: 'int_parsing', loc: ['body', 'AGE', 0, 'int'], msg: 'Input should be valid', input: 'soixante' },
    {
      type: 'missing',
      loc: ['body', 'SMOKING'],
      msg: 'Field required',
      input: { AGE: 'soixante', GENDER: 1 },
    },
    { type: 'int_parsing', loc: ['body', 'GENDER'], msg: 'Input should be valid', input: 'x' },
  ];
  const entry = call({ AGE: 'soixante' }, { detail });
  const body = logOf(entry, { fields: { AGE: 'mask' } });
  assert.ok(!JSON.stringify(body).includes('soixante'));
  const { result } = body.data as { result: { detail: JsonObject[] } };
  assert.deepEqual(
    result.detail.map(({ input }) => input),
    ['***', '***', { AGE: '***', GENDER: 1 }, 'x'],
  );
  assert.deepEqual(result.detail[0]!.loc, ['body', 'AGE']);
});

test('the real refusals keep no age, masked by name and by pattern', () => {
  const options = { fields: { AGE: 'mask' }, patterns: ['patient age=\\d+'] };
  const ages = realEntries.filter((entry) => /"AGE"|patient age=\d/.test(entry));
  assert.ok(ages.length > 100);
  for (const entry of ages) {
    const { documents, failures } = run(entry, options);
    assert.deepEqual(failures, []);
    const text = JSON.stringify(documents);
    assert.doesNotMatch(text, /patient age=\d/);
    assert.doesNotMatch(text, /"AGE\\*": *(?!\\*"\*\*\*)/);
  }
});

test('patterns mask what they match in messages, paths, and values of any place', () => {
  const options = { patterns: ['\\d{3}-\\d{2}-\\d{4}', '4111\\d{12}'] };
  const entry = line(
    'API Call - POST /u/123-45-6789 - Status: 200 - Time: 1ms - Input: {"note": "is 123-45-6789", "card": 4111111111111111} - Result: "123-45-6789"',
  );
  const body = logOf(entry, options);
  assert.doesNotMatch(JSON.stringify(body), /123-45-6789|41111/);
  assert.equal(body.http_path, '/u/***');
  assert.deepEqual(body.data, { input_data: { note: 'is ***', card: '***' }, result: '***' });
});

test('prose that quotes a field, as cut JSON and Python do, is masked whole', () => {
  const options = { fields: { AGE: 'drop', prénom: 'mask' } };
  for (const [text, masked] of [
    ['[x] API Call - POST /p - Status: 200 - Time: 1ms - Input: {"AGE": 65, "GEN', '***'],
    ["it's {'AGE': 65}", '***'],
    ['{"a": 1} then {"b": "it\'s", "AGE": 65', '{"a": 1}***'],
    ['Input: {"Pr\\u00e9nom": "Zo', '***'],
    ['{"text": "{\\"AGE\\": 65}", "b": 1}', '{"text":"{}","b":1}'],
    ['{"text": "{\\"AGE\\": 6", "b": 1}', '{"text":"***","b":1}'],
    ['{"AGE": [65, 66], "b', '***'],
    ['"AGE": [65, 66]', '***'],
    ["{'a': '}', 'AGE': [65, 66]}", '***'],
    ['[x] {y} {"AGE": 65}', '[x] {y} {}'],
    ['AGE of the patient', 'AGE of the patient'],
    ['"AGES": 5', '"AGES": 5'],
  ] as const) {
    assert.equal(logOf(line(text), options).message, masked, text);
  }
});

test('a key that stands twice, or is escaped, hides nothing', () => {
  const options = { fields: { AGE: 'drop' } };
  for (const text of [
    '{"x": {"AGE": 4711}, "x": 2}',
    '{"x": {"\\u0041GE": 4711}, "x": 2}',
    '{"AGE": 4711, "AGE": 1}',
    '{"\\u0041GE": 4711}',
    `${'['.repeat(100)}{"AGE": 4711}`,
    `${'['.repeat(40)}{"AGE": 4711}${']'.repeat(40)}`,
    `${'{} '.repeat(100)}{"AGE": 4711}`,
  ]) {
    assert.ok(!JSON.stringify(run(line(text), options)).includes('4711'), text);
  }
});

test('the value of a redacted field stands in no document, wherever in a log it stood', () => {
  const canary = 'canary-4711';
  const key = fc.constantFrom('AGE', 'age', 'Age ', 'FULL NAME', 'full_name', 'Full-Name');
  const secretPart = key.chain((name) =>
    fc
      .oneof(
        fc.constant(canary),
        fc.constant([canary, { deep: canary }]),
        fc.constant({ deep: { deeper: canary } }),
      )
      .map((value) => ({ [name]: value }) as JsonObject),
  );
  const plain = fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>;
  const { body } = fc.letrec<{ body: JsonObject; inner: Json }>((tie) => ({
    inner: fc.oneof(
      { maxDepth: 3 },
      plain,
      tie('body'),
      tie('body').map((value) => JSON.stringify(value)),
      fc.array(tie('body'), { maxLength: 2 }),
    ),
    body: fc
      .tuple(
        fc.dictionary(
          fc.string().filter((name) => name !== 'loc'),
          tie('inner'),
          { maxKeys: 3 },
        ),
        fc.option(secretPart, { nil: {} }),
        fc.option(
          fc.constantFrom(
            { loc: ['body', 'AGE'], input: canary },
            { loc: ['body', 'FULL NAME', 0], input: canary },
          ),
          { nil: {} },
        ),
      )
      .map((parts) => Object.assign({}, ...parts) as JsonObject),
  }));
  const entry: fc.Arbitrary<Entry> = fc.oneof(
    fc.tuple(body, body).map(([input, result]) => call(input, { prediction: 1, ...result })),
    body.map((metrics) => line(JSON.stringify({ performance_metrics: metrics }))),
    body.map((value) => line(`Erreur : ${JSON.stringify(value)} et ${JSON.stringify(value)}`)),
    body.map((data) => ({ timestamp: '2026-11-24 19:26:39', level: 'INFO', message: 'm', data })),
    fc.tuple(body, body).map(([input_data, result]) => ({
      level: 'INFO',
      message: JSON.stringify(input_data),
      data: { input_data, result, performance_metrics: result },
    })),
    // Cut anywhere behind its last key.
    fc.tuple(body, fc.nat(8)).map(([value, cut]) => {
      const text = call({ ...value, AGE: canary }, {});
      return text.slice(0, text.indexOf(' - Result') - cut);
    }),
  );
  const action = fc.constantFrom('drop', 'mask', 'hash');
  fc.assert(
    fc.property(entry, action, action, (written, age, name) => {
      const { documents } = run(written, { fields: { AGE: age, 'full name': name }, key: KEY });
      assert.ok(documents.length > 0);
      assert.ok(!JSON.stringify(documents).includes('canary'));
    }),
    { numRuns: 1_000 },
  );
});

test('messages made to be slow are redacted in time', { timeout: 10_000 }, () => {
  const options = { fields: { AGE: 'drop' }, patterns: ['(a+)+$'] };
  for (const text of [
    '['.repeat(500_000),
    '{"'.repeat(250_000),
    `"${' '.repeat(500_000)}`,
    '\\"AG'.repeat(200_000),
    'a'.repeat(500_000),
  ]) {
    assert.equal(run(line(text), options).failures.length, 0);
  }
});

test('hashing without a key, with a short one, and unknown actions are refused', () => {
  const refused = (options: JsonObject, pattern: RegExp) => assert.throws(() => run('x', options), pattern);
  refused({ fields: { AGE: 'hash' } }, /plugin redact could not start: .*`key`/);
  refused({ fields: { AGE: 'hash' }, key: 'short' }, /plugin redact: wrong options: key/);
  refused({ fields: { AGE: 'encrypt' } }, /plugin redact: wrong options: fields\.AGE/);
  refused({ patterns: ['('] }, /plugin redact could not start: .*"\("/);
});
