import { quote, type Said, t } from '../terminal/messages.ts';
import { EXIT, reasonOf, SidecarError } from '../util/errors.ts';

/** What was found out about one thing. */
export interface Check {
  /** The thing: `redis`, `elasticsearch`, `index ml-api-logs`. */
  name: string;
  state: 'ok' | 'warning' | 'failed';
  /** What was found. */
  says: Said;
  /** What to do about it; every warning and failure has one. */
  action?: Said;
  /** What the process exits with for a failure: 1 wrong as it is, 2 wrong configuration, 3 out of reach. */
  exit?: 1 | 2 | 3;
}

/** As it should be. */
export const ok = (name: string, says: Said): Check => ({ name, state: 'ok', says });

/** May be as it should be, or not. */
export const warning = (name: string, says: Said, action: Said): Check => ({
  name,
  state: 'warning',
  says,
  action,
});

/** Not as it should be. */
export const failed = (name: string, says: Said, action: Said, exit: 1 | 2 | 3 = 1): Check => ({
  name,
  state: 'failed',
  says,
  action,
  exit,
});

/** A failure from what was thrown; `action` where the error, unlike a `SidecarError`, does not say what to do. */
export function failure(name: string, error: unknown, action: Said): Check {
  const exit = error instanceof SidecarError ? (error.exitCode as 2 | 3) : 3;
  return failed(name, quote(reasonOf(error)), action, exit);
}

/**
 * The exit code of all checks: a wrong configuration before a server out of reach, and that before other failures.
 */
export function exitOf(checks: readonly Check[]): number {
  const exits = checks.map(({ exit }) => exit ?? EXIT.ok);
  for (const code of [2, 3, 1]) if (exits.includes(code as 1 | 2 | 3)) return code;
  return EXIT.ok;
}

/** How long ago, or how much later, a time is: `5 min`. */
export function span(ms: number): string {
  const seconds = Math.abs(ms) / 1000;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800
    ? `${Math.round(seconds / 3600)} h`
    : t('{count} days', { count: Math.round(seconds / 86_400) });
}
