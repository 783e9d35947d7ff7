import { createInterface } from 'node:readline/promises';
import type { CommandModule } from 'yargs';
import { elasticsearchOptions, pluginChain } from '../assemble.ts';
import { SidecarError } from '../errors.ts';
import { COMMON_FLAGS, configFrom, yargsOptions } from './options.ts';

/** `clear-indexes`: empties the indices of the configured plugins, which all begin with the common prefix. */
export const clearIndexesCommand: CommandModule = {
  command: 'clear-indexes',
  describe: 'Empty the indices: delete them, and make them anew',
  builder: (yargs) =>
    yargs
      .options(yargsOptions(COMMON_FLAGS))
      .option('yes', { type: 'boolean', default: false, describe: "Don't ask" }),
  handler: async (args) => {
    const loaded = configFrom(args, COMMON_FLAGS);
    const { indices } = await pluginChain(loaded);
    const { elasticsearchClient, ensureIndex, unreachable } = await import('../sinks/elasticsearch.ts');
    const options = elasticsearchOptions(loaded.config, false);
    const client = elasticsearchClient(options);
    try {
      const present = [];
      for (const index of indices) {
        if (!(await client.indices.exists({ index: index.name }))) continue;
        const { count } = await client.count({ index: index.name });
        present.push(index);
        process.stdout.write(`${index.name}: ${count} documents\n`);
      }
      if (present.length === 0) return void process.stdout.write('There is nothing to clear.\n');
      if (!args.yes && !(await agreed())) return void process.stdout.write('Nothing was deleted.\n');
      for (const index of present) {
        await client.indices.delete({ index: index.name });
        await ensureIndex(client, index);
      }
      process.stdout.write('Cleared.\n');
    } catch (error) {
      throw error instanceof SidecarError ? error : unreachable(options, error);
    } finally {
      await client.close();
    }
  },
};

async function agreed(): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new SidecarError('config', 'clear-indexes deletes these documents for good: repeat it with --yes');
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question('Delete these documents for good? [y/N] ');
  terminal.close();
  return /^(y|yes|o|oui)$/i.test(answer.trim());
}
