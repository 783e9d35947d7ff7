import { SidecarError } from '../util/errors.ts';
import { nearest } from '../util/nearest.ts';

/**
 * The error of a command line that yargs refuses, in words, with the option of `known` that was meant; what a command
 * itself threw stays as it is.
 */
export function usageError(message: string, error: Error | undefined, known: readonly string[]): Error {
  if (error && error.name !== 'YError') return error;
  return new SidecarError('config', `${explain(message, known)}\nSee ml-log-sidecar --help.`);
}

function explain(message: string, known: readonly string[]): string {
  const [, unknown] = /^Unknown arguments?: (.+)$/.exec(message) ?? [];
  if (unknown === undefined)
    return message.replace(/^Not enough arguments following: (.+)$/, '--$1 needs a value');
  const lines = unknown.split(', ').map((name) => {
    const near = nearest(name, known);
    if (near === name) return `"${name}" is not an argument of this command; did you mean --${name}?`;
    const help = near === undefined ? '' : `; did you mean --${near}?`;
    return `--${name} is not an option of this command${help}`;
  });
  return lines.join('\n');
}
