import { pluginChain } from '../create-pipeline.ts';
import type { Imported } from '../kibana/saved-objects.ts';
import { defineCommand } from './define.ts';
import { withElasticsearch } from './elasticsearch.ts';
import { flag } from './options.ts';

/**
 * `setup`: creates templates and indices for documents that a shipper will write: the shipper would leave the types of
 * their fields to be guessed.
 */
export const setupCommand = defineCommand({
  options: { 'dry-run': flag('Only print the requests that create what is missing') },
  run: async ({ args, load, say, tell }) => {
    const loaded = load();
    const { config } = loaded;
    const { indices } = await pluginChain(loaded);
    const { rotation } = config.indices;
    const { setupRequests, setUp } = await import('../elasticsearch/set-up.ts');
    if (args['dry-run']) {
      const requests = setupRequests(indices, rotation);
      tell(requests);
      for (const { method, path, body } of requests)
        say(`${method} ${path}\n${JSON.stringify(body, null, 2)}\n`);
      return;
    }
    const { elasticsearchTrouble } = await import('../elasticsearch/client.ts');
    const { signal } = new AbortController();
    await withElasticsearch(config, (client, options) =>
      setUp(client, elasticsearchTrouble(options), indices, { rotation, strict: true, signal }),
    );
    const ready = indices.map(({ name }) => name);
    say(ready.map((name) => `${name}: ready\n`).join(''));
    let imported: Imported | undefined;
    if (config.kibana.url !== undefined) {
      const { importDashboards, inWords } = await import('../kibana/saved-objects.ts');
      imported = await importDashboards(loaded);
      say(inWords(imported));
    }
    tell({ ready, kibana: imported });
  },
});
