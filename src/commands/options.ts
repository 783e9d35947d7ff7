import type { Options } from 'yargs';
import { SidecarError } from '../util/errors.ts';
import { readTime } from '../util/time.ts';

/** An option, or a positional argument, of one command: its help, and how its value is read. */
export interface CommandOption<T> {
  help: Options;
  /** Reads what was typed; `flag` begins the message of the `SidecarError` (`config`) thrown for what can't be read. */
  read(given: unknown, flag: string): T;
}

/** Options by name, without dashes. */
export type CommandOptions = Readonly<Record<string, CommandOption<unknown>>>;

/** What a command gets for its options. */
export type OptionValues<O extends CommandOptions> = {
  readonly [K in keyof O]: O[K] extends CommandOption<infer T> ? T : never;
};

/** An option that is there or not; `letter` is its short form. */
export function flag(describe: string, letter?: string): CommandOption<boolean> {
  const alias = letter === undefined ? {} : { alias: letter };
  return { help: { type: 'boolean', describe, ...alias }, read: (given) => [given].flat().includes(true) };
}

/** A text that need not be given. */
export function text(describe: string): CommandOption<string | undefined> {
  return { help: { ...VALUE, describe }, read: readOnce };
}

/** A text that must be given. */
export function requiredText(describe: string): CommandOption<string> {
  return {
    help: { ...VALUE, describe, demandOption: true },
    read: (given, flag) => readOnce(given, flag) as string,
  };
}

/** A text with a default. */
export function textOr(fallback: string, describe: string): CommandOption<string> {
  return {
    help: { ...VALUE, describe, defaultDescription: fallback },
    read: (given, flag) => readOnce(given, flag) ?? fallback,
  };
}

/** One of several texts, the first of which is the default. */
export function choice<const C extends string>(
  choices: readonly [C, ...C[]],
  describe: string,
): CommandOption<C> {
  const among = oneOf(choices, describe);
  return {
    help: { ...among.help, defaultDescription: choices[0] },
    read: (given, flag) => among.read(given, flag) ?? choices[0],
  };
}

/** One of several texts, or nothing. */
export function oneOf<const C extends string>(
  choices: readonly C[],
  describe: string,
): CommandOption<C | undefined> {
  return {
    help: { ...VALUE, describe: `${describe} (${choices.join(', ')})` },
    read: (given, flag) => {
      const value = readOnce(given, flag);
      if (value === undefined || choices.includes(value as C)) return value as C | undefined;
      throw new SidecarError('config', `${flag}: "${value}" is not one of ${choices.join(', ')}`);
    },
  };
}

/** A whole number of `least` or more. */
export function count(
  fallback: number,
  describe: string,
  { least = 1 }: { least?: number } = {},
): CommandOption<number> {
  return {
    help: { ...VALUE, describe, defaultDescription: String(fallback) },
    read: (given, flag) => {
      const value = readOnce(given, flag);
      if (value === undefined) return fallback;
      const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
      if (number >= least) return number;
      throw new SidecarError(
        'config',
        `${flag}: "${value}" is not a whole number of ${least} or more; write it as ${flag} ${fallback}`,
      );
    },
  };
}

/** A point in time, as `readTime` takes it, in ms since 1970. */
export function time(describe: string): CommandOption<number | undefined> {
  return { help: { ...VALUE, describe }, read: readGivenTime };
}

/** A point in time that must be given. */
export function requiredTime(describe: string): CommandOption<number> {
  return {
    help: { ...VALUE, describe, demandOption: true },
    read: (given, flag) => readGivenTime(given, flag) as number,
  };
}

/** Texts: given several times, or several at once with commas between them. */
export function list(describe: string): CommandOption<string[]> {
  return {
    help: { ...VALUE, describe },
    read: (given) =>
      [given ?? []]
        .flat()
        .flatMap((text) => String(text).split(','))
        .map((text) => text.trim())
        .filter((text) => text !== ''),
  };
}

const VALUE = { type: 'string', requiresArg: true } as const satisfies Options;

function readGivenTime(given: unknown, flag: string): number | undefined {
  const value = readOnce(given, flag);
  return value === undefined ? undefined : readTime(value, flag);
}

function readOnce(given: unknown, flag: string): string | undefined {
  if (Array.isArray(given))
    throw new SidecarError('config', `${flag} is given ${given.length} times; give it once`);
  return given as string | undefined;
}
