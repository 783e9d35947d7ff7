import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createContentKey } from '../src/event.ts';
import type { JsonObject } from '../src/util/json.ts';
import { asGradio, gradioLogs, line, parse, realEntries, realLines } from './samples.ts';

test('one log has one id, read as a line or through Gradio', () => {
  for (const written of [...realEntries, ...realLines]) {
    assert.equal(parse(asGradio(written)).id, parse(written).id, written);
  }
});

test('logs that Redis and Gradio really gave both have the same ids there and here', () => {
  const fromRedis = new Map(realLines.map((written) => [parse(written).message, parse(written).id]));
  const both = gradioLogs('100-1600').filter((log) => fromRedis.has(String(log.message).trimEnd()));
  assert.ok(both.length > 10);
  for (const log of both) assert.equal(parse(log).id, fromRedis.get(String(log.message).trimEnd()));
});

test('white space that one road trims from a message changes no id', () => {
  assert.equal(parse(line('a\n')).id, parse(line('a')).id);
  assert.notEqual(parse(line(' a')).id, parse(line('a')).id);
});

test('a space or a T in the time, and the configured zone, change no id', () => {
  const entry = { timestamp: '2025-11-22T10:30:45.123456', level: 'INFO', message: 'm', data: { a: 1 } };
  const spaced = { ...entry, timestamp: '2025-11-22 10:30:45.123456' };
  assert.equal(parse(spaced).id, parse(entry).id);
  assert.equal(parse(entry, 'Europe/Paris').id, parse(entry).id);
  assert.notEqual(parse(entry, 'Europe/Paris').timestamp, parse(entry).timestamp);
  for (const written of realEntries) assert.equal(parse(written, 'Asia/Tokyo').id, parse(written).id);
});

test('a log that names no time has the same id whenever it is read', async () => {
  const first = parse('no time');
  while (parse('no time').timestamp === first.timestamp) await new Promise(setImmediate);
  assert.equal(parse('no time').id, first.id);
});

test('the order of keys in the data changes no id, anything else does', () => {
  const data = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 })) as fc.Arbitrary<JsonObject>;
  fc.assert(
    fc.property(data, (object) => {
      const backwards = Object.fromEntries(Object.entries(object).reverse());
      assert.equal(createContentKey('t', 'INFO', 'm', backwards), createContentKey('t', 'INFO', 'm', object));
    }),
  );
  const key = createContentKey('t', 'INFO', 'm', { a: 1 });
  for (const other of [
    createContentKey('u', 'INFO', 'm', { a: 1 }),
    createContentKey('t', 'ERROR', 'm', { a: 1 }),
    createContentKey('t', 'INFO', 'n', { a: 1 }),
    createContentKey('t', 'INFO', 'm', { a: 2 }),
    createContentKey('t', 'INFO', 'm', {}),
    createContentKey('t', 'INFO', 'm', undefined),
    createContentKey('', 't INFO', 'm', { a: 1 }),
  ]) {
    assert.notEqual(other, key);
  }
});
