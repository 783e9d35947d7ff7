import { defineFields, definePlugin, isObject, mapKeys } from 'ml-log-sidecar/plugin';

const number = { type: 'double', ignore_malformed: true };
const text = { type: 'keyword', ignore_above: 1024 };

/** Elasticsearch refuses documents with names of 32 KB and more. */
const LONGEST_NAME = 512;

/**
 * Fields that no one declared: numbers as doubles, texts and truths as keywords, so that no number, text or truth is
 * refused where another came first; objects are kept but not searched.
 */
const undeclared = (path: string) => [
  { [`${path} numbers`]: { path_match: `${path}.*`, match_mapping_type: 'long', mapping: number } },
  { [`${path} fractions`]: { path_match: `${path}.*`, match_mapping_type: 'double', mapping: number } },
  { [`${path} texts`]: { path_match: `${path}.*`, match_mapping_type: 'string', mapping: text } },
  { [`${path} truths`]: { path_match: `${path}.*`, match_mapping_type: 'boolean', mapping: text } },
  {
    [`${path} objects`]: {
      path_match: `${path}.*`,
      match_mapping_type: 'object',
      mapping: { type: 'object', enabled: false },
    },
  },
];

const fields = defineFields({
  timestamp: { type: 'date', from: 'timestamp', alias: '@timestamp', required: true },
  transaction_id: { type: 'keyword', from: 'transactionId' },
  input_data: { type: 'object', from: 'part.input', required: true },
  result: {
    type: 'object',
    from: 'part.result',
    required: true,
    mapping: {
      properties: {
        // A class may be a number or a name; `prediction.number` is there to compute with.
        prediction: { ...text, fields: { number } },
        probability: number,
        probabilities: number,
        message: text,
      },
    },
    schema: { required: ['prediction'] },
  },
});

/** `ml-api-message`: predictions that were answered, with their inputs and their result. */
export default definePlugin<{ rename: Record<string, string> }>({
  name: 'ml-api-message',
  description: 'predictions with their inputs and result',
  options: {
    type: 'object',
    additionalProperties: false,
    properties: {
      /** From an input's name, as the caller sends it, to the name it is stored under. */
      rename: { type: 'object', additionalProperties: { type: 'string', minLength: 1 }, default: {} },
    },
  },
  index: {
    name: 'ml-api-message',
    ...fields.index({
      dynamic: true,
      date_detection: false,
      dynamic_templates: [...undeclared('input_data'), ...undeclared('result')],
    }),
    settings: { 'index.mapping.total_fields.ignore_dynamic_beyond_limit': true },
    identity: ['transaction_id'],
  },
  create({ rename }) {
    const names = new Map(Object.entries(rename));
    const nameOf = (key: string): string => {
      const known = names.get(key);
      if (known !== undefined) return known;
      const plain = key.slice(0, LONGEST_NAME).replace(/[\s.]+/g, '_') || '_';
      // Callers choose keys: remember a vocabulary, not everything ever sent.
      if (names.size < 10_000) names.set(key, plain);
      return plain;
    };
    return {
      documents(event) {
        const { input, result } = event;
        if (!isObject(input) || !isObject(result) || result.prediction == null) return undefined;
        return fields.document(event, { input: mapKeys(input, nameOf), result: mapKeys(result, nameOf) });
      },
    };
  },
});
