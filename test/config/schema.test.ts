/**
 * `configs/pipeline.schema.json`, which editors read, is the schema that the program uses. After a change of
 * src/config/schema.ts, write it anew:
 *
 *     npm run build && node dist/test/config/schema.test.js --write && npx biome check --write configs
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import { CONFIG_SCHEMA } from '../../src/config/schema.ts';
import { VARIABLES } from '../../src/config/variables.ts';
import { root } from '../services/service.ts';

const path = join(root, 'configs/pipeline.schema.json');
const text = `${JSON.stringify(CONFIG_SCHEMA, undefined, 2)}\n`;

if (process.argv.includes('--write')) writeFileSync(path, text);

test('configs/pipeline.schema.json is the schema that the program uses', () => {
  assert.deepEqual(
    JSON.parse(readFileSync(path, 'utf8')),
    JSON.parse(text),
    'src/config/schema.ts has changed: write the file anew, as the head of this test says',
  );
});

test('it is a JSON Schema', () => {
  const ajv = new Ajv();
  assert.ok(ajv.validateSchema(CONFIG_SCHEMA), ajv.errorsText());
});

interface Schema {
  description?: string;
  properties?: Record<string, Schema>;
}

test('every setting says what it is', () => {
  const walk = (schema: Schema, at: string): void => {
    for (const [name, inner] of Object.entries(schema.properties ?? {})) {
      assert.ok(inner.description, `${at}${name}`);
      walk(inner, `${at}${name}.`);
    }
  };
  walk(CONFIG_SCHEMA, '');
});

test('every variable sets something that there is', () => {
  for (const [variable, dotted] of Object.entries(VARIABLES)) {
    const node = dotted
      .split('.')
      .reduce<Schema | undefined>((inner, key) => inner?.properties?.[key], CONFIG_SCHEMA);
    assert.ok(node && !node.properties, variable);
  }
});
