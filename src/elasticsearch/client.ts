import { readFileSync } from 'node:fs';
import { Client, HttpConnection } from '@elastic/elasticsearch';
import { SidecarError } from '../util/errors.ts';
import { proxyFor } from '../util/proxy.ts';
import { Trouble } from '../util/retry.ts';
import { createRefusalError, findRefusal, hintFor } from './refusal.ts';
import { AnyServerTransport } from './transport.ts';

/** How to reach Elasticsearch, or OpenSearch. */
export interface ElasticsearchOptions {
  /** The addresses of its nodes: where one is away, the next is asked. */
  nodes: readonly string[];
  /** Their hosts and ports, for people; holds no secret. */
  address: string;
  /** Encoded, or `id:key`. */
  apiKey?: string | undefined;
  username?: string | undefined;
  password?: string | undefined;
  /** File with the PEM certificates to trust. */
  caFile?: string | undefined;
  /** SHA-256 of the certificate to trust, in hexadecimal: that of an authority in the server's chain. */
  caFingerprint?: string | undefined;
  /** Files with the certificate that the client shows, and its key, in PEM. */
  certFile?: string | undefined;
  keyFile?: string | undefined;
  /** How long one request may take, in ms. */
  requestTimeoutMs: number;
  /** How long an unreachable server is tried before `unreachable` is thrown, in ms; may be infinite. */
  patienceMs: number;
}

/** The official client, set up from the configuration. It tries each node once, and then leaves it to the caller. */
export function createElasticsearchClient(options: ElasticsearchOptions): Client {
  const { nodes, apiKey, username, password, caFingerprint } = options;
  const key = apiKey?.includes(':') ? Buffer.from(apiKey).toString('base64') : apiKey;
  const tls = readTlsOptions(options);
  const proxy = proxyFor(new URL(nodes[0]!));
  return new Client({
    nodes: [...nodes],
    Transport: AnyServerTransport,
    maxRetries: nodes.length - 1,
    requestTimeout: options.requestTimeoutMs,
    ...(key ? { auth: { apiKey: key } } : username ? { auth: { username, password: password ?? '' } } : {}),
    ...(tls ? { tls } : {}),
    ...(caFingerprint ? { caFingerprint } : {}),
    // The client's usual connection takes no proxy.
    ...(proxy ? { proxy, Connection: HttpConnection } : {}),
  });
}

/** Does some work with a client, and closes it. Throws what the work throws. */
export async function useElasticsearch<T>(
  options: ElasticsearchOptions,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const client = createElasticsearchClient(options);
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

function readTlsOptions({ caFile, caFingerprint, certFile, keyFile }: ElasticsearchOptions) {
  const files = {
    ...(caFile ? { ca: readFileSync(caFile) } : {}),
    ...(certFile ? { cert: readFileSync(certFile) } : {}),
    ...(keyFile ? { key: readFileSync(keyFile) } : {}),
    // The fingerprint is what is trusted then, and is compared in any case.
    ...(caFingerprint && !caFile ? { rejectUnauthorized: false } : {}),
  };
  return Object.keys(files).length > 0 ? files : undefined;
}

/** Waits for this server while it does not answer, as long as the options say. */
export function createElasticsearchTrouble({ address, patienceMs }: ElasticsearchOptions): Trouble {
  return new Trouble(`Elasticsearch at ${address}`, hintFor, patienceMs);
}

/**
 * The error of a request that can't be tried again with success: refused (`config`), or not answered as it should be
 * (`unreachable`). `what` says what was refused: "to read the mapping of ml-api-logs".
 */
export function createRequestError(
  options: ElasticsearchOptions,
  cause: unknown,
  what: string,
): SidecarError {
  if (cause instanceof SidecarError) return cause;
  const refusal = findRefusal(cause, `Elasticsearch at ${options.address} refused ${what}`);
  return refusal
    ? createRefusalError(refusal, cause)
    : createElasticsearchTrouble(options).unreachable(cause);
}

/** What became of one item, or of a request: stored, there before, to be tried again, or refused for its own fault. */
export type Result = 'stored' | 'exists' | 'again' | 'refused';

/** Reads the HTTP status of a bulk request, or of one of its items. */
export function readStatus(status: number): Result {
  if (status < 300) return 'stored';
  if (status === 409) return 'exists';
  if (status === 429 || status >= 500) return 'again';
  return 'refused';
}
