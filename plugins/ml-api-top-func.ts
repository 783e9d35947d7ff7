import { createValueReader, defineFields, definePlugin, isObject, PATHS } from 'ml-log-sidecar/plugin';

// Numbers to compute with: doc values find them, too, in a time range.
const COMPUTED = { index: false };

const fields = defineFields({
  timestamp: { type: 'date', from: 'timestamp', alias: '@timestamp', required: true },
  // To find a call's documents; ml-api-logs has it to sort and count by.
  transaction_id: { type: 'keyword', from: 'transactionId', mapping: { doc_values: false } },
  function_name: {
    type: 'keyword',
    from: ['part.function_name', 'part.function'],
    alias: 'function',
    required: true,
  },
  cumulative_time: {
    type: 'double',
    from: ['part.cumulative_time', 'part.cumulative_time_ms'],
    alias: 'cumulative_time_ms',
    nullable: true,
    mapping: COMPUTED,
  },
  total_time: {
    type: 'double',
    from: ['part.total_time', 'part.total_time_ms'],
    alias: 'total_time_ms',
    nullable: true,
    mapping: COMPUTED,
  },
  calls: { type: 'long', from: 'part.calls', nullable: true, mapping: COMPUTED },
  filename: { type: 'keyword', from: ['part.filename', 'part.file'], alias: 'file', nullable: true },
  line_number: {
    type: 'integer',
    from: ['part.line_number', 'part.line'],
    alias: 'line',
    nullable: true,
    mapping: COMPUTED,
  },
});

/** `ml-api-top-func`: one document per profiled function of a call; times in ms. */
export default definePlugin<{ metrics: string | string[] }>({
  name: 'ml-api-top-func',
  description: 'one document per profiled function of a call',
  options: {
    type: 'object',
    additionalProperties: false,
    /** Where the metrics stand, as dotted paths. */
    properties: { metrics: { ...PATHS, default: 'metrics' } },
  },
  index: {
    name: 'ml-api-top-func',
    ...fields.index(),
    identity: ['transaction_id', 'function_name', 'filename', 'line_number'],
  },
  create({ metrics }) {
    const metricsOf = createValueReader(metrics);
    return {
      documents(event) {
        const measured = metricsOf(event);
        const functions = isObject(measured) ? measured.top_functions : undefined;
        if (!Array.isArray(functions)) return undefined;
        return functions.map((each) => fields.document(event, isObject(each) ? each : {}));
      },
    };
  },
});
