import type { Config } from '../config/config.ts';
import { patienceMs } from '../util/retry.ts';
import type { ElasticsearchOptions } from './client.ts';

/** The address of the configured Elasticsearch; may hold a password. */
export function elasticsearchUrl({ elasticsearch: { url, host, port } }: Config): string {
  return url ?? `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** The client's options of a configuration; `follow`: wait for the server without an end. */
export function elasticsearchOptions(config: Config, follow: boolean): ElasticsearchOptions {
  const { api_key: apiKey, username, password, ca_file: caFile, request_timeout } = config.elasticsearch;
  const url = elasticsearchUrl(config);
  return {
    url,
    apiKey,
    username,
    password,
    caFile,
    requestTimeoutMs: request_timeout * 1000,
    patienceMs: patienceMs(follow),
  };
}
