import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import type { Sink } from '../../src/sinks/sink.ts';
import { documents } from './contract.ts';

/** How a request is answered: with a status and a body, or not at all. */
export type Answer =
  | { status: number; body?: unknown; headers?: Record<string, string> }
  | 'reset'
  | 'silence';

/**
 * Answers as Elasticsearch would, with the faults that a real one can't be made to show on demand. `bulk` is asked
 * for the answer to each bulk request, given the ids in it and how many requests came before; where it
 * answers nothing, the documents are stored.
 */
export class FakeElasticsearch {
  readonly stored = new Map<string, unknown>();
  /** The ids in each bulk request. */
  readonly requests: string[][] = [];
  #isFaultless = false;
  readonly #server: Server;

  private constructor(bulk: (ids: string[], before: number, fake: FakeElasticsearch) => Answer | undefined) {
    this.#server = createServer(async (request, response) => {
      let text = '';
      for await (const chunk of request) text += chunk;
      const answer =
        request.url?.startsWith('/_bulk') === true
          ? this.#bulk(text, bulk)
          : { status: 200, body: { [request.url!.slice(1)]: { mappings: {} } } };
      if (answer === 'silence') return;
      if (answer === 'reset') return void request.socket.destroy();
      response.writeHead(answer.status, {
        'x-elastic-product': 'Elasticsearch',
        'content-type': 'application/json',
        ...answer.headers,
      });
      response.end(JSON.stringify(answer.body ?? {}));
    });
  }

  static async start(
    t: TestContext,
    bulk: (ids: string[], before: number, fake: FakeElasticsearch) => Answer | undefined,
  ): Promise<FakeElasticsearch> {
    const fake = new FakeElasticsearch(bulk);
    await new Promise<void>((resolve) => fake.#server.listen(0, '127.0.0.1', resolve));
    t.after(() => {
      fake.#server.closeAllConnections();
      fake.#server.close();
    });
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  #bulk(
    text: string,
    bulk: (ids: string[], before: number, fake: FakeElasticsearch) => Answer | undefined,
  ): Answer {
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const ids = lines.filter((_, n) => n % 2 === 0).map((action) => action.create._id as string);
    this.requests.push(ids);
    const answer = this.#isFaultless ? undefined : bulk(ids, this.requests.length - 1, this);
    return answer ?? this.store(ids);
  }

  /** Lets a sink write what it must before it sends all at once; none of it is seen. */
  async makeTrusted(sink: Sink): Promise<void> {
    this.#isFaultless = true;
    await sink.write(documents('x', 2), new AbortController().signal);
    this.#isFaultless = false;
    this.requests.length = 0;
    this.stored.clear();
  }

  /** Stores documents, all but those that `statuses` gives another status than 201; answers as Elasticsearch does. */
  store(ids: readonly string[], statuses: Readonly<Record<string, number>> = {}): Answer {
    const items = ids.map((id) => {
      const status = statuses[id] ?? (this.stored.has(id) ? 409 : 201);
      if (status === 201) this.stored.set(id, true);
      return {
        create: {
          status,
          ...(status > 201 ? { error: { type: `error_${status}`, reason: 'it is so' } } : {}),
        },
      };
    });
    return { status: 200, body: { errors: items.some(({ create }) => create.status > 201), items } };
  }
}
