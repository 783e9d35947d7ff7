import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { gunzipSync } from 'node:zlib';

/** How a request is answered: with a status, or not at all. */
export type Answer = number | 'reset' | 'silence';

/**
 * Answers as Vector's `http_server` source would, with the faults that a real one can't be made to show on demand.
 * `judge` is asked for the answer to each request, given the ids in it and how many requests came before;
 * with 200, and before a reset, they are stored.
 */
export class FakeVector {
  readonly stored = new Set<string>();
  /** The bodies of these, by route and then by id. */
  readonly bodies = new Map<string, Map<string, Record<string, unknown>>>();
  /** The ids in each request. */
  readonly requests: string[][] = [];
  readonly headers: IncomingHttpHeaders[] = [];
  /** The most requests that were open at once. */
  mostOpen = 0;
  #open = 0;
  readonly #server: Server;

  private constructor(judge: (ids: string[], before: number) => Answer | Promise<Answer>) {
    this.#server = createServer(async (request, response) => {
      this.mostOpen = Math.max(this.mostOpen, ++this.#open);
      response.on('close', () => this.#open--);
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const sent = Buffer.concat(chunks);
      const isPacked = request.headers['content-encoding'] === 'gzip';
      const text = (isPacked ? gunzipSync(sent) : sent).toString();
      const lines = text.trimEnd().split('\n');
      const documents = lines.map((line) => JSON.parse(line));
      const ids = documents.map(({ id }) => id as string);
      this.headers.push(request.headers);
      const answer = await judge(ids, this.requests.push(ids) - 1);
      if (answer === 200 || answer === 'reset') for (const document of documents) this.#store(document);
      if (answer === 'silence') return;
      if (answer === 'reset') return void request.socket.destroy();
      response.writeHead(answer).end(answer === 200 ? '' : `{"code":${answer},"message":"it is so"}`);
    });
  }

  static async start(
    t: TestContext,
    judge: (ids: string[], before: number) => Answer | Promise<Answer>,
  ): Promise<FakeVector> {
    const fake = new FakeVector(judge);
    await new Promise<void>((resolve) => fake.#server.listen(0, '127.0.0.1', resolve));
    t.after(() => {
      fake.#server.closeAllConnections();
      fake.#server.close();
    });
    return fake;
  }

  #store({ id, route, body }: { id: string; route: string; body: Record<string, unknown> }): void {
    this.stored.add(id);
    const bodies = this.bodies.get(route) ?? new Map();
    this.bodies.set(route, bodies.set(id, body));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }
}
