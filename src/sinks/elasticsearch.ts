import { type Client, errors } from '@elastic/elasticsearch';
import {
  createElasticsearchClient,
  createElasticsearchTrouble,
  type ElasticsearchOptions,
  readStatus,
} from '../elasticsearch/client.ts';
import { reasonIn, type ServerError } from '../elasticsearch/refusal.ts';
import { setUp } from '../elasticsearch/set-up.ts';
import type { IndexDefinition, IndexDocument } from '../plugin.ts';
import type { Rotation } from '../rotation.ts';
import { reasonOf } from '../util/errors.ts';
import { Lines } from '../util/lines.ts';
import { packBody } from '../util/pack-body.ts';
import type { Trouble } from '../util/retry.ts';
import { isLocalUrl } from '../util/url.ts';
import { HalfOpen } from './half-open.ts';
import type { Outcome, Sink } from './sink.ts';

/** A bulk request of more bytes is split: Elasticsearch refuses 100 MiB, and works best far below. */
const MAX_BODY = 8 << 20;
interface BulkAnswer {
  errors: boolean;
  items?: {
    create: { status: number; error?: ServerError };
  }[];
}

/** Writes documents with `create` and their ids, so that one written before is recognised and left alone. */
export class ElasticsearchSink implements Sink {
  readonly acknowledges = true;
  readonly #client: Client;
  readonly #trouble: Trouble;
  readonly #halfOpen = new HalfOpen();
  readonly #rotation: Rotation;
  /** All nodes run on this machine. */
  readonly #isHere: boolean;

  /** `rotation`: of the indices that `open` makes ready; `write` goes by what documents say. */
  constructor(options: ElasticsearchOptions, rotation: Rotation = 'none') {
    this.#client = createElasticsearchClient(options);
    this.#trouble = createElasticsearchTrouble(options);
    this.#rotation = rotation;
    this.#isHere = options.nodes.every((node) => isLocalUrl(new URL(node)));
  }

  async open(indices: readonly IndexDefinition[], signal: AbortSignal): Promise<void> {
    await setUp(this.#client, this.#trouble, indices, { rotation: this.#rotation, strict: false, signal });
  }

  write(documents: readonly IndexDocument[], signal: AbortSignal): Promise<Outcome[]> {
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
    /** What a request that was not answered may have stored. */
    const unsure = new Set<number>();
    while (open.length > 0) {
      const pass = await this.#halfOpen.enter(signal);
      const sent = pass === 'document' ? open.slice(0, 1) : open;
      let answer: BulkAnswer;
      try {
        answer = await this.#bulk(lines.at(sent), signal);
        this.#halfOpen.leave(pass, 'up');
      } catch (error) {
        const status = error instanceof errors.ResponseError ? (error.statusCode ?? 0) : 0;
        this.#halfOpen.leave(pass, status === 429 ? 'busy' : status >= 400 && status < 500 ? 'up' : 'down');
        if (status < 400 || status === 401 || status === 403 || readStatus(status) === 'again') {
          const seconds = error instanceof errors.ResponseError ? Number(error.headers?.['retry-after']) : 0;
          for (const place of sent) unsure.add(place);
          await this.#wait(error, signal, Math.min(60, seconds || 0) * 1000);
          continue;
        }
        // The request as a whole was refused: too large, or one document spoils it.
        if (sent.length === 1) outcomes[sent[0]!] = { refused: reasonOf(error) };
        else {
          const half = sent.length >> 1;
          await this.#send(lines, sent.slice(0, half), outcomes, signal);
          await this.#send(lines, sent.slice(half), outcomes, signal);
        }
        open = open.slice(sent.length);
        continue;
      }
      const { again, reason } = settle(sent, answer, outcomes, unsure);
      open = [...again, ...open.slice(sent.length)];
      if (again.length > 0)
        await this.#wait(new Error(`it put off documents (${again.length}): ${reason}`), signal);
      else this.#trouble.over();
    }
  }

  async #wait(error: unknown, signal: AbortSignal, leastMs?: number): Promise<void> {
    if (!(await this.#trouble.wait(error, signal, leastMs))) throw this.#trouble.unreachable(error);
  }

  async #bulk(lines: Buffer, signal: AbortSignal): Promise<BulkAnswer> {
    const { body, headers } = await packBody(lines, this.#isHere);
    return this.#client.transport.request<BulkAnswer>(
      {
        method: 'POST',
        path: '/_bulk',
        querystring: { filter_path: 'errors,items.*.status,items.*.error' },
        bulkBody: body,
      },
      // To hide secrets in errors, the client would copy each request that fails, body and all. We print none.
      { signal, headers, redaction: { type: 'off' } },
    );
  }

  async close(): Promise<void> {
    await this.#client.close();
  }
}

/**
 * Notes the outcomes of one answer; returns the places to send again, and why the first of them is put off. `unsure`: what
 * an earlier request may have stored.
 */
function settle(
  places: readonly number[],
  answer: BulkAnswer,
  outcomes: Outcome[],
  unsure: ReadonlySet<number>,
): { again: number[]; reason: string } {
  const again: number[] = [];
  let reason: string | undefined;
  places.forEach((at, n) => {
    const item = answer.items?.[n]?.create;
    // A block is the index's fault: of a full disk, or of somebody who copies it. It is waited out.
    const isBlocked = item?.error?.type === 'cluster_block_exception';
    const what = item && !isBlocked ? readStatus(item.status) : 'again';
    if (what === 'again') {
      again.push(at);
      if (item?.error) reason ??= reasonIn(item.error);
    } else if (what === 'exists') outcomes[at] = unsure.has(at) ? 'stored' : 'exists';
    else if (what === 'stored') outcomes[at] = 'stored';
    else outcomes[at] = { refused: reasonIn(item!.error) ?? `status ${item!.status}` };
  });
  return { again, reason: reason ?? 'the server is too busy' };
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, n) => from + n);
}
