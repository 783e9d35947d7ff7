import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Journal } from '../buffer/journal.ts';
import type { Config } from '../config/schema.ts';
import { createPluginChain, nameState } from '../create-pipeline.ts';
import { countDocuments, findPresentIndices } from '../elasticsearch/indices.ts';
import { confirmDeletion } from '../terminal/confirm.ts';
import { plural, t } from '../terminal/messages.ts';
import { formatTable } from '../terminal/table.ts';
import { reasonOf } from '../util/errors.ts';
import { Lock } from '../util/lock.ts';
import { defineCommand } from './define.ts';
import { withElasticsearch } from './elasticsearch.ts';
import { flag } from './options.ts';

/** Lets the next run read everything again, and returns what it did, for people. */
async function forgetPosition(config: Config): Promise<string> {
  let folder: string;
  try {
    folder = join(config.state.path, nameState(config));
  } catch {
    // Without a source there is no position.
    return '';
  }
  const lock = new Lock(
    join(folder, 'lock'),
    'reads this source into these indices, and goes on behind what it has read. Stop it, and start it again with --from-start',
  );
  try {
    await lock.take();
    const journal = new Journal(join(folder, 'journal'));
    await journal.open();
    const { sequence, confirmed } = journal.progress;
    if (sequence > confirmed)
      return `${t('What was read and is not stored yet is kept in {folder}: start the next continuous run with --from-start, so that it reads all again.', { folder })}\n`;
    await rm(folder, { recursive: true, force: true });
    return `${t('The next run reads all that its source still has.')}\n`;
  } catch (error) {
    return `${reasonOf(error)}\n`;
  } finally {
    await lock.release();
  }
}

/** `clear-indexes`: empties the indices of the configured plugins, which all begin with the common prefix. */
export const command = defineCommand({
  options: { yes: flag("Don't ask") },
  run: async ({ args, json, load, say, tell }) => {
    const loaded = load();
    const { config } = loaded;
    const { indices } = await createPluginChain(loaded);
    const { createElasticsearchTrouble } = await import('../elasticsearch/client.ts');
    const { setUp } = await import('../elasticsearch/set-up.ts');
    await withElasticsearch(config, async (client, options) => {
      const names = indices.map(({ name }) => name);
      const present: { index: string; documents: number }[] = [];
      for (const { index } of await findPresentIndices(client, names))
        present.push({ index, documents: await countDocuments(client, index) });
      const rows = present.map(({ index, documents }) => [index, plural(documents, 'document')]);
      say(present.length === 0 ? `${t('There is nothing to clear.')}\n` : formatTable(rows, [1]));
      let cleared = false;
      try {
        if (present.length === 0) return;
        if (await confirmDeletion('clear-indexes', { yes: args.yes, json })) {
          for (const { index } of present) await client.indices.delete({ index });
          const { rotation } = config.indices;
          const { signal } = new AbortController();
          await setUp(client, createElasticsearchTrouble(options), indices, {
            rotation,
            strict: false,
            signal,
          });
          cleared = true;
          say(await forgetPosition(config));
        }
        say(`${t(cleared ? 'Cleared.' : 'Nothing was deleted.')}\n`);
      } finally {
        tell({ cleared, indices: present });
      }
    });
  },
});
