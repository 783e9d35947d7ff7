import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readEntry } from 'ml-log-sidecar/testing';
import format from '../../plugins/NAME.ts';

test('NAME reads time, level and message', () => {
  const event = readEntry(format, '<warn> at 2026-11-24 19:26:39: the queue is long');
  assert.deepEqual(
    [event?.timestamp, event?.level, event?.message],
    ['2026-11-24T19:26:39.000Z', 'WARNING', 'the queue is long'],
  );
  assert.equal(readEntry(format, 'something else'), undefined);
});
