import { pluginChain } from '../create-pipeline.ts';
import { countIn, presentIndices } from '../elasticsearch/indices.ts';
import { elasticsearchOptions } from '../elasticsearch/options.ts';
import { confirmed } from '../terminal/confirm.ts';
import { plural } from '../terminal/messages.ts';
import { table } from '../terminal/table.ts';
import { withElasticsearch } from './elasticsearch.ts';
import { COMMON_FLAGS, type Command, configFrom, yargsOptions } from './options.ts';

/** `clear-indexes`: empties the indices of the configured plugins, which all begin with the common prefix. */
export const clearIndexesCommand: Command = {
  builder: (yargs) =>
    yargs
      .options(yargsOptions(COMMON_FLAGS))
      .option('yes', { type: 'boolean', default: false, describe: "Don't ask" })
      .option('json', {
        type: 'boolean',
        default: false,
        describe: 'Print what was there as one JSON object',
      }),
  handler: async (args) => {
    const loaded = configFrom(args, COMMON_FLAGS);
    const { config } = loaded;
    const { indices } = await pluginChain(loaded);
    const { elasticsearchTrouble } = await import('../elasticsearch/client.ts');
    const { setUp } = await import('../elasticsearch/set-up.ts');
    await withElasticsearch(config, async (client) => {
      const names = indices.map(({ name }) => name);
      const present: { index: string; documents: number }[] = [];
      for (const { index } of await presentIndices(client, names))
        present.push({ index, documents: await countIn(client, index) });
      const say = (text: string): unknown => args.json || process.stdout.write(text);
      const rows = present.map(({ index, documents }) => [index, plural(documents, 'document')]);
      say(present.length === 0 ? 'There is nothing to clear.\n' : table(rows, [1]));
      let cleared = false;
      try {
        if (present.length === 0) return;
        if (await confirmed('clear-indexes', args)) {
          for (const { index } of present) await client.indices.delete({ index });
          const { rotation } = config.indices;
          const trouble = elasticsearchTrouble(elasticsearchOptions(config, false));
          const { signal } = new AbortController();
          await setUp(client, trouble, indices, { rotation, strict: false, signal });
          cleared = true;
        }
        say(cleared ? 'Cleared.\n' : 'Nothing was deleted.\n');
      } finally {
        if (args.json) process.stdout.write(`${JSON.stringify({ cleared, indices: present })}\n`);
      }
    });
  },
};
