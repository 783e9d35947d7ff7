import { type Check, exitOf } from '../checks/result.ts';
import { formatCheck } from '../terminal/checks.ts';
import { type Said, t } from '../terminal/messages.ts';
import type { CommandContext } from './define.ts';

/** Where logs come from and go to. */
export const describeRoute = (
  { source, sink }: { source: string; sink: string },
  from: string,
  to: string,
): Said => t('{source} to {sink}', { source: `${source} ${from}`, sink: `${sink} ${to}` });

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
