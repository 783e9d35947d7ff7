import { type Check, exitOf } from '../checks/result.ts';
import { formatCheck } from '../terminal/checks.ts';
import type { CommandContext } from './define.ts';

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
