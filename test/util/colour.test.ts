import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coloured, forgoColour } from '../../src/util/colour.ts';

test('text is coloured on terminals only, and not where colour is forgone', () => {
  const terminal = { isTTY: true } as NodeJS.WriteStream;
  assert.equal(coloured(terminal, 'red', 'x'), '\x1b[31mx\x1b[39m');
  assert.equal(coloured({ isTTY: false } as NodeJS.WriteStream, 'red', 'x'), 'x');
  forgoColour();
  assert.equal(coloured(terminal, 'red', 'x'), 'x');
});
