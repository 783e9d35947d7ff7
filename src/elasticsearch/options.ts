import type { FromSchemas } from '../config/from-schema.ts';
import { HTTP_URL, PORT, SECRET, section, TEXT } from '../config/sections.ts';
import { patienceMs } from '../util/retry.ts';
import { parseUrl } from '../util/url.ts';
import type { ElasticsearchOptions } from './client.ts';

/** The section of all that turns to Elasticsearch: a sink, and most commands. */
export const ELASTICSEARCH_SECTIONS = {
  elasticsearch: section('The Elasticsearch (9) that documents are stored in.', {
    url: { ...HTTP_URL, description: 'Wins over host and port.', variable: 'ELASTICSEARCH_URL' },
    host: { ...TEXT, default: 'localhost', description: 'The server.', variable: 'ELASTICSEARCH_HOST' },
    port: { ...PORT, default: 9200, description: 'Its port.', variable: 'ELASTICSEARCH_PORT' },
    index: {
      ...TEXT,
      default: 'ml-api-logs',
      description: 'The index of all logs.',
      variable: 'ELASTICSEARCH_INDEX',
    },
    api_key: {
      ...SECRET,
      description: 'An API key, encoded; wins over user and password.',
      variable: 'ELASTICSEARCH_API_KEY',
    },
    username: { ...TEXT, description: 'User.', variable: 'ELASTICSEARCH_USERNAME' },
    password: { ...SECRET, description: 'Password.', variable: 'ELASTICSEARCH_PASSWORD' },
    ca_file: {
      ...TEXT,
      description: 'File with the PEM certificates to trust.',
      variable: 'ELASTICSEARCH_CA_FILE',
    },
    request_timeout: {
      type: 'number',
      minimum: 1,
      default: 30,
      description: 'How long one request may take, in seconds.',
    },
  }),
} as const;

/** The values of `ELASTICSEARCH_SECTIONS`. */
export type ElasticsearchConfig = FromSchemas<typeof ELASTICSEARCH_SECTIONS>;

/**
 * The client's options of a configuration; `follow`: wait for the server without an end. Throws `SidecarError`
 * (`config`) where the address can't be read.
 */
export function elasticsearchOptions(
  { elasticsearch }: ElasticsearchConfig,
  follow: boolean,
): ElasticsearchOptions {
  const { host, port, api_key: apiKey, username, password, ca_file: caFile, request_timeout } = elasticsearch;
  const url = elasticsearch.url ?? `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  if (elasticsearch.url === undefined) parseUrl(url, 'ELASTICSEARCH_HOST', 'localhost');
  else parseUrl(url, 'ELASTICSEARCH_URL', 'http://localhost:9200');
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
