import type { Client } from '@elastic/elasticsearch';
import { SidecarError } from '../util/errors.ts';
import { jsonEnd } from '../util/json.ts';
import { createElasticsearchTrouble, type ElasticsearchOptions, readStatus } from './client.ts';
import { closePointInTime, openPointInTime } from './point-in-time.ts';
import { serverOf } from './transport.ts';

/** A stored document. */
export interface StoredDocument {
  id: string;
  /** Where the document was stored with a routing of its own. */
  routing?: string;
  /** Its JSON as it was sent, in one line: no number is rounded and no key is lost on the way. */
  source: string;
}

/** Some documents, and the place behind them. */
export interface DocumentPage {
  documents: StoredDocument[];
  /** Where the next page begins; fit for JSON. */
  after: unknown;
}

/** How long Elasticsearch keeps a point in time that nobody reads: as long can an export be gone on with. */
export const KEEP_ALIVE = '1h';
const FIRST_PAGE = 200;
/** Elasticsearch's own bound is 10,000 documents a page; documents may be large, so bytes bound it too. */
const LARGEST_PAGE = 5_000;
const PAGE_BYTES = 4 << 20;
/** Where small documents are followed by large ones, a page is cut here (in characters) and asked for in parts. */
const LARGEST_ANSWER = 32 << 20;

/** The point in time is gone: it was not read for an hour, or its node was restarted. */
export class SnapshotGone extends Error {
  override name = 'SnapshotGone';
}

/** The body of a search, without its point in time. */
interface PageSearch {
  size: number;
  [part: string]: unknown;
}

class AnswerTooLarge extends Error {
  override name = 'AnswerTooLarge';
}

/** A point in time of some indices: what is written later is not seen. */
export class Snapshot {
  readonly #client: Client;
  readonly #options: ElasticsearchOptions;
  #id: string;

  /** Goes on with a point in time by its `id`. */
  constructor(client: Client, options: ElasticsearchOptions, id: string) {
    this.#client = client;
    this.#options = options;
    this.#id = id;
  }

  /** Takes a point in time of these indices, or of those behind these aliases. */
  static async open(client: Client, options: ElasticsearchOptions, index: string[]): Promise<Snapshot> {
    return new Snapshot(client, options, await openPointInTime(client, index, KEEP_ALIVE));
  }

  /** Names it for a later process. */
  get id(): string {
    return this.#id;
  }

  /** How many documents match. Throws `SnapshotGone`. */
  async count(query: object): Promise<number> {
    const text = await this.#search({ query, size: 0, track_total_hits: true });
    return Number(/"value":(\d+)/.exec(text)?.[1] ?? 0);
  }

  /** The documents that match, page by page, from behind `after` on. Throws `SnapshotGone`. */
  async *pages(query: object, after?: unknown): AsyncGenerator<DocumentPage> {
    const { tiebreaker: sort } = await serverOf(this.#client);
    for (let size = FIRST_PAGE, from = after; ; ) {
      const sorted = { query, size, sort, track_total_hits: false };
      const behind = from === undefined ? {} : { search_after: from };
      let text: string;
      try {
        text = await this.#search({ ...sorted, ...behind });
      } catch (error) {
        if (!(error instanceof AnswerTooLarge)) throw error;
        size = Math.ceil(size / 8);
        continue;
      }
      const page = readPage(text);
      if (page.documents.length > 0) yield page;
      if (page.documents.length < size) return;
      from = page.after;
      size = Math.ceil((PAGE_BYTES * page.documents.length) / text.length);
      size = Math.min(LARGEST_PAGE, Math.max(1, size));
    }
  }

  /** The documents that match, one by one; `onPage` is told how many have come, and how many there are. */
  async *documents(
    query: object,
    onPage: (done: number, total: number) => void,
  ): AsyncGenerator<StoredDocument> {
    const total = await this.count(query);
    let done = 0;
    for await (const { documents } of this.pages(query)) {
      yield* documents;
      done += documents.length;
      onPage(done, total);
    }
  }

  /** Gives the point in time back. */
  async close(): Promise<void> {
    await closePointInTime(this.#client, this.#id);
  }

  /** The text of the answer. A busy or absent server is tried again, as long as the options' patience lasts. */
  async #search(body: PageSearch): Promise<string> {
    const attempt = (): Promise<string> =>
      this.#request({ ...body, pit: { id: this.#id, keep_alive: KEEP_ALIVE } });
    const recover = async (error: unknown): Promise<number> => {
      if (error instanceof SnapshotGone || error instanceof AnswerTooLarge) throw error;
      return 0;
    };
    const { signal } = new AbortController();
    const text = (await createElasticsearchTrouble(this.#options).outlast(
      attempt,
      recover,
      signal,
    )) as string;
    this.#id = /^\{"pit_id":"([^"]+)"/.exec(text)?.[1] ?? this.#id;
    return text;
  }

  async #request(body: PageSearch): Promise<string> {
    // The client would parse what it is given; a backup must not round its numbers.
    const { body: stream, statusCode } = await this.#client.transport.request<NodeJS.ReadableStream>(
      {
        method: 'POST',
        path: '/_search',
        // No `filter_path`, with which documents come back rewritten. And better none than some: by default the documents
        // of a failed shard are left out without a word.
        querystring: { allow_partial_search_results: false },
        body,
      },
      { asStream: true, meta: true },
    );
    let text = '';
    // The stream is undici's, whose `setEncoding` decodes each chunk for itself: a character that two share would break.
    const decoder = new TextDecoder();
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      text += decoder.decode(chunk, { stream: true });
      if (text.length > LARGEST_ANSWER && body.size > 1) throw new AnswerTooLarge();
    }
    if (statusCode < 400) return text;
    if (statusCode === 404) throw new SnapshotGone(text);
    const what = `Elasticsearch refused a search: ${text.slice(0, 500)}`;
    if (readStatus(statusCode) === 'refused') throw new SidecarError('config', what);
    throw new Error(what);
  }
}

/** Cuts the documents out of a search's answer, as they stand there. */
export function readPage(text: string): DocumentPage {
  const page: DocumentPage = { documents: [], after: undefined };
  const hits = text.indexOf('"hits":[');
  if (hits < 0) return page;
  for (let at = hits + 8; text[at] === '{'; ) {
    const document: StoredDocument = { id: '', source: '' };
    at++;
    while (text[at] === '"') {
      const colon = jsonEnd(text, at);
      const end = jsonEnd(text, colon + 1, Number.POSITIVE_INFINITY);
      const value = text.slice(colon + 1, end);
      const name = text.slice(at + 1, colon - 1);
      // A line's end within JSON is only ever white space.
      if (name === '_source') document.source = value.replace(/[\r\n]/g, ' ');
      else if (name === '_id') document.id = JSON.parse(value);
      else if (name === '_routing') document.routing = JSON.parse(value);
      else if (name === 'sort') page.after = JSON.parse(value);
      at = text[end] === ',' ? end + 1 : end;
    }
    page.documents.push(document);
    at += text[at + 1] === ',' ? 2 : 1;
  }
  return page;
}
