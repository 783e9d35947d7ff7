import type { Client } from '@elastic/elasticsearch';
import { elasticsearchOptions } from '../assemble.ts';
import type { Config } from '../config/schema.ts';
import { SidecarError } from '../errors.ts';

/**
 * Does some work with the configured Elasticsearch, and closes the client. Throws `SidecarError`: `config` where a
 * request is refused, `unreachable` where the server does not answer, and what the work itself throws.
 */
export async function withElasticsearch<T>(config: Config, work: (client: Client) => Promise<T>): Promise<T> {
  const { elasticsearchClient, unreachable } = await import('../sinks/elasticsearch.ts');
  const { refusalOf, refused } = await import('../sinks/elasticsearch-refusal.ts');
  const options = elasticsearchOptions(config, false);
  const client = elasticsearchClient(options);
  try {
    return await work(client);
  } catch (error) {
    if (error instanceof SidecarError) throw error;
    const refusal = refusalOf(error, `Elasticsearch at ${new URL(options.url).host} refused a request`);
    throw refusal ? refused(refusal, error) : unreachable(options, error);
  } finally {
    await client.close();
  }
}
