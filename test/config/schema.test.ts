/**
 * What is generated from the schema is current: `configs/pipeline.schema.json`, which editors read, and
 * `docs/configuration.md`. After a change of a setting, write both anew:
 *
 *     npm run build && node dist/test/config/schema.test.js --write && npx biome check --write configs
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { ALERTS_SCHEMA } from '../../src/alerts/rules.ts';
import type { Schemas } from '../../src/config/from-schema.ts';
import { CONFIG_SCHEMA, listLeaves } from '../../src/config/schema.ts';
import { root } from '../services/service.ts';
import { configurationPage } from './document.ts';
import { editorSchema } from './editor-schema.ts';

const HINT = 'a setting has changed: write the file anew, as the head of test/config/schema.test.ts says';
const jsonPath = join(root, 'configs/pipeline.schema.json');
const alertsPath = join(root, 'configs/alerts.schema.json');
const pagePath = join(root, 'docs/configuration.md');
const json = `${JSON.stringify(editorSchema(), undefined, 2)}\n`;

if (process.argv.includes('--write')) {
  writeFileSync(jsonPath, json);
  writeFileSync(alertsPath, `${JSON.stringify(ALERTS_SCHEMA, undefined, 2)}\n`);
  writeFileSync(pagePath, configurationPage());
}

test('configs/pipeline.schema.json is the schema that the program uses, as editors need it', () => {
  assert.deepEqual(JSON.parse(readFileSync(jsonPath, 'utf8')), JSON.parse(json), HINT);
});

test('the YAML that ships has no errors in an editor, and wrong options of a plugin have', () => {
  const valid = new Ajv({ strict: false }).compile(JSON.parse(json));
  const shipped = parse(readFileSync(join(root, 'configs/pipeline.yaml'), 'utf8'));
  assert.ok(valid(shipped), JSON.stringify(valid.errors));
  for (const use of [
    { plugins: [{ use: 'ml-api-message', options: { renam: {} } }] },
    { plugins: [{ use: 'redact', options: { fields: { AGE: 'hide' } } }] },
    { formats: [{ use: 'text-pattern', options: {} }] },
  ])
    assert.equal(valid(use), false, JSON.stringify(use));
  assert.ok(valid({ plugins: [{ use: '../plugins/mine.ts', options: { any: 1 } }] }));
});

test('configs/alerts.schema.json is the schema of configs/alerts.yaml, which has no errors', () => {
  const schema = JSON.parse(readFileSync(alertsPath, 'utf8'));
  assert.deepEqual(schema, JSON.parse(JSON.stringify(ALERTS_SCHEMA)), HINT);
  const valid = new Ajv({ strict: false }).compile(schema);
  const alerts = readFileSync(join(root, 'configs/alerts.yaml'), 'utf8');
  assert.match(alerts, /^# yaml-language-server: \$schema=\.\/alerts\.schema\.json\n/);
  assert.ok(valid(parse(alerts)), JSON.stringify(valid.errors));
});

test('docs/configuration.md tells every setting as it is', () => {
  assert.equal(readFileSync(pagePath, 'utf8'), configurationPage(), HINT);
});

test('it is a JSON Schema', () => {
  const ajv = new Ajv();
  assert.ok(ajv.validateSchema(CONFIG_SCHEMA), ajv.errorsText());
});

test('every setting says what it is', () => {
  const walk = (schemas: Schemas, at: string): void => {
    for (const [name, { description, properties = {} }] of Object.entries(schemas)) {
      assert.ok(description, `${at}${name}`);
      walk(properties, `${at}${name}.`);
    }
  };
  walk(CONFIG_SCHEMA.properties, '');
});

test('no variable sets two settings, and every secret has one', () => {
  const variables = listLeaves().flatMap(({ schema }) => schema.variable ?? []);
  assert.ok(variables.length > 40);
  assert.deepEqual(
    variables.filter((name, n) => variables.indexOf(name) !== n),
    [],
  );
  for (const { path, schema } of listLeaves())
    if (schema.writeOnly) assert.ok(schema.variable, path.join('.'));
});

test('the lines of configs/pipeline.yaml that are commented out are settings, with their defaults', () => {
  const lines = readFileSync(join(root, 'configs/pipeline.yaml'), 'utf8').split('\n');
  const shown = lines
    .map((line) => line.replace(/^(\s*)# (?=[a-z_]+: )/, '$1'))
    .filter((line) => !/^ *(#|-|options:|rename:|fields:|patterns:|use:)/.test(line));
  const at: string[] = [];
  let settings = 0;
  for (const line of shown) {
    const [, indent, key, value, comment = ''] = /^( *)([a-z_]+):\s*([^#]*?)\s*(#.*)?$/.exec(line) ?? [];
    if (indent === undefined || key === undefined) continue;
    at.splice(indent.length / 2, at.length, key);
    if (value === '') continue;
    const leaf = listLeaves().find(({ path }) => path.join('.') === at.join('.'));
    assert.ok(leaf, at.join('.'));
    settings++;
    if (leaf.schema.default !== undefined && !comment.includes('by default'))
      assert.equal(value, String(leaf.schema.default), at.join('.'));
  }
  assert.ok(settings > 30, `${settings}`);
});
