import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

/** Takes what is posted to it, with the statuses it is told to answer. */
export class FakeWebhook {
  readonly received: Record<string, unknown>[] = [];
  /** The next answers; 200 when there are no more. */
  readonly statuses: number[] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      const status = this.statuses.shift() ?? 200;
      if (status === 200) this.received.push(JSON.parse(body));
      response.writeHead(status).end();
    });
  }

  static async start(t: TestContext): Promise<FakeWebhook> {
    const fake = new FakeWebhook();
    await new Promise<void>((resolve) => fake.#server.listen(0, '127.0.0.1', resolve));
    t.after(() => {
      fake.#server.closeAllConnections();
      fake.#server.close();
    });
    return fake;
  }

  /** With a secret in its path, as webhooks have. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/services/s3cret`;
  }
}
