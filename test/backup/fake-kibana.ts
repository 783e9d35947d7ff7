import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

/** Answers as Kibana's saved objects API does: no real Kibana runs where the tests do. */
export class FakeKibana {
  /** By type, as `_export` gives them. */
  objects: Record<string, object[]> = {
    'index-pattern': [{ id: 'logs', type: 'index-pattern', attributes: { title: 'ml-api-logs*' } }],
    dashboard: [
      { id: 'logs', type: 'index-pattern', attributes: { title: 'ml-api-logs*' } },
      { id: 'overview', type: 'dashboard', attributes: { title: "Vue d'ensemble" } },
    ],
  };
  /** What was imported, object by object. */
  readonly imported: Record<string, unknown>[] = [];
  readonly requests: { url: string; headers: IncomingHttpHeaders; body: string }[] = [];
  /** Answered instead, while it is set. */
  instead: { status: number; body: object } | undefined;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      const { url = '', headers } = request;
      this.requests.push({ url, headers, body });
      if (this.instead)
        return void response.writeHead(this.instead.status).end(JSON.stringify(this.instead.body));
      if (headers['kbn-xsrf'] === undefined)
        return void response.writeHead(400).end('{"message":"Request must contain a kbn-xsrf header."}');
      if (url.endsWith('/api/saved_objects/_export')) {
        const { type } = JSON.parse(body);
        const lines = this.objects[type]!.map((object) => JSON.stringify(object));
        const summary = JSON.stringify({
          exportedCount: lines.length,
          missingRefCount: 0,
          missingReferences: [],
        });
        return void response
          .writeHead(200, { 'content-type': 'application/ndjson' })
          .end([...lines, summary].join('\n'));
      }
      const objects = body
        .split(/\r?\n/)
        .filter((line) => line.startsWith('{') && !line.includes('exportedCount'))
        .map((line) => JSON.parse(line));
      this.imported.push(...objects);
      response.writeHead(200).end(JSON.stringify({ success: true, successCount: objects.length }));
    });
  }

  static async start(t: TestContext): Promise<FakeKibana> {
    const fake = new FakeKibana();
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
}
