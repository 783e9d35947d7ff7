import { isIPv6 } from 'node:net';
import type { FromSchemas } from '../config/from-schema.ts';
import { HTTP_URL, PORT, SECRET, section, TEXT } from '../config/sections.ts';
import { SidecarError } from '../util/errors.ts';
import { patienceMs } from '../util/retry.ts';
import { parseUrl } from '../util/url.ts';
import type { ElasticsearchOptions } from './client.ts';

/** The section of all that turns to Elasticsearch: a sink, and most commands. */
export const ELASTICSEARCH_SECTIONS = {
  elasticsearch: section(
    'The Elasticsearch (7.17 to 9) or OpenSearch (2.19, 3) that documents are stored in.',
    {
      url: {
        ...HTTP_URL,
        description:
          'Its address, such as http://localhost:9200; several nodes are separated by commas. Wins over host and port.',
        variable: 'ELASTICSEARCH_URL',
      },
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
        description: 'An API key, encoded or as id:key; wins over user and password.',
        variable: 'ELASTICSEARCH_API_KEY',
      },
      username: { ...TEXT, description: 'User.', variable: 'ELASTICSEARCH_USERNAME' },
      password: { ...SECRET, description: 'Password.', variable: 'ELASTICSEARCH_PASSWORD' },
      ca_file: {
        ...TEXT,
        description: 'File with the PEM certificates to trust.',
        variable: 'ELASTICSEARCH_CA_FILE',
      },
      ca_fingerprint: {
        ...TEXT,
        description:
          'SHA-256 fingerprint of the authority to trust, as Elasticsearch prints it at its first start.',
        variable: 'ELASTICSEARCH_CA_FINGERPRINT',
      },
      cert_file: {
        ...TEXT,
        description: 'File with the certificate to show, PEM.',
        variable: 'ELASTICSEARCH_CERT_FILE',
      },
      key_file: {
        ...TEXT,
        description: 'File with the key of that certificate, PEM.',
        variable: 'ELASTICSEARCH_KEY_FILE',
      },
      request_timeout: {
        type: 'number',
        minimum: 1,
        default: 30,
        description: 'How long one request may take, in seconds.',
      },
    },
  ),
} as const;

const EXAMPLE = 'http://localhost:9200';

/** The values of `ELASTICSEARCH_SECTIONS`. */
export type ElasticsearchConfig = FromSchemas<typeof ELASTICSEARCH_SECTIONS>;

/**
 * The client's options of a configuration; `follow`: wait for the server without an end. Throws `SidecarError`
 * (`config`) where an address can't be read.
 */
export function readElasticsearchOptions(
  { elasticsearch }: ElasticsearchConfig,
  follow: boolean,
): ElasticsearchOptions {
  const { url, host, port, request_timeout } = elasticsearch;
  const nodes = url === undefined ? [buildUrl(host, port)] : url.split(',').map(readNode);
  return {
    nodes: nodes.map(({ href }) => href),
    address: nodes.map((node) => node.host).join(','),
    apiKey: elasticsearch.api_key,
    username: elasticsearch.username,
    password: elasticsearch.password,
    caFile: elasticsearch.ca_file,
    caFingerprint: elasticsearch.ca_fingerprint,
    certFile: elasticsearch.cert_file,
    keyFile: elasticsearch.key_file,
    requestTimeoutMs: request_timeout * 1000,
    patienceMs: patienceMs(follow),
  };
}

function readNode(text: string): URL {
  const url = parseUrl(text.trim(), 'ELASTICSEARCH_URL', EXAMPLE);
  if (/^https?:$/.test(url.protocol)) return url;
  throw new SidecarError(
    'config',
    `ELASTICSEARCH_URL must begin with http:// or https://, such as ${EXAMPLE}`,
  );
}

function buildUrl(host: string, port: number): URL {
  const isName = /^[^\s:/@?#]+$/.test(host);
  if (isName || isIPv6(host)) return new URL(`http://${isName ? host : `[${host}]`}:${port}`);
  throw new SidecarError(
    'config',
    `ELASTICSEARCH_HOST is the name of a host alone, such as localhost, and its port is ELASTICSEARCH_PORT. For an address, set ELASTICSEARCH_URL instead, such as ${EXAMPLE}`,
  );
}
