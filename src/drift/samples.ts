import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { reasonOf, SidecarError } from '../util/errors.ts';
import { isObject, type Json, type JsonObject, parseJson } from '../util/json.ts';

/** The values that one sample of documents has of one feature. */
export interface FeatureValues {
  /** Those that are numbers. */
  numbers: number[];
  /** How often each other value was seen, by its text. */
  others: Map<string, number>;
}

/** Some `ml-api-message` documents, feature by feature. */
export class Sample {
  /** Documents with an input. */
  documents = 0;
  /**
   * By name: `input_data.AGE`, `result.prediction`, `result.probability`, and `result.probabilities.0` for each class where
   * a model gives several.
   */
  readonly features = new Map<string, FeatureValues>();

  /** Adds a document of `ml-api-message`; one without an input is left out. */
  add({ input_data: input, result }: JsonObject): void {
    if (!isObject(input)) return;
    this.documents++;
    this.#addAll('input_data', input);
    if (!isObject(result)) return;
    // The message says in words what the prediction is.
    for (const key of ['prediction', 'probability', 'probabilities'])
      if (Object.hasOwn(result, key)) this.#addAny(`result.${key}`, result[key]!);
  }

  #addAll(path: string, values: JsonObject | Json[]): void {
    for (const [key, value] of Object.entries(values)) this.#addAny(`${path}.${key}`, value);
  }

  #addAny(name: string, value: Json): void {
    if (typeof value === 'object' && value !== null) this.#addAll(name, value);
    else if (value !== null) this.#addValue(name, value);
  }

  #addValue(name: string, value: string | number | boolean): void {
    let feature = this.features.get(name);
    if (!feature) {
      feature = { numbers: [], others: new Map() };
      this.features.set(name, feature);
    }
    if (typeof value === 'number') feature.numbers.push(value);
    else feature.others.set(String(value), (feature.others.get(String(value)) ?? 0) + 1);
  }
}

/** The search for up to `size` documents at random, of those that a query finds, with what `Sample` reads of them. */
export function createRandomSearch<Query extends JsonObject>(query: Query, size: number) {
  const scored = { query, random_score: {}, boost_mode: 'replace' as const };
  return { size, query: { function_score: scored }, _source: ['input_data', 'result'] };
}

/**
 * Reads documents from a file: one JSON object a line, or in bulk form, as `export` writes `…_documents.ndjson`; Python's `NaN`
 * is no value. Throws `SidecarError` (`config`) that quotes the beginning of what can't be read.
 */
export async function readSampleFile(path: string): Promise<Sample> {
  const sample = new Sample();
  try {
    for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
      if (line.trim() === '') continue;
      const document = parseJson(line);
      if (!isObject(document)) throw new Error(`${line.slice(0, 50)} is not a JSON object`);
      sample.add(document);
    }
  } catch (cause) {
    throw new SidecarError('config', `${path}: the reference can't be read: ${reasonOf(cause)}`, { cause });
  }
  if (sample.documents === 0)
    throw new SidecarError(
      'config',
      `${path}: no line has an input_data: give documents of ml-api-message, such as indexes/ml-api-message_documents.ndjson of a backup`,
    );
  return sample;
}
