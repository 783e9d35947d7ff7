import { createPluginChain } from '../create-pipeline.ts';
import type { CopyFigures } from '../elasticsearch/find-copies.ts';
import { plural, t } from '../terminal/messages.ts';
import { Progress } from '../terminal/progress.ts';
import { formatTable } from '../terminal/table.ts';
import { EXIT } from '../util/errors.ts';
import { defineCommand } from './define.ts';
import { withElasticsearch } from './elasticsearch.ts';
import { flag } from './options.ts';

/** `deduplicate`: finds the copies that other pipelines left of the same logs, and with `--yes` deletes them. */
export const command = defineCommand({
  options: { yes: flag('Delete the copies; without it they are only counted') },
  exitCodes: { [EXIT.deadLetters]: 'some copies could not be deleted' },
  run: async ({ args, load, say, tell }) => {
    const loaded = load();
    const { indices } = await createPluginChain(loaded);
    const { deduplicateIndex } = await import('../elasticsearch/find-copies.ts');
    const found = await withElasticsearch(loaded.config, async (client) => {
      const figures: CopyFigures[] = [];
      const progress = new Progress();
      for (const index of indices) {
        const one = await deduplicateIndex(client, index, args.yes, (done, total) =>
          progress.show(index.name, done, total),
        );
        if (one) figures.push(one);
      }
      progress.clear();
      return figures;
    });
    tell({ removed: args.yes, indices: found });
    say(formatCopies(found, args.yes));
    return found.some(({ failed }) => failed > 0) ? EXIT.deadLetters : EXIT.ok;
  },
});

const HEAD = ['index', 'documents', 'own', 'foreign', 'copies', 'undecided', 'unique'] as const;

function formatCopies(found: readonly CopyFigures[], removed: boolean): string {
  if (found.length === 0) return `${t('There is no index to search.')}\n`;
  const rows = found.map(({ index, documents, own, foreign, held, repeated, undecided, unique }) => [
    index,
    ...[documents, own, foreign, held + repeated, undecided, unique].map(String),
  ]);
  const total = (figure: (each: CopyFigures) => number): number =>
    found.reduce((sum, each) => sum + figure(each), 0);
  const table = formatTable([HEAD.map((name) => t(name)), ...rows], [1, 2, 3, 4, 5, 6]);
  const lines: string[] = [];
  for (const { index, examples } of found)
    for (const { id, copy_of } of examples.slice(0, 1))
      lines.push(t('{index}: {id} is a copy of {original}', { index, id, original: copy_of }));
  for (const { index, failed, reason } of found)
    if (failed > 0)
      lines.push(
        t('{index}: {count} of the copies could not be deleted: {reason}. Run it again', {
          index,
          count: failed,
          reason: reason ?? '',
        }),
      );
  const copies = total(({ held, repeated }) => held + repeated);
  if (copies === 0) lines.push(t('There are no copies.'));
  else if (removed) lines.push(t('Deleted: {count}', { count: total((each) => each.removed) }));
  else lines.push(t('Nothing was deleted. Delete the {count} with --yes.', { count: copies }));
  if (total(({ undecided }) => undecided) > 0) {
    lines.push(
      t(
        'Undecided documents are kept: they name no transaction, and logs of their time exist that this program has not read, so each may be a log of its own. `run --once` reads what the source still holds; then run this again.',
      ),
    );
  }
  const unseen = total((each) => each.unseen);
  if (unseen > 0)
    lines.push(
      t('{documents} without a time, or too many at one, were left alone.', {
        documents: plural(unseen, 'document'),
      }),
    );
  return table + lines.map((line) => `${line}\n`).join('');
}
