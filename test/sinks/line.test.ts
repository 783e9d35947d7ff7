import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatLine } from '../../src/sinks/line.ts';

/** UTF-8 has no half surrogate pairs. */
const whole = (text: string): string => Buffer.from(text).toString();

test('a line holds id, route and body, and nothing that Vector could not read', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(0xffff)), (units) => {
      const text = String.fromCharCode(...units, 0xd83d, 0x5c, 0xdc00);
      const line = formatLine({ index: 'x-logs', id: 'a.0', json: JSON.stringify({ [text]: text }) }, 'x-');
      assert.equal(line.indexOf('\n'), line.length - 1);
      assert.deepEqual(JSON.parse(line), {
        id: 'a.0',
        route: 'logs',
        body: { [whole(text)]: whole(text) },
      });
    }),
  );
});

test('a line ends in a newline, and the order is id, route, body', () => {
  const line = formatLine({ index: 'ml-api-logs', id: 'a', json: '{"n":1}' }, 'ml-api-');
  assert.equal(line, '{"id":"a","route":"logs","body":{"n":1}}\n');
});

test('where indices rotate, the route carries the period', () => {
  const line = formatLine({ index: 'ml-api-logs', suffix: '-2026.11', id: 'a', json: '{}' }, 'ml-api-');
  assert.equal(line, '{"id":"a","route":"logs-2026.11","body":{}}\n');
});
