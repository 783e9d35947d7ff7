import { setFlagsFromString } from 'node:v8';
import { SidecarError } from './errors.ts';

let bounded = false;

/**
 * Compiles a regular expression from the configuration so that no text can make it run for ever: where
 * backtracking gets out of hand, V8 turns to its linear-time engine. What that engine can't run (lookahead,
 * backreferences, very large counts) is refused. `what` names the setting.
 * Throws `SidecarError` (`config`).
 */
export function compilePattern(pattern: string, what: string, flags = ''): RegExp {
  if (!bounded) {
    setFlagsFromString('--enable-experimental-regexp-engine');
    setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks');
    bounded = true;
  }
  try {
    new RegExp(pattern, `${flags}l`);
    return new RegExp(pattern, flags);
  } catch (cause) {
    const linear = /linear time/.test((cause as Error).message);
    const fault = (cause as Error).message.replace(/^.*: /s, '');
    const reason = linear
      ? 'it uses lookahead, a backreference or a very large count, for which the time to match has no bound'
      : `${fault}. A character such as ( or [ that stands for itself is written \\( or \\[`;
    throw new SidecarError('config', `${what}: "${pattern}" is not a regular expression: ${reason}`, {
      cause,
    });
  }
}
