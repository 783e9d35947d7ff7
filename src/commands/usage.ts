import { SidecarError } from '../util/errors.ts';
import { findNearest } from '../util/nearest.ts';

/** How wide help is printed, in characters. */
export const HELP_WIDTH = Math.min(110, process.stdout.columns ?? 110);

/** What a command line may hold at the place where it went wrong. */
export interface KnownWords {
  /** Names of options, without dashes. */
  options?: readonly string[];
  /** Names of commands. */
  commands?: readonly string[];
  /** The command line as it was typed. */
  typed?: readonly string[];
}

/**
 * The error of a command line that yargs refuses, in words, with the option or command that was meant; what a command
 * itself threw stays as it is.
 */
export function usageError(message: string, error: Error | undefined, known: KnownWords = {}): Error {
  if (error && error.name !== 'YError') return error;
  return new SidecarError('config', `${explain(message, known)}\nSee ml-log-sidecar --help.`);
}

function explain(message: string, known: KnownWords): string {
  const [, unknown] = /^Unknown (?:arguments?|commands?): (.+)$/.exec(message) ?? [];
  if (unknown === undefined)
    return message.replace(
      /^Not enough arguments following: (.+)$/,
      (_, name) => `${dashed(name)} needs a value`,
    );
  const { typed = process.argv.slice(2) } = known;
  const words = new Set(typed.map((word) => word.replace(/=.*/s, '')));
  const names = unknown.split(', ');
  const options = names.filter((name) => words.has(dashed(name)));
  // Behind a command that is not known, nothing can be.
  const others = names.filter((name) => words.has(name)).slice(0, known.commands?.length ? 1 : undefined);
  const lines = [
    ...options.map((name) => explainOption(name, known)),
    ...others.map((name) => explainWord(name, known)),
  ];
  return lines.length > 0 ? lines.join('\n') : message;
}

function explainOption(name: string, { options = [] }: KnownWords): string {
  const near = name.length === 1 ? undefined : findNearest(name, options);
  const help = near === undefined ? '' : `; did you mean ${dashed(near)}?`;
  return `${dashed(name)} is not an option${options.length > 0 ? ' of this command' : ''}${help}`;
}

function explainWord(name: string, { options = [], commands = [] }: KnownWords): string {
  if (commands.length > 0) {
    const near = findNearest(name, commands);
    const help = near === undefined ? `the commands are ${commands.join(', ')}` : `did you mean ${near}?`;
    return `"${name}" is not a command; ${help}`;
  }
  const help = options.includes(name) ? `; did you mean ${dashed(name)}?` : '';
  return `"${name}" is not an argument of this command${help}`;
}

const dashed = (name: string): string => `${name.length === 1 ? '-' : '--'}${name}`;
