import type { CommonConfig } from '../config/sections.ts';
import { countLines, DeadLetters } from '../dead-letters.ts';
import { plural, t } from '../terminal/messages.ts';
import { type Check, ok, warning } from './result.ts';

/** What could not be stored so far. */
export async function checkDeadLetters({ dead_letters: { path, max_bytes } }: CommonConfig): Promise<Check> {
  let count = 0;
  for (const file of await new DeadLetters(path, max_bytes).files()) count += await countLines(file);
  if (count === 0) return ok('dead letters', t('none in {path}', { path }));
  return warning(
    'dead letters',
    t('{logs} could not be stored; kept in {path}', { logs: plural(count, 'log'), path }),
    t('`dead-letters list` says why; `dead-letters replay` tries again once that is put right'),
  );
}
