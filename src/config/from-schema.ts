import type { JsonObject } from '../util/json.ts';

/** The part of JSON Schema (draft-07) that this program's own schemas use, and its three annotations. */
export interface Schema {
  readonly $schema?: string;
  readonly title?: string;
  readonly description?: string;
  readonly type?: 'string' | 'number' | 'integer' | 'boolean' | 'array' | 'object';
  readonly default?: unknown;
  readonly enum?: readonly (string | number)[];
  readonly const?: string | number | boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly pattern?: string;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly uniqueItems?: boolean;
  readonly properties?: Schemas;
  readonly required?: readonly string[];
  readonly minProperties?: number;
  readonly propertyNames?: Schema;
  readonly additionalProperties?: boolean | Schema;
  /** A secret: never printed, and `<variable>_FILE` may name the file that holds it. */
  readonly writeOnly?: boolean;
  /** The environment variable that sets it. */
  readonly variable?: string;
  /** The option of the command line that sets it, without its dashes. */
  readonly flag?: string;
}

/** Schemas by name. */
export type Schemas = Readonly<Record<string, Schema>>;

/**
 * The type of the values that a schema admits, once its defaults are filled in: what has a default is always there. An
 * object that may hold more than it names is a `JsonObject`, too.
 */
export type FromSchema<S> = S extends { const: infer Value }
  ? Value
  : S extends { enum: readonly (infer Value)[] }
    ? Value
    : S extends { type: 'string' }
      ? string
      : S extends { type: 'number' | 'integer' }
        ? number
        : S extends { type: 'boolean' }
          ? boolean
          : S extends { type: 'array'; items: infer Item }
            ? FromSchema<Item>[]
            : S extends { type: 'object' }
              ? ObjectFrom<S>
              : never;

/** The type of an object that has these properties and no others. */
export type FromSchemas<P> = ObjectFrom<{ additionalProperties: false; properties: P }>;

type ObjectFrom<S> = S extends { properties: infer P }
  ? S extends { additionalProperties: false }
    ? Named<P, RequiredOf<S, P>>
    : Named<P, RequiredOf<S, P>> & JsonObject
  : S extends { additionalProperties: infer Value extends Schema }
    ? Record<string, FromSchema<Value>>
    : JsonObject;

type Named<P, Required extends keyof P> = { -readonly [K in Required]: FromSchema<P[K]> } & {
  -readonly [K in Exclude<keyof P, Required>]?: FromSchema<P[K]>;
};

type RequiredOf<S, P> =
  | { [K in keyof P]: P[K] extends { default: unknown } ? K : never }[keyof P]
  | (S extends { required: readonly (infer Key)[] } ? Key & keyof P : never);
