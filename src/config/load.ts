import { existsSync, readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';
import { Ajv, type ErrorObject } from 'ajv';
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { reasonOf, SidecarError } from '../util/errors.ts';
import { isObject } from '../util/json.ts';
import type { Config } from './config.ts';
import { CONFIG_SCHEMA } from './schema.ts';
import { VARIABLES } from './variables.ts';

/** A value from outside, where it belongs (`pipeline.batch_size`) and where it was written. */
export interface Setting {
  path: string[];
  value: unknown;
  origin: string;
}

/** What `loadConfig` reads. */
export interface ConfigInput {
  /** The YAML file; without it `configs/pipeline.yaml` here, or else the one that ships. */
  file?: string | undefined;
  /** Values of command-line flags: the flag as typed, the dotted path it sets, and its value. */
  flags?: readonly { flag: string; path: string; value: unknown }[];
  /** Environment variables. */
  env?: NodeJS.ProcessEnv;
  /** Folder of `.env` and of the default file. */
  cwd?: string;
}

/** The configuration, and the folder that paths of plugins are relative to. */
export interface LoadedConfig {
  config: Config;
  base: string;
}

/**
 * Reads flags, environment, `.env`, YAML file and defaults, the former winning. Throws `SidecarError` (`config`)
 * that lists everything wrong, each with where it was written, what it must be, and the nearest known key.
 */
export function loadConfig({
  file,
  flags = [],
  env = process.env,
  cwd = process.cwd(),
}: ConfigInput = {}): LoadedConfig {
  const path =
    file === undefined ? defaultFile(cwd, 'configs/pipeline.yaml', '--config') : resolve(cwd, file);
  const settings = [
    ...settingsOfFile(path, cwd, ['plugins']),
    ...settingsOfEnv(dotEnv(cwd), '.env'),
    ...settingsOfEnv(env, 'environment'),
    ...flags
      .filter(({ value }) => value !== undefined)
      .map(({ flag, path: to, value }) => ({ path: to.split('.'), value, origin: flag })),
  ];
  return { config: validated<Config>(CONFIG_SCHEMA, settings), base: dirname(path) };
}

/**
 * The object that settings make, the later ones winning, with the schema's defaults filled in. Throws `SidecarError`
 * (`config`) that lists everything wrong, each with where it was written, what it must be, and the nearest known key.
 */
export function validated<T>(schema: SchemaNode, settings: readonly Setting[]): T {
  const tree: Record<string, unknown> = {};
  const origins = new Map<string, string>();
  for (const setting of settings) place(tree, setting, origins);
  // Our own schemas are valid; to make sure each time would take longer than all else.
  const validateSchema = false;
  const options = { useDefaults: true, allErrors: true, allowUnionTypes: true, strictTypes: false };
  const ajv = new Ajv({ ...options, validateSchema });
  const valid = ajv.compile<T>(schema);
  if (!valid(tree)) {
    const lines = [...new Set((valid.errors ?? []).map((error) => explain(error, schema, tree, origins)))];
    throw new SidecarError('config', lines.join('\n'));
  }
  return tree as T;
}

/**
 * The path of `name` under `cwd`, or else of the one that ships. Throws `SidecarError` (`config`), which says that
 * `flag` names another, where there is neither.
 */
export function defaultFile(cwd: string, name: string, flag: string): string {
  const own = resolve(cwd, name);
  if (existsSync(own)) return own;
  for (const up of [`../../${name}`, `../../../${name}`]) {
    const shipped = fileURLToPath(new URL(up, import.meta.url));
    if (existsSync(shipped)) return shipped;
  }
  throw new SidecarError('config', `there is no ${own}: name a file with ${flag}`);
}

/**
 * The values of a YAML file; those under the keys of `whole` are not taken apart. Throws `SidecarError` (`config`), which
 * names the file as it is seen from `cwd`, where it can't be read or is no YAML of keys and values.
 */
export function settingsOfFile(path: string, cwd: string, whole: readonly string[] = []): Setting[] {
  const shown = relative(cwd, path) || path;
  let source: string;
  try {
    source = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new SidecarError('config', `the configuration ${shown} can't be read: ${reasonOf(cause)}`, {
      cause,
    });
  }
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false });
  const [error] = document.errors;
  if (error)
    throw new SidecarError('config', `${shown}:${lines.linePos(error.pos[0]).line}: ${error.message}`);
  if (document.contents === null) return [];
  if (!isMap(document.contents))
    throw new SidecarError('config', `${shown}: it must hold keys and values, such as \`pipeline:\``);
  const settings: Setting[] = [];
  const originAt = (offset: number): string => `${shown}:${lines.linePos(offset).line}`;
  const walk = (node: Node | null, at: string[], offset: number): void => {
    if (isMap(node) && !whole.includes(at[0] ?? '')) {
      if (at.length > 0) settings.push({ path: at, value: {}, origin: originAt(offset) });
      for (const { key, value } of node.items) {
        const name = isScalar(key) ? String(key.value) : String(key);
        walk(value as Node | null, [...at, name], (key as Node).range?.[0] ?? offset);
      }
      return;
    }
    const value = node === null ? undefined : isScalar(node) ? node.value : (node as Node).toJS(document);
    // A key without a value, its lines all commented out, sets nothing.
    if (value == null) return;
    settings.push({ path: at, value, origin: originAt(offset) });
    if (isSeq(node)) {
      node.items.forEach((item, n) => {
        const origin = originAt((item as Node).range?.[0] ?? offset);
        settings.push({ path: [...at, String(n)], value: (value as unknown[])[n], origin });
      });
    }
  };
  walk(document.contents, [], 0);
  return settings;
}

function dotEnv(cwd: string): NodeJS.ProcessEnv {
  const path = resolve(cwd, '.env');
  return existsSync(path) ? (parseEnv(readFileSync(path, 'utf8')) as NodeJS.ProcessEnv) : {};
}

function settingsOfEnv(env: NodeJS.ProcessEnv, where: string): Setting[] {
  const settings: Setting[] = [];
  for (const [name, path] of Object.entries(VARIABLES)) {
    const schema = schemaAt(CONFIG_SCHEMA, path.split('.'));
    const file = schema?.writeOnly ? env[`${name}_FILE`] : undefined;
    let raw = env[name];
    let origin = `${name} (${where})`;
    if (file) {
      origin = `${name}_FILE (${where})`;
      try {
        raw = readFileSync(file, 'utf8').trim();
      } catch (cause) {
        throw new SidecarError('config', `${origin}: ${file} can't be read: ${reasonOf(cause)}`, { cause });
      }
    }
    if (raw === undefined || raw === '') continue;
    settings.push({ path: path.split('.'), value: fromText(raw, schema?.type), origin });
  }
  return settings;
}

/** A variable's text as the type that the schema wants; what can't be read stays a text, and is refused later. */
function fromText(raw: string, type: unknown): unknown {
  if (type === 'array') return raw.split(',').map((item) => item.trim());
  if ((type === 'integer' || type === 'number') && raw.trim() !== '' && !Number.isNaN(Number(raw)))
    return Number(raw);
  if (type === 'boolean' && /^(true|1|yes)$/i.test(raw)) return true;
  if (type === 'boolean' && /^(false|0|no)$/i.test(raw)) return false;
  return raw;
}

function place(
  tree: Record<string, unknown>,
  { path, value, origin }: Setting,
  origins: Map<string, string>,
): void {
  let at: Record<string, unknown> = tree;
  for (const key of path.slice(0, -1)) {
    if (!Object.hasOwn(at, key) || typeof at[key] !== 'object' || at[key] === null) {
      Object.defineProperty(at, key, { value: {}, enumerable: true, writable: true, configurable: true });
    }
    at = at[key] as Record<string, unknown>;
  }
  Object.defineProperty(at, path.at(-1) as string, {
    value,
    enumerable: true,
    writable: true,
    configurable: true,
  });
  origins.set(path.join('/'), origin);
}

/** What errors are told by: the part of a JSON Schema that the files here use. */
interface SchemaNode {
  type?: unknown;
  description?: string;
  writeOnly?: boolean;
  properties?: Record<string, SchemaNode>;
  items?: SchemaNode;
  additionalProperties?: boolean | SchemaNode;
}

function schemaAt(schema: SchemaNode, path: readonly string[]): SchemaNode | undefined {
  let node: SchemaNode | undefined = schema;
  for (const key of path) {
    const others: SchemaNode['additionalProperties'] = node?.additionalProperties;
    node = node?.properties?.[key] ?? node?.items ?? (typeof others === 'object' ? others : undefined);
  }
  return node;
}

/** One error in words: where the value was written, its key, and what it must be. */
function explain(
  error: ErrorObject,
  schema: SchemaNode,
  tree: unknown,
  origins: Map<string, string>,
): string {
  const path = error.instancePath.split('/').slice(1);
  if (error.keyword === 'additionalProperties') {
    const key = String(error.params.additionalProperty);
    const known = Object.keys(schemaAt(schema, path)?.properties ?? {});
    const near = nearest(key, known);
    const help = near ? `Did you mean ${near}?` : `Known here: ${known.join(', ')}`;
    return `${originOf([...path, key], origins)}: unknown key ${[...path, key].join('.')}. ${help}`;
  }
  const node = schemaAt(schema, path);
  const value = path.reduce<unknown>((inner, key) => (inner as Record<string, unknown>)?.[key], tree);
  const shown = typeof value === 'number' ? String(value) : JSON.stringify(value);
  const is = node?.writeOnly || isObject(value) ? '' : `, but is ${shown}`;
  const must =
    error.keyword === 'enum' ? `must be one of ${error.params.allowedValues.join(', ')}` : error.message;
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

/** The known name most like `name`, if any is like it at all. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const scored = known.map((candidate) => ({ candidate, far: distance(name.toLowerCase(), candidate) }));
  const best = scored.sort((a, b) => a.far - b.far)[0];
  return best && best.far <= Math.max(2, name.length / 3) ? best.candidate : undefined;
}

/** Levenshtein distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, n) => n);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length]!;
}
