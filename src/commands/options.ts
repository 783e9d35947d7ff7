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

/** A text. */
export function text(describe: string): CommandOption<string | undefined> {
  return value(describe, (given) => given);
}

/** One of several texts. */
export function oneOf<const C extends string>(
  choices: readonly C[],
  describe: string,
): CommandOption<C | undefined> {
  return value(`${describe} (${choices.join(', ')})`, (given, flag) => {
    if (choices.includes(given as C)) return given as C;
    throw new SidecarError('config', `${flag}: "${given}" is not one of ${choices.join(', ')}`);
  });
}

/** One of several texts, the first of which is the default. */
export function choice<const C extends string>(choices: readonly [C, ...C[]], describe: string) {
  return withDefault(choices[0], oneOf<C>(choices, describe));
}

/** A whole number of `least` or more. */
export function count(fallback: number, describe: string, { least = 1 }: { least?: number } = {}) {
  const number = value(describe, (given, flag) => {
    if (/^\d{1,15}$/.test(given) && Number(given) >= least) return Number(given);
    throw new SidecarError(
      'config',
      `${flag}: "${given}" is not a whole number of ${least} or more; write it as ${flag} ${fallback}`,
    );
  });
  return withDefault(fallback, number);
}

/** A point in time, as `readTime` takes it, in ms since 1970. */
export function time(describe: string): CommandOption<number | undefined> {
  return value(describe, (given, flag) => readTime(given, flag));
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

/** An option that must be given. */
export function required<T>({ help, read }: CommandOption<T | undefined>): CommandOption<T> {
  return { help: { ...help, demandOption: true }, read: (given, flag) => read(given, flag) as T };
}

/** An option with a default. */
export function withDefault<T>(fallback: T, { help, read }: CommandOption<T | undefined>): CommandOption<T> {
  return {
    help: { ...help, defaultDescription: String(fallback) },
    read: (given, flag) => read(given, flag) ?? fallback,
  };
}

const VALUE = { type: 'string', requiresArg: true } as const satisfies Options;

/** An option that is given once, with a value that `parse` reads; it need not be given. */
export function value<T>(
  describe: string,
  parse: (given: string, flag: string) => T,
): CommandOption<T | undefined> {
  return {
    help: { ...VALUE, describe },
    read: (given, flag) => {
      if (Array.isArray(given))
        throw new SidecarError('config', `${flag} is given ${given.length} times; give it once`);
      return given === undefined ? undefined : parse(given as string, flag);
    },
  };
}
