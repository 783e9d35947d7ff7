import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readSampleFile, Sample } from '../../src/drift/samples.ts';
import { temporaryFolder } from '../samples.ts';

const DOCUMENT =
  '{"timestamp":"2026-11-24T19:26:02.000Z","input_data":{"AGE":52,"NOTE":null,"SMOKER":true,"CITY":"Paris","more":{"x":1},"__proto__":7},"result":{"prediction":1,"probability":0.87,"probabilities":[0.13,0.87],"message":"YES"}}';

test('inputs, prediction and probabilities become features; what is null has no value', () => {
  const sample = new Sample();
  sample.add(JSON.parse(DOCUMENT));
  sample.add({ input_data: { AGE: '52' }, result: 'none' });
  sample.add({ result: { prediction: 1 } });
  assert.equal(sample.documents, 2);
  const features = Object.fromEntries(
    [...sample.features].map(([name, { numbers, others }]) => [name, [numbers, Object.fromEntries(others)]]),
  );
  assert.deepEqual(features, {
    'input_data.AGE': [[52], { '52': 1 }],
    'input_data.SMOKER': [[], { true: 1 }],
    'input_data.CITY': [[], { Paris: 1 }],
    'input_data.more.x': [[1], {}],
    'input_data.__proto__': [[7], {}],
    'result.prediction': [[1], {}],
    'result.probability': [[0.87], {}],
    'result.probabilities.0': [[0.13], {}],
    'result.probabilities.1': [[0.87], {}],
  });
});

test('a file of documents, and one in bulk form, give the same', async (t) => {
  const folder = temporaryFolder(t);
  const plain = join(folder, 'plain.ndjson');
  const bulk = join(folder, 'bulk.ndjson');
  writeFileSync(plain, `${DOCUMENT}\n\n${DOCUMENT}`);
  writeFileSync(bulk, `{"create":{"_index":"x","_id":"1"}}\n${DOCUMENT}\n`.repeat(2));
  const [one, other] = [await readSampleFile(plain), await readSampleFile(bulk)];
  assert.equal(one.documents, 2);
  assert.deepEqual(one, other);
});

for (const [content, message] of [
  [
    `${DOCUMENT}\nnonsense\n`,
    /reference\.ndjson: the reference can't be read: nonsense is not a JSON object/,
  ],
  [`${DOCUMENT}\n[1]\n`, /reference\.ndjson: the reference can't be read: \[1\] is not a JSON object/],
  ['{"latency_ms":1}\n', /reference\.ndjson: no line has an input_data/],
  ['', /reference\.ndjson: no line has an input_data/],
] as const) {
  test(`a reference of ${JSON.stringify(content.slice(-20))} is refused`, async (t) => {
    const path = join(temporaryFolder(t), 'reference.ndjson');
    writeFileSync(path, content);
    await assert.rejects(readSampleFile(path), { code: 'config', message });
  });
}

test('NaN and Infinity, as Python writes them, are no values', async (t) => {
  const path = join(temporaryFolder(t), 'nan.ndjson');
  writeFileSync(path, '{"input_data":{"AGE":NaN,"S":1}}\n{"input_data":{"AGE":-Infinity,"S":0}}\n');
  const { documents, features } = await readSampleFile(path);
  assert.deepEqual([documents, [...features.keys()]], [2, ['input_data.S']]);
});

test('a reference that is not there is told', async (t) => {
  const path = join(temporaryFolder(t), 'none.ndjson');
  await assert.rejects(readSampleFile(path), { message: /none\.ndjson: the reference can't be read: / });
});
