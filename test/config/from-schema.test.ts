import { test } from 'node:test';
import type { FromSchema, Schema } from '../../src/config/from-schema.ts';
import type { Config } from '../../src/config/schema.ts';
import type { JsonObject } from '../../src/util/json.ts';

/** True where two types are one and the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Writes an intersection as one object. */
type Flat<T> = { [K in keyof T]: T[K] };

const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['name'],
  properties: {
    name: { type: 'string' },
    count: { type: 'integer', default: 1 },
    kind: { enum: ['a', 'b'] },
    list: { type: 'array', items: { type: 'number' }, default: [] },
    options: { type: 'object' },
    byName: { type: 'object', additionalProperties: { type: 'boolean' } },
  },
} as const satisfies Schema;

// What is tested here, the compiler tests: each line is an error where the types differ.
test('the type of a schema is that of its values, defaults filled in', () => {
  interface Expected {
    name: string;
    count: number;
    kind?: 'a' | 'b';
    list: number[];
    options?: JsonObject;
    byName?: Record<string, boolean>;
  }
  true satisfies Same<Flat<FromSchema<typeof SCHEMA>>, Flat<Expected>>;
  true satisfies Same<
    FromSchema<{ type: 'object'; properties: { n: { type: 'number' } } }>['m'],
    JsonObject[string]
  >;
});

test('the configuration has the type of its schema', () => {
  false satisfies Same<Config['pipeline']['sink'], string>;
  true satisfies Same<Config['redis']['port'], number>;
  true satisfies Same<Config['listen'], string | undefined>;
  true satisfies Same<Config['plugins'][number]['options'], JsonObject | undefined>;
});
