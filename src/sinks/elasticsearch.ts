import { readFileSync } from 'node:fs';
import { Client, errors } from '@elastic/elasticsearch';
import { reasonOf, SidecarError } from '../errors.ts';
import { Lines } from '../ndjson.ts';
import type { Document, IndexDefinition } from '../plugins.ts';
import { Trouble } from '../retry.ts';
import type { Rotation } from '../rotation.ts';
import { refusalOf, refused } from './elasticsearch-refusal.ts';
import { setUp } from './elasticsearch-setup.ts';
import type { Outcome, Sink } from './sink.ts';

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

/** A bulk request of more bytes is split: Elasticsearch refuses 100 MiB, and works best far below. */
const MAX_BODY = 8 << 20;
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

interface BulkAnswer {
  errors: boolean;
  items?: {
    create: { status: number; error?: { type: string; reason: string; caused_by?: { reason?: string } } };
  }[];
}

/** Writes documents with `create` and their ids, so that one written before is recognised and left alone. */
export class ElasticsearchSink implements Sink {
  readonly acknowledges = true;
  readonly #client: Client;
  readonly #trouble: Trouble;
  readonly #rotation: Rotation;

  /** `rotation`: of the indices that `open` makes ready; `write` goes by what documents say. */
  constructor(options: ElasticsearchOptions, rotation: Rotation = 'none') {
    this.#client = elasticsearchClient(options);
    this.#trouble = elasticsearchTrouble(options);
    this.#rotation = rotation;
  }

  async open(indices: readonly IndexDefinition[], signal: AbortSignal): Promise<void> {
    await setUp(this.#client, this.#trouble, indices, { rotation: this.#rotation, strict: false, signal });
  }

  write(documents: readonly Document[], signal: AbortSignal): Promise<Outcome[]> {
    const texts = documents.map(
      ({ index, suffix = '', id, json }) =>
        `{"create":{"_index":"${index}${suffix}","_id":"${id}"}}\n${json}\n`,
    );
    return this.writeLines(new Lines(texts), signal);
  }

  /** What `write` does, for documents in bulk form: a `create` action and the document, each with its line's end. */
  async writeLines(lines: Lines, signal: AbortSignal): Promise<Outcome[]> {
    const outcomes: Outcome[] = new Array(lines.length);
    let from = 0;
    while (from < lines.length) {
      let to = from;
      let size = 0;
      while (to < lines.length && (to === from || size + lines.sizeOf(to) <= MAX_BODY))
        size += lines.sizeOf(to++);
      await this.#send(lines, range(from, to), outcomes, signal);
      from = to;
    }
    lines.release();
    return outcomes;
  }

  /** Sends the lines at these places until each has its outcome. */
  async #send(lines: Lines, places: number[], outcomes: Outcome[], signal: AbortSignal): Promise<void> {
    let open = places;
    for (let attempt = 0; open.length > 0; attempt++) {
      let answer: BulkAnswer;
      try {
        answer = await this.#bulk(lines.at(open), signal);
      } catch (error) {
        const status = error instanceof errors.ResponseError ? (error.statusCode ?? 0) : 0;
        if (status < 400 || status === 401 || status === 403 || verdict(status) === 'again') {
          const seconds = error instanceof errors.ResponseError ? Number(error.headers?.['retry-after']) : 0;
          await this.#trouble.wait(error, signal, Math.min(60, seconds || 0) * 1000);
          continue;
        }
        // The request as a whole was refused: too large, or one document spoils it.
        if (open.length === 1) outcomes[open[0]!] = { refused: reasonOf(error) };
        else {
          const half = open.length >> 1;
          await this.#send(lines, open.slice(0, half), outcomes, signal);
          await this.#send(lines, open.slice(half), outcomes, signal);
        }
        return;
      }
      open = settle(open, answer, outcomes, attempt > 0);
      if (open.length > 0)
        await this.#trouble.wait(
          new Error(`${open.length} documents were put off: the server is too busy`),
          signal,
        );
      else this.#trouble.over();
    }
  }

  async #bulk(body: Buffer, signal: AbortSignal): Promise<BulkAnswer> {
    return this.#client.transport.request<BulkAnswer>(
      {
        method: 'POST',
        path: '/_bulk',
        querystring: { filter_path: 'errors,items.*.status,items.*.error' },
        bulkBody: body,
      },
      // To hide secrets in errors, the client would copy each request that fails, body and all. We print none.
      { signal, redaction: { type: 'off' } },
    );
  }

  async close(): Promise<void> {
    await this.#client.close();
  }
}

/** Notes the outcomes of one answer and returns the places to send again. `resent`: an earlier request may have stored them. */
function settle(
  places: readonly number[],
  answer: BulkAnswer,
  outcomes: Outcome[],
  resent: boolean,
): number[] {
  const again: number[] = [];
  places.forEach((at, n) => {
    const item = answer.items?.[n]?.create;
    const what = item ? verdict(item.status) : 'again';
    if (what === 'again') again.push(at);
    else if (what === 'exists') outcomes[at] = resent ? 'stored' : 'exists';
    else if (what === 'stored') outcomes[at] = 'stored';
    else outcomes[at] = { refused: itemReason(item!.error) };
  });
  return again;
}

function itemReason(
  error: { type: string; reason: string; caused_by?: { reason?: string } } | undefined,
): string {
  const cause = error?.caused_by?.reason;
  return `${error?.type}: ${error?.reason}${cause ? ` (${cause})` : ''}`;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, n) => from + n);
}
