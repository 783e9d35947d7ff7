import { readFileSync } from 'node:fs';
import { Client } from '@elastic/elasticsearch';
import { reasonOf, SidecarError } from '../util/errors.ts';
import { Trouble } from '../util/retry.ts';
import { refusalOf, refused } from './refusal.ts';

/** How to reach Elasticsearch 9. */
export interface ElasticsearchOptions {
  url: string;
  apiKey?: string | undefined;
  username?: string | undefined;
  password?: string | undefined;
  /** File with the PEM certificates to trust. */
  caFile?: string | undefined;
  /** How long one request may take, in ms. */
  requestTimeoutMs: number;
  /** How long an unreachable server is tried before `unreachable` is thrown, in ms; may be infinite. */
  patienceMs: number;
}

/** What to do about a server that does not answer. */
export const HINT = 'Is Elasticsearch running there, and is ELASTICSEARCH_URL (or _HOST and _PORT) right?';

/** The official client, set up from the configuration. It never retries by itself. */
export function elasticsearchClient(options: ElasticsearchOptions): Client {
  const { url, apiKey, username, password, caFile } = options;
  return new Client({
    node: url,
    maxRetries: 0,
    requestTimeout: options.requestTimeoutMs,
    ...(apiKey ? { auth: { apiKey } } : username ? { auth: { username, password: password ?? '' } } : {}),
    ...(caFile ? { tls: { ca: readFileSync(caFile) } } : {}),
  });
}

/** The error of a server that does not answer, or not as it should. */
export function unreachable(options: ElasticsearchOptions, cause: unknown): SidecarError {
  const { host } = new URL(options.url);
  return new SidecarError(
    'unreachable',
    `Elasticsearch at ${host} could not be reached: ${reasonOf(cause)}. ${HINT}`,
    { cause },
  );
}

/** Waits for this server while it does not answer, as long as the options say. */
export function elasticsearchTrouble({ url, patienceMs }: ElasticsearchOptions): Trouble {
  return new Trouble(`Elasticsearch at ${new URL(url).host}`, HINT, patienceMs);
}

/**
 * The error of a request that can't be tried again with success: refused (`config`), or not answered as it should be
 * (`unreachable`). `what` says what was refused: "to read the mapping of ml-api-logs".
 */
export function requestError(options: ElasticsearchOptions, cause: unknown, what: string): SidecarError {
  if (cause instanceof SidecarError) return cause;
  const refusal = refusalOf(cause, `Elasticsearch at ${new URL(options.url).host} refused ${what}`);
  return refusal ? refused(refusal, cause) : unreachable(options, cause);
}

/** What an item's, or a request's, status means: nothing to do, done before, try again, or its own fault. */
export type Verdict = 'stored' | 'exists' | 'again' | 'refused';

/** Reads a bulk item's HTTP status. */
export function verdict(status: number): Verdict {
  if (status < 300) return 'stored';
  if (status === 409) return 'exists';
  if (status === 429 || status >= 500) return 'again';
  return 'refused';
}
