import { type Check, exitOf, failed } from '../checks/result.ts';
import { formatCheck } from '../terminal/checks.ts';
import { quote, type Said, t } from '../terminal/messages.ts';
import { SidecarError } from '../util/errors.ts';
import type { CommandContext } from './define.ts';

/** Where logs come from and go to. */
export const describeRoute = (
  { source, sink }: { source: string; sink: string },
  from: string,
  to: string,
): Said => t('{source} to {sink}', { source: `${source} ${from}`, sink: `${sink} ${to}` });

/** What `make` answers, or the check called `name` that failed since it threw a `SidecarError`; `action` says what to do then. */
export async function orFailed<T extends object>(
  name: string,
  make: () => Promise<T>,
  action: Said,
): Promise<T | Check> {
  try {
    return await make();
  } catch (error) {
    if (!(error instanceof SidecarError)) throw error;
    return failed(name, quote(error.message), action, 2);
  }
}

/** Prints each check as it comes, and all of them for `--json`; returns the exit code. */
export async function tellChecks(
  checks: AsyncIterable<Check>,
  { say, tell }: Pick<CommandContext<Record<never, never>>, 'say' | 'tell'>,
): Promise<number> {
  const told: Check[] = [];
  for await (const check of checks) {
    told.push(check);
    say(formatCheck(check));
  }
  const exit = exitOf(told);
  tell({ exit, checks: told.map(({ exit: _, ...check }) => check) });
  return exit;
}
