import { readFileSync } from 'node:fs';
import { reasonOf, SidecarError } from '../util/errors.ts';
import { log } from '../util/log.ts';
import { findNearest } from '../util/nearest.ts';
import type { Schema } from './from-schema.ts';
import { listLeaves } from './schema.ts';
import type { Setting } from './settings.ts';

/**
 * Reads the variables that the schema names; `where` says in errors where they come from. Throws `SidecarError`
 * (`config`) where the file of a secret can't be read.
 */
export function readEnvironment(env: NodeJS.ProcessEnv, where: string): Setting[] {
  const settings: Setting[] = [];
  for (const { path, schema } of listLeaves()) {
    const { variable: name, writeOnly, type } = schema;
    if (name === undefined) continue;
    const file = writeOnly ? env[`${name}_FILE`] : undefined;
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
    settings.push({ path, value: parseValue(raw, type), origin });
  }
  return settings;
}

/**
 * Warns of variables that look like misspelt ones of ours: they begin as ours do, and one of ours differs from them in a
 * letter or two.
 */
export function warnOfMisspelt(env: NodeJS.ProcessEnv, where: string): void {
  const known = new Set(
    listLeaves().flatMap(({ schema: { variable, writeOnly } }) =>
      variable === undefined ? [] : writeOnly ? [variable, `${variable}_FILE`] : [variable],
    ),
  );
  const prefixes = new Set([...known].filter((name) => name.includes('_')).map(prefixOf));
  for (const name of Object.keys(env)) {
    if (known.has(name) || !prefixes.has(prefixOf(name))) continue;
    const near = findNearest(name, [...known], 2);
    if (near !== undefined)
      log.warn(`${name} (${where}) is not a variable of this program; did you mean ${near}?`);
  }
}

const prefixOf = (name: string): string => name.slice(0, name.indexOf('_') + 1);

/** A variable's text as the type that the schema wants; what can't be read stays a text, and is refused later. */
export function parseValue(raw: string, type: Schema['type']): unknown {
  if (type === 'array') return raw.split(',').map((item) => item.trim());
  if ((type === 'integer' || type === 'number') && raw.trim() !== '' && !Number.isNaN(Number(raw)))
    return Number(raw);
  if (type === 'boolean' && /^(true|1|yes)$/i.test(raw)) return true;
  if (type === 'boolean' && /^(false|0|no)$/i.test(raw)) return false;
  return raw;
}
