import type { CommandModule } from 'yargs';
import { elasticsearchOptions, pluginChain } from '../assemble.ts';
import { COMMON_FLAGS, configFrom, yargsOptions } from './options.ts';

/** `setup`: makes the indices, for those whose documents a shipper writes: it would leave their fields to be guessed. */
export const setupCommand: CommandModule = {
  command: 'setup',
  describe:
    "Create the plugins' indices with their mappings; once, before a shipper writes to them. With KIBANA_URL, import the dashboards, too",
  builder: (yargs) =>
    yargs.options(yargsOptions(COMMON_FLAGS)).option('dry-run', {
      type: 'boolean',
      default: false,
      describe: 'Only print the requests that create what is missing',
    }),
  handler: async (args) => {
    const loaded = configFrom(args, COMMON_FLAGS);
    const { indices } = await pluginChain(loaded);
    if (args.dryRun) {
      for (const { name, mappings, settings } of indices)
        process.stdout.write(`PUT /${name}\n${JSON.stringify({ settings, mappings }, null, 2)}\n`);
      return;
    }
    const { ElasticsearchSink } = await import('../sinks/elasticsearch.ts');
    const sink = new ElasticsearchSink(elasticsearchOptions(loaded.config, false));
    try {
      await sink.open(indices, new AbortController().signal);
    } finally {
      await sink.close();
    }
    for (const { name } of indices) process.stdout.write(`${name}: ready\n`);
    if (loaded.config.kibana.url === undefined) return;
    const { importDashboards, inWords } = await import('../dashboards/kibana.ts');
    process.stdout.write(inWords(await importDashboards(loaded)));
  },
};
