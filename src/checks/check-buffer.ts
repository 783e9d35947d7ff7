import { join } from 'node:path';
import { Journal } from '../buffer/journal.ts';
import { readHeads, segmentPaths } from '../buffer/segments.ts';
import { plural, t } from '../terminal/messages.ts';
import { reasonOf } from '../util/errors.ts';
import { type Check, ok, span, warning } from './result.ts';

/** From this share of its bound on, it is time to look after the sink. */
const FULL_SHARE = 0.5;

/**
 * What waits for the sink in the buffer's `folder`, by the journal in `stateFolder`; `maxBytes` is the buffer's bound. It
 * changes nothing, and may look while a sidecar runs.
 */
export async function checkBuffer(folder: string, stateFolder: string, maxBytes: number): Promise<Check> {
  const journal = new Journal(join(stateFolder, 'journal'));
  await journal.open();
  const { confirmed } = journal.progress;
  let logs = 0;
  let bytes = 0;
  let oldest: number | undefined;
  const damaged: string[] = [];
  try {
    for (const path of await segmentPaths(folder)) {
      const segment = await readHeads(
        path,
        (head) => {
          if (head.sequence <= confirmed) return;
          logs += head.logs;
          oldest ??= head.readAt;
        },
        () => damaged.push(path),
      );
      bytes += segment?.size ?? 0;
    }
  } catch (error) {
    // A running sidecar deletes a segment when the sink has all of it.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      return warning(
        'buffer',
        t("{path} can't be read: {why}", { path: folder, why: reasonOf(error) }),
        t('A run needs it: give it the rights to that folder'),
      );
  }
  if (damaged.length > 0)
    return warning(
      'buffer',
      t('{path} is damaged: some logs in it are lost', { path: damaged[0]! }),
      t('Look after the disk; a run tells how many, and goes on behind them'),
    );
  if (oldest === undefined) return ok('buffer', t('nothing waits for the sink'));
  const says = t('{logs} wait for the sink, the oldest for {age}: {used} of {bound} MB in {folder}', {
    logs: plural(logs, 'log'),
    age: span(Date.now() - oldest),
    used: megabytes(bytes),
    bound: megabytes(maxBytes),
    folder,
  });
  if (bytes < maxBytes * FULL_SHARE) return ok('buffer', says);
  return warning(
    'buffer',
    says,
    t(
      'See why the sink does not take them, or raise buffer.max_bytes: when it is full, nothing more is read, and what its source forgets is lost',
    ),
  );
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
