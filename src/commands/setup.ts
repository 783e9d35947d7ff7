import type { Config } from '../config/schema.ts';
import { createPluginChain } from '../create-pipeline.ts';
import type { Server } from '../elasticsearch/server.ts';
import type { ImportedDashboards } from '../kibana/saved-objects.ts';
import { t } from '../terminal/messages.ts';
import { reasonOf } from '../util/errors.ts';
import { log } from '../util/log.ts';
import { defineCommand } from './define.ts';
import { withElasticsearch } from './elasticsearch.ts';
import { flag } from './options.ts';

/**
 * `setup`: creates templates and indices for documents that a shipper will write: the shipper would leave the types of
 * their fields to be guessed.
 */
export const command = defineCommand({
  options: { 'dry-run': flag('Only print the requests that create what is missing') },
  run: async ({ args, load, say, tell }) => {
    const loaded = load();
    const { config } = loaded;
    const { indices } = await createPluginChain(loaded);
    const { rotation } = config.indices;
    const { buildSetupRequests, setUp } = await import('../elasticsearch/set-up.ts');
    if (args['dry-run']) {
      const requests = buildSetupRequests(await serverToSetUp(config), indices, rotation);
      tell(requests);
      for (const { method, path, body } of requests)
        say(`${method} ${path}\n${JSON.stringify(body, null, 2)}\n`);
      return;
    }
    const { createElasticsearchTrouble } = await import('../elasticsearch/client.ts');
    const { signal } = new AbortController();
    await withElasticsearch(config, (client, options) =>
      setUp(client, createElasticsearchTrouble(options), indices, { rotation, strict: true, signal }),
    );
    const ready = indices.map(({ name }) => name);
    for (const index of ready) say(`${t('{index}: ready', { index })}\n`);
    let imported: ImportedDashboards | undefined;
    if (config.kibana.url !== undefined) {
      const { importDashboards, describeImported } = await import('../kibana/saved-objects.ts');
      imported = await importDashboards(loaded, { overwrite: false });
      say(describeImported(imported));
    }
    tell({ ready, kibana: imported });
  },
});

/** The configured server, so that its own requests are printed; where it can't be asked, a current Elasticsearch. */
async function serverToSetUp(config: Config): Promise<Server> {
  const { NEWEST_ELASTICSEARCH, serverName } = await import('../elasticsearch/server.ts');
  const { serverOf } = await import('../elasticsearch/transport.ts');
  try {
    const server = await withElasticsearch(config, serverOf);
    log.info(`these are the requests for ${serverName(server)}`);
    return server;
  } catch (error) {
    log.warn(`${reasonOf(error)}. These are the requests for Elasticsearch 9`);
    return NEWEST_ELASTICSEARCH;
  }
}
