import type { ArgumentsCamelCase, Argv } from 'yargs';
import { type ConfigFlag, type ConfigFlags, configFlags, sinkFlags, sourceFlags } from '../config/flags.ts';
import { type ConfigInput, type LoadedConfig, loadConfig } from '../config/load.ts';
import { SidecarError } from '../util/errors.ts';
import { setLogLevel } from '../util/log.ts';

/** A command of the command line, but for its name and its line of help. */
export interface Command {
  /** Adds its options, and its own commands. */
  builder(yargs: Argv): Argv;
  handler(args: ArgumentsCamelCase): void | Promise<void>;
}

/** Options that every command which reads the configuration has. */
export const COMMON_FLAGS = configFlags('language', 'log_level');

/** Options that choose the source. */
export const SOURCE_FLAGS = sourceFlags();

/** Options that choose the sink. */
export const SINK_FLAGS = sinkFlags();

/** `--config`, and a yargs option for each flag. */
export function yargsOptions(flags: ConfigFlags) {
  const options = Object.entries(flags).map(([name, { type, describe, choices }]) => [
    name,
    { type, describe, requiresArg: true, ...(choices ? { choices } : {}) },
  ]);
  return {
    config: {
      type: 'string' as const,
      describe: 'YAML file instead of configs/pipeline.yaml',
      requiresArg: true,
    },
    ...(Object.fromEntries(options) as Record<string, { type: ConfigFlag['type']; describe: string }>),
  };
}

/** The configuration, with what the command line sets on top. */
export function configFrom(args: Record<string, unknown>, flags: ConfigFlags): LoadedConfig {
  const set: NonNullable<ConfigInput['flags']>[number][] = [];
  for (const [name, { path, list }] of Object.entries(flags)) {
    const value = args[name];
    set.push({
      flag: `--${name}`,
      path,
      value: list && typeof value === 'string' ? value.split(',') : value,
    });
  }
  const loaded = loadConfig({ file: args.config as string | undefined, flags: set });
  setLogLevel(loaded.config.log_level);
  return loaded;
}

/** The values of an option that may be given several times, each one value or several with commas between them. */
export function listOf(value: unknown): string[] {
  return [value ?? []]
    .flat()
    .flatMap((text) => String(text).split(','))
    .map((text) => text.trim())
    .filter((text) => text !== '');
}

/** A time as it is given to an option, UTC where it names no zone, in ms since 1970. Throws `SidecarError` (`config`). */
export function timeOf(text: string, flag: string): number {
  const isLocal = /T[\d:.]+$/.test(text);
  const time = Date.parse(isLocal ? `${text}Z` : text);
  if (!/^\d{4}-\d\d-\d\d/.test(text) || Number.isNaN(time))
    throw new SidecarError(
      'config',
      `${flag}: "${text}" is no time; write it as 2026-11-24 or 2026-11-24T19:30:00Z`,
    );
  return time;
}
