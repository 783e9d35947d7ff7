import type { Client } from '@elastic/elasticsearch';
import type { Config } from '../config/schema.ts';
import type { ElasticsearchOptions } from '../elasticsearch/client.ts';
import { readElasticsearchOptions } from '../elasticsearch/options.ts';

/**
 * Does some work with the configured Elasticsearch, and closes the client. Throws `SidecarError`: `config` where a
 * request is refused, `unreachable` where the server does not answer, and what the work itself throws.
 */
export async function withElasticsearch<T>(
  config: Config,
  work: (client: Client, options: ElasticsearchOptions) => Promise<T>,
): Promise<T> {
  const { createRequestError, useElasticsearch } = await import('../elasticsearch/client.ts');
  const options = readElasticsearchOptions(config, false);
  return useElasticsearch(options, (client) => work(client, options)).catch((error) => {
    throw createRequestError(options, error, 'a request');
  });
}
