import { join } from 'node:path';
import { Journal } from '../buffer/journal.ts';
import type { ConfiguredSink, ConfiguredSource } from '../component.ts';
import type { IndexDefinition } from '../plugin.ts';
import { plural, t } from '../terminal/messages.ts';
import { type Check, ok, warning } from './result.ts';

/**
 * How far the source has been read by the journal in `folder`, and whether the sink knows of that: indices that were emptied,
 * or made anew, are not filled again by a run that goes on from there.
 */
export async function checkPosition(
  folder: string,
  source: ConfiguredSource,
  sink: ConfiguredSink,
  indices: readonly IndexDefinition[],
): Promise<Check> {
  const journal = new Journal(join(folder, 'journal'));
  await journal.open();
  const { logs, confirmed } = journal.progress;
  if (logs === 0) return ok('position', t('nothing was read yet: the first run begins at the start'));
  const read = { logs: plural(logs, 'log'), address: source.address };
  const says = t('{logs} of {address} were read so far', read);
  // What reaches the other indices depends on the filter.
  const holdAll = indices.filter(({ filtered }) => filtered === false);
  if (confirmed === 0 || source.isReadOnce || holdAll.length === 0 || !sink.isEmpty)
    return ok('position', says);
  const isEmpty = await sink.isEmpty(holdAll).catch(() => false);
  if (!isEmpty) return ok('position', says);
  return warning(
    'position',
    t('{logs} of {address} were read so far, but {index} holds none: a continuous run goes on behind them', {
      ...read,
      index: holdAll.map(({ name }) => name).join(', '),
    }),
    t(
      '`run --continuous --from-start` reads all that the source still holds again, and so does `run --once`',
    ),
  );
}
