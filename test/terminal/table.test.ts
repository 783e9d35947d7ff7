import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatTable } from '../../src/terminal/table.ts';

test('columns are as wide as their widest cell, numbers to the right, no spaces at the end', () => {
  const rows = [
    ['index', 'documents', ''],
    ['ml-api-logs', '7', ''],
    ['x', '1000000000', 'note'],
  ];
  assert.equal(
    formatTable(rows, [1]),
    'index         documents\nml-api-logs           7\nx            1000000000  note\n',
  );
  assert.equal(formatTable([]), '');
});
