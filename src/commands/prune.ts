import { createPluginChain } from '../create-pipeline.ts';
import { findOld, type Pruning, removeOld } from '../elasticsearch/retention.ts';
import { confirmDeletion } from '../terminal/confirm.ts';
import { plural, t } from '../terminal/messages.ts';
import { formatTable } from '../terminal/table.ts';
import { defineCommand } from './define.ts';
import { withElasticsearch } from './elasticsearch.ts';
import { flag, required, time } from './options.ts';

/** `prune`: retention. Old documents are deleted, by their own `timestamp`; of rotated indices, old ones as a whole. */
export const command = defineCommand({
  options: {
    'older-than': required(time("By the logs' own time: 90m, 12h, 30d, 4w, or a date")),
    'dry-run': flag('Only print what would be deleted'),
    yes: flag("Don't ask"),
  },
  examples: [['prune --older-than 30d --yes', 'once a day, from cron']],
  run: async ({ args, json, load, say, tell }) => {
    const before = args['older-than'];
    const loaded = load();
    const names = (await createPluginChain(loaded)).indices.map(({ name }) => name);
    await withElasticsearch(loaded.config, async (client) => {
      const found = await findOld(client, names, before);
      const time = new Date(before).toISOString();
      say(formatPruning(found, time));
      let pruned = false;
      try {
        if (found.length === 0 || args['dry-run']) return;
        if (await confirmDeletion('prune', { yes: args.yes, json })) {
          await removeOld(client, found, before);
          pruned = true;
        }
        say(`${t(pruned ? 'Deleted.' : 'Nothing was deleted.')}\n`);
      } finally {
        tell({ before: time, pruned, indices: found });
      }
    });
  },
});

function formatPruning(found: readonly Pruning[], time: string): string {
  if (found.length === 0) return `${t('Nothing is older than {time}.', { time })}\n`;
  const rows = found.map(({ index, drop, old, kept }) => [
    index,
    plural(old, 'document'),
    drop ? t('the whole index') : kept === 1 ? t('1 stays') : t('{count} stay', { count: kept }),
  ]);
  return `${t('Older than {time}:', { time })}\n${formatTable(rows, [1])}`;
}
