import { definePlugin } from '../src/plugin.ts';
import { isObject } from '../src/util/json.ts';

const keyword = { type: 'keyword', ignore_above: 1024 };

/** `ml-api-top-func`: one document per profiled function of a call; times in ms. */
export default definePlugin({
  name: 'ml-api-top-func',
  description: 'one document per profiled function of a call',
  index: {
    name: 'ml-api-top-func',
    mappings: {
      dynamic: false,
      properties: {
        timestamp: { type: 'date' },
        '@timestamp': { type: 'alias', path: 'timestamp' },
        transaction_id: keyword,
        function_name: keyword,
        function: { type: 'alias', path: 'function_name' },
        filename: keyword,
        file: { type: 'alias', path: 'filename' },
        line_number: { type: 'integer' },
        line: { type: 'alias', path: 'line_number' },
        cumulative_time: { type: 'double' },
        cumulative_time_ms: { type: 'alias', path: 'cumulative_time' },
        total_time: { type: 'double' },
        total_time_ms: { type: 'alias', path: 'total_time' },
        calls: { type: 'long' },
      },
    },
    identity: ['transaction_id', 'function_name', 'filename', 'line_number'],
    document: {
      type: 'object',
      required: ['timestamp', 'function_name'],
      properties: {
        timestamp: { type: 'string' },
        transaction_id: { type: 'string' },
        function_name: { type: 'string' },
        cumulative_time: { type: ['number', 'null'] },
        total_time: { type: ['number', 'null'] },
        calls: { type: ['integer', 'null'] },
        filename: { type: ['string', 'null'] },
        line_number: { type: ['integer', 'null'] },
      },
      additionalProperties: false,
    },
  },
  create: () => ({
    documents({ timestamp, transactionId, metrics }) {
      const functions = metrics?.top_functions;
      if (!Array.isArray(functions)) return undefined;
      return functions.map((each) => {
        const profile = isObject(each) ? each : {};
        return {
          timestamp,
          transaction_id: transactionId,
          function_name: profile.function_name ?? profile.function,
          cumulative_time: profile.cumulative_time ?? profile.cumulative_time_ms,
          total_time: profile.total_time ?? profile.total_time_ms,
          calls: profile.calls,
          filename: profile.filename ?? profile.file,
          line_number: profile.line_number ?? profile.line,
        };
      });
    },
  }),
});
