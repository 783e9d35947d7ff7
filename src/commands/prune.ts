import { pluginChain } from '../create-pipeline.ts';
import { findOld, type Pruning, removeOld } from '../elasticsearch/retention.ts';
import { confirmed } from '../terminal/confirm.ts';
import { plural } from '../terminal/messages.ts';
import { table } from '../terminal/table.ts';
import { durationMs } from '../util/duration.ts';
import { withElasticsearch } from './elasticsearch.ts';
import { COMMON_FLAGS, type Command, configFrom, yargsOptions } from './options.ts';

/** `prune`: retention. Old documents go, by their own `timestamp`; of rotated indices, old ones as a whole. */
export const pruneCommand: Command = {
  builder: (yargs) =>
    yargs
      .options(yargsOptions(COMMON_FLAGS))
      .option('older-than', {
        type: 'string',
        demandOption: true,
        requiresArg: true,
        describe: "Such as 90m, 12h, 30d or 4w, by the logs' own time",
      })
      .option('dry-run', { type: 'boolean', default: false, describe: 'Only print what would go' })
      .option('yes', { type: 'boolean', default: false, describe: "Don't ask" })
      .option('json', { type: 'boolean', default: false, describe: 'Print one JSON object' })
      .example('$0 prune --older-than 30d --yes', 'once a day, from cron'),
  handler: async (args) => {
    const before = Date.now() - durationMs(String(args.olderThan), '--older-than');
    const loaded = configFrom(args, COMMON_FLAGS);
    const names = (await pluginChain(loaded)).indices.map(({ name }) => name);
    await withElasticsearch(loaded.config, async (client) => {
      const found = await findOld(client, names, before);
      const time = new Date(before).toISOString();
      const say = (text: string): unknown => args.json || process.stdout.write(text);
      say(describe(found, time));
      let pruned = false;
      try {
        if (found.length === 0 || args.dryRun) return;
        if (await confirmed('prune', args)) {
          await removeOld(client, found, before);
          pruned = true;
        }
        say(pruned ? 'Deleted.\n' : 'Nothing was deleted.\n');
      } finally {
        if (args.json) process.stdout.write(`${JSON.stringify({ before: time, pruned, indices: found })}\n`);
      }
    });
  },
};

function describe(found: readonly Pruning[], time: string): string {
  if (found.length === 0) return `Nothing is older than ${time}.\n`;
  const rows = found.map(({ index, drop, old, kept }) => [
    index,
    plural(old, 'document'),
    drop ? 'the whole index' : kept === 1 ? '1 stays' : `${kept} stay`,
  ]);
  return `Older than ${time}:\n${table(rows, [1])}`;
}
