import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';
import { SidecarError } from '../util/errors.ts';
import { readEnvironment, warnOfMisspelt } from './environment.ts';
import { expandVariables } from './expand.ts';
import { CONFIG_SCHEMA, type Config } from './schema.ts';
import { readYaml } from './settings.ts';
import { validate } from './validate.ts';

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

/** The configuration, and where it comes from. */
export interface LoadedConfig {
  config: Config;
  /** The folder that paths of plugins are relative to. */
  base: string;
  /** The YAML file. */
  file: string;
  /** Where each setting that is not a default was written, by its dotted path: `REDIS_HOST (.env)`. */
  origins: ReadonlyMap<string, string>;
}

/**
 * Reads flags, environment, `.env`, YAML file and defaults, each winning over the next. Throws `SidecarError` (`config`)
 * that lists everything wrong, each with where it was written, what it must be, and the nearest known key.
 */
export function loadConfig({
  file,
  flags = [],
  env = process.env,
  cwd = process.cwd(),
}: ConfigInput = {}): LoadedConfig {
  const path = file === undefined ? findFile(cwd, 'configs/pipeline.yaml', '--config') : resolve(cwd, file);
  const dotEnv = readDotEnv(cwd);
  warnOfMisspelt(dotEnv, '.env');
  warnOfMisspelt(env, 'environment');
  const settings = [
    ...expandVariables(readYaml(path, cwd, ['plugins']), { ...dotEnv, ...env }),
    ...readEnvironment(dotEnv, '.env'),
    ...readEnvironment(env, 'environment'),
    ...flags
      .filter(({ value }) => value !== undefined)
      .map(({ flag, path: to, value }) => ({ path: to.split('.'), value, origin: flag })),
  ];
  const origins = new Map(settings.map(({ path: at, origin }) => [at.join('.'), origin]));
  return { config: validate(CONFIG_SCHEMA, settings), base: dirname(path), file: path, origins };
}

/**
 * Finds `name` under `cwd`, or else the file of that name that ships. Throws `SidecarError` (`config`), which says that
 * `flag` names another, where neither exists.
 */
export function findFile(cwd: string, name: string, flag: string): string {
  const own = resolve(cwd, name);
  const found = existsSync(own) ? own : findShipped(name);
  if (found !== undefined) return found;
  throw new SidecarError('config', `there is no ${own}: name a file with ${flag}`);
}

/** The path of a file that ships, beside the source or what was built of it. */
export function findShipped(name: string): string | undefined {
  return [`../../${name}`, `../../../${name}`]
    .map((up) => fileURLToPath(new URL(up, import.meta.url)))
    .find((path) => existsSync(path));
}

/** The text of a file that ships. Throws `SidecarError` (`config`) where it is not there. */
export function readShipped(name: string): string {
  const path = findShipped(name);
  if (path !== undefined) return readFileSync(path, 'utf8');
  throw new SidecarError('config', `${name}, which ships, is not there: install the package anew`);
}

function readDotEnv(cwd: string): NodeJS.ProcessEnv {
  const path = resolve(cwd, '.env');
  return existsSync(path) ? (parseEnv(readFileSync(path, 'utf8')) as NodeJS.ProcessEnv) : {};
}
