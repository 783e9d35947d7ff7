import { SINKS, SOURCES } from '../registry.ts';
import type { FromSchema, Schema, Schemas } from './from-schema.ts';
import { COMMON_SECTIONS } from './sections.ts';

type Component = (typeof SOURCES | typeof SINKS)[number];
type Names<C extends readonly Component[]> = { [K in keyof C]: C[K]['name'] };
type Intersection<T> = (T extends unknown ? (each: T) => void : never) extends (all: infer All) => void
  ? All
  : never;
type SectionsOf<C extends readonly Component[]> = Intersection<C[number]['sections']>;

const { pipeline, ...others } = COMMON_SECTIONS;

/**
 * JSON Schema (draft-07) of the configuration: what may be set, what it must be, the defaults, and the variables and
 * flags that set it. Composed of the sections of all sources and sinks, and of the common ones.
 */
export const CONFIG_SCHEMA = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Configuration of ml-log-sidecar',
  type: 'object',
  additionalProperties: false,
  properties: {
    pipeline: {
      ...pipeline,
      properties: {
        source: {
          enum: namesOf(SOURCES),
          default: SOURCES[0].name,
          description: `Where logs come from: ${helpOf(SOURCES)}.`,
          variable: 'PIPELINE_SOURCE',
          flag: 'source',
        },
        sink: {
          enum: namesOf(SINKS),
          default: SINKS[0].name,
          description: `Where documents go: ${helpOf(SINKS)}.`,
          variable: 'PIPELINE_SINK',
          flag: 'sink',
        },
        ...pipeline.properties,
      },
    },
    ...sectionsOf(SOURCES),
    ...sectionsOf(SINKS),
    ...others,
  },
} as const satisfies Schema;

/** The whole configuration, validated, with every default filled in. */
export type Config = FromSchema<typeof CONFIG_SCHEMA>;

/** A setting of the schema, such as a variable or a flag may set. */
export interface Leaf {
  /** `['pipeline', 'batch_size']`. */
  path: readonly string[];
  schema: Schema;
}

/** Every setting of a schema that is not a section of others, in its order. */
export function listLeaves(
  schemas: Schemas = CONFIG_SCHEMA.properties,
  above: readonly string[] = [],
): Leaf[] {
  return Object.entries(schemas).flatMap(([key, schema]) => {
    const path = [...above, key];
    return schema.properties ? listLeaves(schema.properties, path) : [{ path, schema }];
  });
}

function namesOf<const C extends readonly Component[]>(components: C): Names<C> {
  return components.map(({ name }) => name) as unknown as Names<C>;
}

function helpOf(components: readonly Component[]): string {
  return components.map(({ name, help }) => `${name} (${help})`).join(', ');
}

function sectionsOf<const C extends readonly Component[]>(components: C): SectionsOf<C> {
  return Object.assign({}, ...components.map(({ sections }) => sections)) as SectionsOf<C>;
}
