import {
  createValueReader,
  defineFields,
  definePlugin,
  type Fields,
  isObject,
  type Json,
  type JsonObject,
  mapKeys,
  PATHS,
} from 'ml-log-sidecar/plugin';

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
  // To find a call's documents; ml-api-logs has it to sort and count by.
  transaction_id: { type: 'keyword', from: 'transactionId', mapping: { doc_values: false } },
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

interface Options extends Record<'input' | 'result' | 'prediction' | 'probability', string | string[]> {
  rename: Record<string, string>;
}

/** `ml-api-message`: predictions that were answered, with their inputs and their result; of a list, one document each. */
export default definePlugin<Options>({
  name: 'ml-api-message',
  description: 'predictions with their inputs and result',
  options: {
    type: 'object',
    additionalProperties: false,
    properties: {
      /** From an input's name, as the caller sends it, to the name it is stored under. */
      rename: { type: 'object', additionalProperties: { type: 'string', minLength: 1 }, default: {} },
      /** Where these stand in other models' logs: `input: features`, `prediction: output.label`. */
      input: { ...PATHS, default: 'input' },
      result: { ...PATHS, default: 'result' },
      prediction: { ...PATHS, default: 'result.prediction' },
      probability: { ...PATHS, default: 'result.probability' },
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
  create({ rename, ...paths }) {
    const inputOf = createValueReader(paths.input);
    const resultOf = createValueReader(paths.result);
    const predictionOf = createValueReader(paths.prediction);
    const probabilityOf = createValueReader(paths.probability);
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
        const input = inputOf(event);
        const result = resultOf(event);
        const prediction = predictionOf(event) ?? numbersIn(result);
        if (prediction === undefined) return undefined;
        const probability = probabilityOf(event);
        const make = (values: Values): Fields | undefined => {
          if (!isObject(values.input)) return undefined;
          const answer = withPrediction(values);
          return fields.document(event, {
            input: mapKeys(values.input, nameOf),
            result: mapKeys(answer, nameOf),
          });
        };
        if (!Array.isArray(prediction)) return make({ input, result, prediction, probability });
        const { length } = prediction;
        return prediction.flatMap((each, n): Fields[] => {
          const values = { input: deal(input, n, length), result: deal(result, n, length), prediction: each };
          const made = make({ ...values, probability: deal(probability, n, length) });
          return made ? [made] : [];
        });
      },
    };
  },
});

interface Values {
  input: Json | undefined;
  result: Json | undefined;
  prediction: Json;
  probability: Json | undefined;
}

/** A regression answers a number, or a list of them. */
function numbersIn(result: Json | undefined): Json | undefined {
  const isNumeric = Array.isArray(result)
    ? result.length > 0 && result.every((each) => typeof each === 'number')
    : typeof result === 'number';
  return isNumeric ? result : undefined;
}

/** What of a value belongs to the prediction `n` of several: of lists with one element for each, its own. */
function deal(value: Json | undefined, n: number, length: number): Json | undefined {
  if (Array.isArray(value)) return value.length === length ? value[n] : value;
  if (!isObject(value)) return value;
  const dealt = Object.entries(value).map(([key, each]) => [
    key,
    Array.isArray(each) && each.length === length ? each[n] : each,
  ]);
  return Object.fromEntries(dealt) as JsonObject;
}

/** The result with prediction and probability where everybody looks for them. */
function withPrediction({ result, prediction, probability }: Values): JsonObject {
  const answer = isObject(result) ? result : {};
  const isThere = answer.prediction === prediction && (probability ?? null) === (answer.probability ?? null);
  if (isThere) return answer;
  return { ...answer, prediction, ...(probability === undefined ? {} : { probability }) };
}
