import { createInterface } from 'node:readline/promises';
import { SidecarError } from '../util/errors.ts';

/**
 * Whether documents may be deleted: `--yes`, or what the person at the terminal answers. Throws `SidecarError` (`config`)
 * where there is nobody to ask, as with `--json`.
 */
export async function confirmed(command: string, { yes, json }: Record<string, unknown>): Promise<boolean> {
  if (yes) return true;
  if (json || !process.stdin.isTTY)
    throw new SidecarError('config', `${command} deletes these documents for good: repeat it with --yes`);
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question('Delete these documents for good? [y/N] ');
  terminal.close();
  return /^(y|yes|o|oui)$/i.test(answer.trim());
}
