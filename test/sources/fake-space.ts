import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

interface FakeParameter {
  name: string;
  value: unknown;
  minimum?: number;
  maximum?: number;
  /** Of its component. */
  type?: string;
}

/** How a fake Space is asked for its logs. */
export interface FakeForm {
  /** Gradio's queue, under this prefix. */
  prefix?: string;
  apiName?: string;
  /** The parameters of that API name, in their order; each with bounds where it has some. */
  parameters?: readonly FakeParameter[];
  /** Plain JSON instead, at this path. */
  path?: string;
  /** It heeds no offset. */
  unpaged?: boolean;
}

/** One request as it came. */
export interface Asked {
  method: string;
  path: string;
  authorization: string | undefined;
  body: string;
}

/** Answers a request in the Space's stead, or says that it does not. */
export type Fault = (asked: Asked, response: ServerResponse) => boolean | undefined;

const PARAMETERS: readonly FakeParameter[] = [
  { name: 'limit', value: 10, minimum: 1, maximum: 100 },
  { name: 'offset', value: 0, minimum: 0 },
];

/**
 * A small server that speaks as a Gradio Space does, for what a real one can't be made to show: faults, other
 * versions and parameters, and logs that come in just between two pages.
 */
export class FakeSpace {
  /** Newest first; `undefined` is counted by `total` but left out of pages. */
  list: (unknown | undefined)[] = [];
  /** Called before each page. */
  beforePage: () => void = () => {};
  fault: Fault = () => false;
  readonly asked: Asked[] = [];
  readonly #form: FakeForm;
  readonly #server: Server;
  readonly #events = new Map<string, unknown[]>();

  private constructor(form: FakeForm, server: Server) {
    this.#form = form;
    this.#server = server;
    server.on('request', (request, response) => void this.#serve(request, response));
  }

  /** Starts one; it ends with the test. */
  static async start(t: TestContext, form: FakeForm = {}): Promise<FakeSpace> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.after(() => {
      server.close();
      server.closeAllConnections();
    });
    return new FakeSpace(form, server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Pushes logs, oldest first, and cuts the list to the newest `cap`. */
  push(logs: readonly unknown[], cap = Number.POSITIVE_INFINITY): void {
    this.list = [...logs.toReversed(), ...this.list].slice(0, cap);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = '', url = '' } = request;
    const body = Buffer.concat(chunks).toString();
    const asked = { method, path: url, authorization: request.headers.authorization, body };
    this.asked.push(asked);
    if (this.fault(asked, response)) return;
    const answer = this.#answer(asked, new URL(url, this.url));
    if (answer === undefined) json(response, 404, { detail: 'Not Found' });
    else if (typeof answer === 'string') sse(response, answer);
    else json(response, 200, answer);
  }

  #answer({ body }: Asked, { pathname, searchParams }: URL): object | string | undefined {
    const { path, prefix = '/gradio_api', apiName = 'logs_api', parameters = PARAMETERS } = this.#form;
    if (path !== undefined) {
      if (pathname !== path) return undefined;
      const at = (name: string) => Number(searchParams.get(name));
      return { ...this.#page(at('limit'), at('offset')), limit: at('limit'), offset: at('offset') };
    }
    if (pathname === '/config')
      return {
        version: '6.31.0',
        ...(prefix === '' ? {} : { api_prefix: prefix }),
        dependencies: [
          { api_name: 'another', inputs: [] },
          { api_name: apiName, inputs: parameters.map((_, id) => id) },
        ],
        components: parameters.map(({ name, value, minimum, maximum, type = 'number' }, id) => ({
          id,
          type,
          props: { label: name, value, minimum, maximum },
        })),
      };
    if (pathname === `${prefix}/info`)
      return {
        named_endpoints: {
          [`/${apiName}`]: {
            parameters: parameters
              .filter(({ type }) => type !== 'state')
              .map(({ name, value }) => ({ parameter_name: name, parameter_default: value })),
          },
        },
      };
    const call = `${prefix}/call/${apiName}`;
    if (pathname === call) {
      const event_id = `event-${this.#events.size}`;
      this.#events.set(event_id, JSON.parse(body).data);
      return { event_id };
    }
    const data = this.#events.get(pathname.slice(call.length + 1));
    if (!data) return undefined;
    const shown = parameters.filter(({ type }) => type !== 'state');
    const at = (name: string) => Number(data[shown.findIndex((parameter) => parameter.name === name)] ?? 0);
    return event('complete', [this.#page(at('limit'), at('offset'))]);
  }

  #page(limit: number, offset: number): { total: number; logs: unknown[] } {
    this.beforePage();
    const from = this.#form.unpaged ? 0 : offset;
    const logs = this.list.slice(from, from + limit).filter((log) => log !== undefined);
    return { total: this.list.length, logs };
  }
}

/** Answers JSON, or with `headers` that say so, anything else. */
export function json(response: ServerResponse, status: number, value: unknown, headers = {}): true {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text);
  return true;
}

/** Answers an event stream that ends after `text`. */
export function sse(response: ServerResponse, text: string): true {
  response.writeHead(200, { 'content-type': 'text/event-stream' }).end(text);
  return true;
}

/** One event of a stream. */
export function event(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
