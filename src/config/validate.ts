import { Ajv, type ErrorObject } from 'ajv';
import { defaultOf } from '../util/defaults.ts';
import { SidecarError } from '../util/errors.ts';
import { isObject, setOwn } from '../util/json.ts';
import { findNearest } from '../util/nearest.ts';
import type { FromSchema, Schema } from './from-schema.ts';
import type { Setting } from './settings.ts';

/**
 * Puts settings together into an object, the later ones winning, with the schema's defaults filled in. Throws `SidecarError`
 * (`config`) that lists everything wrong, each with where it was written, what it must be, and the nearest known key.
 */
export function validate<const S extends Schema>(schema: S, settings: readonly Setting[]): FromSchema<S> {
  const tree: Record<string, unknown> = {};
  const origins = new Map<string, string>();
  for (const setting of settings) {
    // One text is a list of one.
    const isOne = schemaAt(schema, setting.path)?.type === 'array' && typeof setting.value === 'string';
    setValue(tree, isOne ? { ...setting, value: [setting.value] } : setting, origins);
  }
  const ajv = new Ajv({
    useDefaults: true,
    allErrors: true,
    allowUnionTypes: true,
    strictTypes: false,
    // Our own schemas are valid, and code that runs once need not be fast: either would take longer than all else.
    validateSchema: false,
    code: { optimize: false },
  }).addVocabulary(['variable', 'flag']);
  // To compile a part costs more than all else, and of what is not set the defaults are known to be valid.
  const isSet = new Set(settings.map(({ path }) => path[0]));
  const parts = Object.entries(schema.properties ?? {});
  const valid = ajv.compile({
    ...schema,
    properties: Object.fromEntries(parts.filter(([key]) => isSet.has(key))),
  });
  if (!valid(tree)) {
    const lines = [
      ...new Set((valid.errors ?? []).map((error) => explainError(error, schema, tree, origins))),
    ];
    throw new SidecarError('config', lines.join('\n'));
  }
  for (const [key, part] of parts) {
    const value = isSet.has(key) ? undefined : defaultOf(part);
    if (value !== undefined) setOwn(tree, key, value);
  }
  return tree as FromSchema<S>;
}

function setValue(
  tree: Record<string, unknown>,
  { path, value, origin }: Setting,
  origins: Map<string, string>,
): void {
  let at: Record<string, unknown> = tree;
  for (const key of path.slice(0, -1)) {
    if (!Object.hasOwn(at, key) || typeof at[key] !== 'object' || at[key] === null) setOwn(at, key, {});
    at = at[key] as Record<string, unknown>;
  }
  setOwn(at, path.at(-1) as string, value);
  origins.set(path.join('/'), origin);
}

function schemaAt(schema: Schema, path: readonly string[]): Schema | undefined {
  let node: Schema | undefined = schema;
  for (const key of path) {
    const others: Schema['additionalProperties'] = node?.additionalProperties;
    node = node?.properties?.[key] ?? node?.items ?? (typeof others === 'object' ? others : undefined);
  }
  return node;
}

/** One error in words: where the value was written, its key, and what it must be. */
function explainError(
  error: ErrorObject,
  schema: Schema,
  tree: unknown,
  origins: Map<string, string>,
): string {
  const path = error.instancePath.split('/').slice(1);
  if (error.keyword === 'additionalProperties') {
    const key = String(error.params.additionalProperty);
    const known = Object.keys(schemaAt(schema, path)?.properties ?? {});
    const near = findNearest(key, known);
    const help = near ? `Did you mean ${near}?` : `Known here: ${known.join(', ')}`;
    return `${originOf([...path, key], origins)}: unknown key ${[...path, key].join('.')}. ${help}`;
  }
  const node = schemaAt(schema, path);
  const value = path.reduce<unknown>((inner, key) => (inner as Record<string, unknown>)?.[key], tree);
  const shown = typeof value === 'number' ? String(value) : JSON.stringify(value);
  const is = node?.writeOnly || isObject(value) ? '' : `, but is ${shown}`;
  const must =
    error.keyword === 'enum'
      ? `must be one of ${error.params.allowedValues.join(', ')}`
      : error.params.type === 'integer'
        ? 'must be a whole number'
        : error.message;
  const about = node?.description ? ` (${node.description})` : '';
  return `${originOf(path, origins)}: ${path.join('.')} ${must}${is}${about}`;
}

function originOf(path: readonly string[], origins: Map<string, string>): string {
  for (let length = path.length; length > 0; length--) {
    const origin = origins.get(path.slice(0, length).join('/'));
    if (origin) return origin;
  }
  for (const [at, origin] of origins) if (at.startsWith(`${path.join('/')}/`)) return origin;
  return 'configuration';
}
