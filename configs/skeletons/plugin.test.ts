import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runPlugin } from 'ml-log-sidecar/testing';
import plugin from '../../plugins/NAME.ts';

test('NAME keeps failed calls only', () => {
  const documents = runPlugin(plugin, [
    '2026-11-24 19:26:39 - api - INFO - API Call - POST /predict - Status: 503 - Time: 2.5ms',
    '2026-11-24 19:26:40 - api - INFO - API Call - GET / - Status: 200 - Time: 0.5ms',
  ]);
  assert.deepEqual(
    documents.map(({ body }) => body),
    [{ timestamp: '2026-11-24T19:26:39.000Z', http_path: '/predict', status_code: 503 }],
  );
});
