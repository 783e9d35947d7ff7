import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defineFields, type FieldPath } from '../src/field-table.ts';
import { line, parse } from './samples.ts';

const table = defineFields({
  timestamp: { type: 'date', from: 'timestamp', alias: '@timestamp', required: true },
  user: { type: 'keyword', from: 'data.user.name' },
  took: { type: 'double', from: ['part.took_ms', 'executionTimeMs'], nullable: true },
  count: { type: 'long', from: 'part.count', mapping: { ignore_malformed: true }, schema: { minimum: 0 } },
});

test('the mapping of an index follows from its table: types, aliases, and what else is said', () => {
  assert.deepEqual(table.index().mappings, {
    dynamic: false,
    properties: {
      timestamp: { type: 'date' },
      '@timestamp': { type: 'alias', path: 'timestamp' },
      user: { type: 'keyword', ignore_above: 1024 },
      took: { type: 'double' },
      count: { type: 'long', ignore_malformed: true },
    },
  });
  assert.equal(table.index({ dynamic: true }).mappings.dynamic, true);
});

test('so does the JSON Schema of its documents, which allows no other field', () => {
  assert.deepEqual(table.index().document, {
    type: 'object',
    required: ['timestamp'],
    properties: {
      timestamp: { type: 'string' },
      user: { type: 'string' },
      took: { type: ['number', 'null'] },
      count: { type: 'integer', minimum: 0 },
    },
    additionalProperties: false,
  });
});

test('a document holds what stands at the paths: of several, the first that is not null', () => {
  const event = parse(line('API Call - GET / - Status: 200 - Time: 2.5ms'));
  event.data = { user: { name: 'ada' } };
  const { timestamp } = event;
  assert.deepEqual(table.document(event, { took_ms: 1, count: 2 }), {
    timestamp,
    user: 'ada',
    took: 1,
    count: 2,
  });
  assert.equal(table.document(event, { took_ms: null }).took, 2.5);
  assert.equal(table.document(event).took, 2.5);
  event.data = { user: 'ada' };
  assert.equal(JSON.stringify(table.document(event)), JSON.stringify({ timestamp, took: 2.5 }));
});

test('names may hold anything, and become no code', () => {
  const odd = defineFields({ 'a"]; b': { type: 'text', from: 'data.x"]; throw 1; ["' } });
  const event = parse(line('x'));
  event.data = { 'x"]; throw 1; ["': 'y' };
  assert.deepEqual(odd.document(event), { 'a"]; b': 'y' });
});

test('a path with nothing between its dots is refused', () => {
  for (const from of ['data.', 'data..x', ''] as FieldPath[])
    assert.throws(() => defineFields({ a: { type: 'text', from } }), /is not a path to a field's value/);
});
