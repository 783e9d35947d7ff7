import { definePlugin } from '../src/plugin.ts';

const number = { type: 'double' };
const field = { type: ['number', 'null'] };

/** `ml-api-perfs`: one document per call that was measured; times in ms, memory in MB. */
export default definePlugin({
  name: 'ml-api-perfs',
  description: 'performance metrics of each measured call',
  index: {
    name: 'ml-api-perfs',
    mappings: {
      dynamic: false,
      properties: {
        timestamp: { type: 'date' },
        '@timestamp': { type: 'alias', path: 'timestamp' },
        transaction_id: { type: 'keyword', ignore_above: 1024 },
        inference_time_ms: number,
        cpu_time_ms: number,
        memory_mb: number,
        memory_delta_mb: number,
        function_calls: { type: 'long' },
        latency_ms: number,
      },
    },
    identity: ['transaction_id'],
    document: {
      type: 'object',
      required: ['timestamp'],
      properties: {
        timestamp: { type: 'string' },
        transaction_id: { type: 'string' },
        inference_time_ms: field,
        cpu_time_ms: field,
        memory_mb: field,
        memory_delta_mb: field,
        function_calls: { type: ['integer', 'null'] },
        latency_ms: field,
      },
      additionalProperties: false,
    },
  },
  create: () => ({
    documents({ timestamp, transactionId, metrics, executionTimeMs }) {
      if (!metrics) return undefined;
      return {
        timestamp,
        transaction_id: transactionId,
        inference_time_ms: metrics.inference_time_ms,
        cpu_time_ms: metrics.cpu_time_ms,
        memory_mb: metrics.memory_mb,
        memory_delta_mb: metrics.memory_delta_mb,
        function_calls: metrics.function_calls,
        latency_ms: metrics.latency_ms ?? executionTimeMs,
      };
    },
  }),
});
