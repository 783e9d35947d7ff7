import { createInterface } from 'node:readline/promises';
import { SidecarError } from '../util/errors.ts';
import { t } from './messages.ts';

/**
 * Asks the person at the terminal whether documents may be deleted; `yes` answers for them. Throws `SidecarError`
 * (`config`) where there is nobody to ask, as with `json`.
 */
export async function confirmDeletion(
  command: string,
  { yes, json }: { yes: boolean; json: boolean },
): Promise<boolean> {
  if (yes) return true;
  if (json || !process.stdin.isTTY)
    throw new SidecarError('config', `${command} deletes these documents for good: repeat it with --yes`);
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(t('Delete these documents for good? [y/N] '));
  terminal.close();
  return /^(y|yes|o|oui)$/i.test(answer.trim());
}
