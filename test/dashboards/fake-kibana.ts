import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { ndjson } from '../helpers.ts';
import { wrongWith } from './kibana-schema.ts';

/** One request for an import, as it came. */
export interface ImportRequest {
  path: string;
  headers: Record<string, string | string[] | undefined>;
  filename: string;
  objects: Record<string, unknown>[];
}

/**
 * Stands for Kibana, which can't run where the tests do: it takes imports by the rules of Kibana's own route
 * (`src/core/packages/saved-objects/server-internal/src/routes/import.ts`), checks each object by what `kibana-schema.ts`
 * knows of Kibana's schemas, and answers in the form that Kibana's API documentation gives. `answer`
 * answers in its place.
 */
export class FakeKibana {
  readonly requests: ImportRequest[] = [];
  readonly #server: Server;

  private constructor(answer?: { status: number; body: string }) {
    this.#server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const { url = '', headers, method } = request;
      const reply = (status: number, body: unknown): void => {
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(typeof body === 'string' ? body : JSON.stringify(body));
      };
      if (answer) return reply(answer.status, answer.body);
      if (method !== 'POST' || !/^(\/s\/[a-z]+)?\/api\/saved_objects\/_import\?overwrite=true$/.test(url))
        return reply(404, { statusCode: 404, error: 'Not Found', message: 'Not Found' });
      if (headers['kbn-xsrf'] === undefined)
        return reply(400, { statusCode: 400, message: 'Request must contain a kbn-xsrf header.' });
      const form = await new Response(Buffer.concat(chunks), {
        headers: { 'content-type': String(headers['content-type']) },
      }).formData();
      const file = form.get('file') as File;
      if (!file.name.endsWith('.ndjson'))
        return reply(400, { statusCode: 400, message: `Invalid file extension of ${file.name}` });
      const objects = ndjson(await file.text());
      this.requests.push({ path: url, headers, filename: file.name, objects });
      const errors = objects.flatMap(({ type, id, ...rest }) => {
        const message = wrongWith({ type, id, ...rest });
        return message === undefined
          ? []
          : [{ type, id, error: { type: 'unknown', message, statusCode: 400 } }];
      });
      const successCount = objects.length - errors.length;
      reply(200, { success: errors.length === 0, successCount, ...(errors.length > 0 ? { errors } : {}) });
    });
  }

  static async start(t: TestContext, answer?: { status: number; body: string }): Promise<FakeKibana> {
    const fake = new FakeKibana(answer);
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
