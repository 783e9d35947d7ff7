import { defineFields, definePlugin, type Field } from 'ml-log-sidecar/plugin';

const measured = (name: string): Field => ({ type: 'double', from: `part.${name}`, nullable: true });

const fields = defineFields({
  timestamp: { type: 'date', from: 'timestamp', alias: '@timestamp', required: true },
  transaction_id: { type: 'keyword', from: 'transactionId' },
  inference_time_ms: measured('inference_time_ms'),
  cpu_time_ms: measured('cpu_time_ms'),
  memory_mb: measured('memory_mb'),
  memory_delta_mb: measured('memory_delta_mb'),
  function_calls: { ...measured('function_calls'), type: 'long' },
  latency_ms: { ...measured('latency_ms'), from: ['part.latency_ms', 'executionTimeMs'] },
});

/** `ml-api-perfs`: one document per call that was measured; times in ms, memory in MB. */
export default definePlugin({
  name: 'ml-api-perfs',
  description: 'performance metrics of each measured call',
  index: { name: 'ml-api-perfs', ...fields.index(), identity: ['transaction_id'] },
  create: () => ({
    documents: (event) => event.metrics && fields.document(event, event.metrics),
  }),
});
