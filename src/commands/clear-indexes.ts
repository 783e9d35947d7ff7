import { pluginChain } from '../create-pipeline.ts';
import { countIn, presentIndices } from '../elasticsearch/indices.ts';
import { confirmDeletion } from '../terminal/confirm.ts';
import { plural } from '../terminal/messages.ts';
import { table } from '../terminal/table.ts';
import { defineCommand } from './define.ts';
import { withElasticsearch } from './elasticsearch.ts';
import { flag } from './options.ts';

/** `clear-indexes`: empties the indices of the configured plugins, which all begin with the common prefix. */
export const clearIndexesCommand = defineCommand({
  options: { yes: flag("Don't ask") },
  run: async ({ args, json, load, say, tell }) => {
    const loaded = load();
    const { config } = loaded;
    const { indices } = await pluginChain(loaded);
    const { elasticsearchTrouble } = await import('../elasticsearch/client.ts');
    const { setUp } = await import('../elasticsearch/set-up.ts');
    await withElasticsearch(config, async (client, options) => {
      const names = indices.map(({ name }) => name);
      const present: { index: string; documents: number }[] = [];
      for (const { index } of await presentIndices(client, names))
        present.push({ index, documents: await countIn(client, index) });
      const rows = present.map(({ index, documents }) => [index, plural(documents, 'document')]);
      say(present.length === 0 ? 'There is nothing to clear.\n' : table(rows, [1]));
      let cleared = false;
      try {
        if (present.length === 0) return;
        if (await confirmDeletion('clear-indexes', { yes: args.yes, json })) {
          for (const { index } of present) await client.indices.delete({ index });
          const { rotation } = config.indices;
          const { signal } = new AbortController();
          await setUp(client, elasticsearchTrouble(options), indices, { rotation, strict: false, signal });
          cleared = true;
        }
        say(cleared ? 'Cleared.\n' : 'Nothing was deleted.\n');
      } finally {
        tell({ cleared, indices: present });
      }
    });
  },
});
