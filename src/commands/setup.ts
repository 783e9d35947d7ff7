import { pluginChain } from '../create-pipeline.ts';
import { elasticsearchOptions } from '../elasticsearch/options.ts';
import type { Imported } from '../kibana/saved-objects.ts';
import { COMMON_FLAGS, type Command, configFrom, yargsOptions } from './options.ts';

/**
 * `setup`: makes templates and indices, for those whose documents a shipper writes: it would leave their fields to be
 * guessed.
 */
export const setupCommand: Command = {
  builder: (yargs) =>
    yargs
      .options(yargsOptions(COMMON_FLAGS))
      .option('dry-run', {
        type: 'boolean',
        default: false,
        describe: 'Only print the requests that create what is missing',
      })
      .option('json', {
        type: 'boolean',
        default: false,
        describe: 'Print JSON: what is ready, or the requests',
      }),
  handler: async (args) => {
    const loaded = configFrom(args, COMMON_FLAGS);
    const { indices } = await pluginChain(loaded);
    const { rotation } = loaded.config.indices;
    const { setupRequests, setUp } = await import('../elasticsearch/set-up.ts');
    if (args.dryRun) {
      const requests = setupRequests(indices, rotation);
      if (args.json) return void process.stdout.write(`${JSON.stringify(requests)}\n`);
      for (const { method, path, body } of requests)
        process.stdout.write(`${method} ${path}\n${JSON.stringify(body, null, 2)}\n`);
      return;
    }
    const { elasticsearchClient, elasticsearchTrouble } = await import('../elasticsearch/client.ts');
    const options = elasticsearchOptions(loaded.config, false);
    const client = elasticsearchClient(options);
    const { signal } = new AbortController();
    try {
      await setUp(client, elasticsearchTrouble(options), indices, { rotation, strict: true, signal });
    } finally {
      await client.close();
    }
    const ready = indices.map(({ name }) => name);
    const say = (text: string): unknown => args.json || process.stdout.write(text);
    say(ready.map((name) => `${name}: ready\n`).join(''));
    let imported: Imported | undefined;
    if (loaded.config.kibana.url !== undefined) {
      const { importDashboards, inWords } = await import('../kibana/saved-objects.ts');
      imported = await importDashboards(loaded);
      say(inWords(imported));
    }
    if (args.json) process.stdout.write(`${JSON.stringify({ ready, kibana: imported })}\n`);
  },
};
