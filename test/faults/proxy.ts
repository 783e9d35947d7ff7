import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

/** What the server behind the proxy answered. */
export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** One request on its way, received whole, and what may become of it. */
export interface Exchange {
  method: string;
  path: string;
  body: string;
  /** Passes the request on, with another body if one is given, and resolves with the server's whole answer. */
  forward(body?: string): Promise<Answer>;
  /** Towards the client. */
  response: ServerResponse;
}

/** Does something else to a request than passing it on and its answer back. */
export type Fault = (exchange: Exchange) => void | Promise<void>;

/** Passes HTTP through to a real server, and does harm on the way when it is told to. */
export class FaultProxy {
  /** Met by every request, bulk or not, while it is set. */
  every: Fault | undefined;
  /** Bulk requests that came in so far. */
  bulks = 0;
  readonly #target: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #underWay = 0;
  readonly #next: { fault: Fault; met: () => void }[] = [];

  private constructor(target: string) {
    this.#target = target;
    this.#server = createServer((incoming, response) => void this.#serve(incoming, response));
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket.on('close', () => this.#sockets.delete(socket)));
    });
  }

  /** Listens on a free port until the test ends. */
  static async start(t: Pick<TestContext, 'after'>, target: string): Promise<FaultProxy> {
    const proxy = new FaultProxy(target);
    await new Promise<void>((done) => proxy.#server.listen(0, '127.0.0.1', done));
    t.after(() => {
      proxy.#server.close();
      proxy.cut();
    });
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The next bulk request that no earlier call waits for meets `fault`. Resolves once the fault is over. */
  next(fault: Fault): Promise<void> {
    return new Promise((met) => this.#next.push({ fault, met }));
  }

  /** Forgets every fault that nothing has met, and resolves when those that something has met are over. */
  async heal(): Promise<void> {
    this.every = undefined;
    this.#next.length = 0;
    while (this.#underWay > 0) await delay(20);
  }

  /** Ends all connections, whatever is on them. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#underWay++;
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) chunks.push(chunk as Buffer);
      const { method = 'GET', url: path = '/', headers } = incoming;
      const body = Buffer.concat(chunks).toString();
      const forward = (other = body): Promise<Answer> => passOn(this.#target + path, method, headers, other);
      const exchange: Exchange = { method, path, body, forward, response };
      const planned = path.startsWith('/_bulk') ? this.#next.shift() : undefined;
      if (path.startsWith('/_bulk')) this.bulks++;
      const fault = planned?.fault ?? this.every;
      await (fault ?? pass)(exchange);
      planned?.met();
    } catch {
      // Either side is gone: so is the connection.
      response.destroy();
    } finally {
      this.#underWay--;
    }
  }
}

/** Passes the request and its answer through. */
export const pass: Fault = async ({ forward, response }) => reply(response, await forward());

/** Sends an answer to the client. */
export function reply(response: ServerResponse, { status, headers, body }: Answer): void {
  const { 'transfer-encoding': _, 'content-length': __, connection: ___, ...kept } = headers;
  response.writeHead(status, { ...kept, 'content-length': body.length }).end(body);
}

function passOn(url: string, method: string, headers: IncomingHttpHeaders, body: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { host: _, connection: __, 'transfer-encoding': ___, 'content-length': ____, ...kept } = headers;
    const length = body === '' ? {} : { 'content-length': Buffer.byteLength(body) };
    const outgoing = request(url, { method, headers: { ...kept, ...length }, agent: false }, (answer) => {
      const chunks: Buffer[] = [];
      answer
        .on('data', (chunk: Buffer) => chunks.push(chunk))
        .on('error', reject)
        .on('end', () =>
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks) }),
        );
    });
    outgoing.on('error', reject).end(body);
  });
}
