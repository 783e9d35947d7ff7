import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { ndjson } from '../helpers.ts';
import { wrongWith } from './kibana-schema.ts';

/** One request, as it came. */
export interface KibanaRequest {
  path: string;
  headers: IncomingHttpHeaders;
  /** What an export asks for. */
  asked: unknown;
  /** What an import brings. */
  objects: Record<string, unknown>[];
}

const versions = { coreMigrationVersion: '8.8.0', references: [] };
const view = {
  type: 'index-pattern',
  id: 'logs',
  attributes: { title: 'ml-api-logs*', timeFieldName: 'timestamp' },
  typeMigrationVersion: '8.0.0',
  ...versions,
};
const dashboard = {
  type: 'dashboard',
  id: 'overview',
  attributes: { title: "Vue d'ensemble" },
  typeMigrationVersion: '10.3.0',
  ...versions,
};

/**
 * Stands for Kibana, which can't run where the tests do: it takes imports by the rules of Kibana's own route
 * (`src/core/packages/saved-objects/server-internal/src/routes/import.ts`), checks each object by what `kibana-schema.ts`
 * knows of Kibana's schemas, and answers in the form that Kibana's API documentation gives.
 */
export class FakeKibana {
  readonly requests: KibanaRequest[] = [];
  /** What exports answer, by type; the objects that others refer to come first. */
  readonly objects: Record<string, object[]> = { 'index-pattern': [view], dashboard: [view, dashboard] };
  /** What was imported, object by object. */
  readonly imported: Record<string, unknown>[] = [];
  /** It stands for OpenSearch Dashboards, which wants a header of its own, and objects with versions in its own form. */
  isOpenSearch = false;
  /** Answered instead, while it is set. */
  instead: { status: number; body: string } | undefined;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const { status, body } =
        this.instead ?? (await this.#answer(request.url!, request.headers, Buffer.concat(chunks)));
      response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
    });
  }

  async #answer(
    path: string,
    headers: IncomingHttpHeaders,
    body: Buffer,
  ): Promise<{ status: number; body: string | object }> {
    const refuse = (status: number, message: string) => ({ status, body: { statusCode: status, message } });
    if (path.endsWith('/api/status')) {
      const overall = this.isOpenSearch ? { state: 'green', title: 'Green' } : { level: 'available' };
      return { status: 200, body: { version: { number: '3.8.0' }, status: { overall } } };
    }
    const header = this.isOpenSearch ? 'osd-xsrf' : 'kbn-xsrf';
    if (headers[header] === undefined) return refuse(400, `Request must contain a ${header} header.`);
    if (/^(\/s\/[a-z]+)?\/api\/saved_objects\/_export$/.test(path)) {
      const asked = JSON.parse(body.toString());
      this.requests.push({ path, headers, asked, objects: [] });
      const found = this.objects[asked.type]!;
      const summary = { exportedCount: found.length, missingRefCount: 0, missingReferences: [] };
      return { status: 200, body: [...found, summary].map((each) => JSON.stringify(each)).join('\n') };
    }
    const overwrite = /^(?:\/s\/[a-z]+)?\/api\/saved_objects\/_import\?overwrite=(true|false)$/.exec(
      path,
    )?.[1];
    if (overwrite === undefined) return refuse(404, 'Not Found');
    const form = await new Response(new Uint8Array(body), {
      headers: { 'content-type': String(headers['content-type']) },
    }).formData();
    const file = form.get('file') as File;
    if (!file.name.endsWith('.ndjson')) return refuse(400, `Invalid file extension of ${file.name}`);
    const objects = ndjson(await file.text()).filter((each) => !('exportedCount' in each));
    this.requests.push({ path, headers, asked: undefined, objects });
    const errors = objects.flatMap((object) => {
      const message = wrongWith(object, this.isOpenSearch);
      const { type, id } = object;
      if (message !== undefined) return [{ type, id, error: { type: 'unknown', message } }];
      const isThere = overwrite === 'false' && this.imported.some((each) => each.id === id);
      return isThere ? [{ type, id, error: { type: 'conflict' } }] : [];
    });
    // Conflicts keep the others from nothing (`create_saved_objects.ts` of Kibana's import).
    const left = new Set(errors.map(({ id }) => id));
    if (errors.every(({ error }) => error.type === 'conflict'))
      this.imported.push(...objects.filter(({ id }) => !left.has(id)));
    const successCount = objects.length - errors.length;
    const success = errors.length === 0;
    return { status: 200, body: { success, successCount, ...(success ? {} : { errors }) } };
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
