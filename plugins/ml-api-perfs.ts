import {
  createValueReader,
  defineFields,
  definePlugin,
  type Field,
  isObject,
  type JsonObject,
  PATHS,
} from 'ml-log-sidecar/plugin';

// To compute with: doc values find them, too, in a time range.
const measured = (name: string): Field => ({
  type: 'double',
  from: `part.${name}`,
  nullable: true,
  mapping: { index: false },
});

const fields = defineFields({
  timestamp: { type: 'date', from: 'timestamp', alias: '@timestamp', required: true },
  // To find a call's documents; ml-api-logs has it to sort and count by.
  transaction_id: { type: 'keyword', from: 'transactionId', mapping: { doc_values: false } },
  inference_time_ms: measured('inference_time_ms'),
  cpu_time_ms: measured('cpu_time_ms'),
  memory_mb: measured('memory_mb'),
  memory_delta_mb: measured('memory_delta_mb'),
  function_calls: { ...measured('function_calls'), type: 'long' },
  latency_ms: { ...measured('latency_ms'), from: ['part.latency_ms', 'executionTimeMs'] },
});

/** `ml-api-perfs`: one document per call that was measured; times in ms, memory in MB. */
export default definePlugin<{ metrics: string | string[] }>({
  name: 'ml-api-perfs',
  description: 'performance metrics of each measured call',
  options: {
    type: 'object',
    additionalProperties: false,
    /** Where the metrics stand, as dotted paths. */
    properties: { metrics: { ...PATHS, default: 'metrics' } },
  },
  index: { name: 'ml-api-perfs', ...fields.index(), identity: ['transaction_id'] },
  create({ metrics }) {
    const metricsOf = createValueReader(metrics);
    return {
      documents(event) {
        const measured = metricsOf(event);
        return isObject(measured) ? fields.document(event, withNumbers(measured)) : undefined;
      },
    };
  },
});

/** Integers beyond 2^53, which events hold as text, as the nearest number: these are to compute with. */
function withNumbers(metrics: JsonObject): JsonObject {
  let numbers = metrics;
  for (const key in metrics) {
    const value = metrics[key];
    if (typeof value === 'string' && /^-?\d{16,}$/.test(value))
      numbers = { ...numbers, [key]: Number(value) };
  }
  return numbers;
}
