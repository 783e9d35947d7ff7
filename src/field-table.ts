import type { SchemaObject } from 'ajv';
import type { LogEvent } from './event.ts';

/** A document's fields; those that are `undefined` are left out. */
export type Fields = Record<string, unknown>;

/** Where a value stands: a member of the event, or, behind dots, a member of what is in it or of the `part`. */
export type FieldPath =
  | keyof LogEvent
  | `${'data' | 'input' | 'result' | 'metrics'}.${string}`
  | `part.${string}`;

/** From Elasticsearch's types of a field to those that JSON Schema knows. */
const SCHEMA_TYPES = {
  date: 'string',
  keyword: 'string',
  text: 'string',
  boolean: 'boolean',
  short: 'integer',
  integer: 'integer',
  long: 'integer',
  double: 'number',
  object: 'object',
  flattened: 'object',
} as const;

/** One field of an index's documents. */
export interface Field {
  /** Elasticsearch's type of it, which its type in the JSON Schema follows from. */
  type: keyof typeof SCHEMA_TYPES;
  /** Where its value comes from; of several places, the first that holds something other than null. */
  from: FieldPath | readonly FieldPath[];
  /** Other names that it can be queried by. */
  alias?: string;
  /** A document without it becomes a dead letter. */
  required?: boolean;
  /** It may be null. */
  nullable?: boolean;
  /** What else its mapping says, such as `ignore_malformed` or `properties`. */
  mapping?: Record<string, unknown>;
  /** What else its JSON Schema says. */
  schema?: SchemaObject;
}

/** What follows from a table of fields. */
export interface FieldTable {
  /**
   * The mappings and the JSON Schema of an index whose documents hold these fields and no others. `mappings`: what else
   * the index's mappings say; fields that no one declared are kept unsearched by default.
   */
  index(mappings?: Record<string, unknown>): { mappings: Record<string, unknown>; document: SchemaObject };
  /** The document of an event; `part`, where paths name it, is what of the event the document is about. */
  document(event: LogEvent, part?: Fields): Fields;
}

/**
 * Makes a table of fields, each of which is written once. Throws where a path is none.
 * @example
 * const table = defineFields({
 *   timestamp: { type: 'date', from: 'timestamp', required: true },
 *   took_ms: { type: 'double', from: ['metrics.latency_ms', 'executionTimeMs'] },
 * });
 */
export function defineFields(fields: Record<string, Field>): FieldTable {
  const named = Object.entries(fields);
  return {
    index: (mappings = { dynamic: false }) => ({
      mappings: { ...mappings, properties: Object.fromEntries(named.flatMap(buildMappings)) },
      document: {
        type: 'object',
        required: named.filter(([, { required }]) => required).map(([name]) => name),
        properties: Object.fromEntries(named.map(([name, field]) => [name, buildSchema(field)])),
        additionalProperties: false,
      },
    }),
    document: compileDocument(named),
  };
}

function buildMappings([name, { type, alias, mapping }]: [string, Field]): [string, object][] {
  const limit = type === 'keyword' ? { ignore_above: 1024 } : {};
  const field: [string, object] = [name, { type, ...limit, ...mapping }];
  return alias === undefined ? [field] : [field, [alias, { type: 'alias', path: name }]];
}

function buildSchema({ type, nullable, schema }: Field): SchemaObject {
  const named = SCHEMA_TYPES[type];
  return { type: nullable ? [named, 'null'] : named, ...schema };
}

/** The function that one would write by hand, and as fast: `(event, part) => ({ timestamp: event.timestamp, … })`. */
function compileDocument(named: readonly [string, Field][]): FieldTable['document'] {
  const members = named.map(([name, { from }]) => {
    const values = [from].flat().map((path) => expressionOf(path));
    return `${JSON.stringify(name)}: ${values.join(' ?? ')}`;
  });
  return new Function('event', 'part = {}', `return { ${members.join(', ')} };`) as FieldTable['document'];
}

function expressionOf(path: string): string {
  const names = path.split('.');
  if (names.includes('')) throw new Error(`"${path}" is not a path to a field's value`);
  const first = names[0] === 'part' ? names.shift() : 'event';
  return first + names.map((name) => `[${JSON.stringify(name)}]`).join('?.');
}
