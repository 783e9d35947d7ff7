import {
  type Client,
  errors,
  Transport,
  type TransportOptions,
  type TransportRequestOptions,
  type TransportRequestOptionsWithMeta,
  type TransportRequestParams,
} from '@elastic/elasticsearch';
import { log } from '../util/log.ts';
import { plainTls } from '../util/tls-hint.ts';
import { reasonIn } from './refusal.ts';
import { readServer, type Server } from './server.ts';

/** How long nothing is said of a server that has not answered yet. */
const SILENT_MS = 1_500;

/**
 * The client's transport, for every server: media types without a version of Elasticsearch, which 8 and OpenSearch
 * refuse; no demand that it be Elastic's; and, before anything else is asked, `GET /`, so that the server is known.
 */
export class AnyServerTransport extends Transport {
  #server: Server | undefined;
  readonly #timeoutMs: number;

  constructor({ productCheck: _, ...options }: TransportOptions) {
    super({
      ...options,
      vendoredHeaders: {
        jsonContentType: 'application/json',
        ndjsonContentType: 'application/x-ndjson',
        accept: 'application/json,text/plain',
      },
      // The next try goes to another node.
      retryBackoff: () => 0,
    });
    this.#timeoutMs = Number(options.requestTimeout ?? 30_000);
  }

  // The signatures of the class it extends are overloads, which only differ in what they answer.
  override async request(
    params: TransportRequestParams,
    options: TransportRequestOptions = {},
  ): Promise<never> {
    await this.server(options.signal);
    try {
      return (await super.request(params, options)) as never;
    } catch (error) {
      throw explained(error, this.#timeoutMs);
    }
  }

  /**
   * The server, which is asked once. Throws the client's errors: `ProductNotSupportedError` where what answers is neither
   * Elasticsearch nor OpenSearch.
   */
  async server(signal?: TransportRequestOptions['signal']): Promise<Server> {
    if (this.#server) return this.#server;
    const silence = setTimeout(() => this.#sayWaiting(), SILENT_MS);
    try {
      // Without a right to know (privilege `monitor`), the refusal's header still tells whose it is.
      const options: TransportRequestOptionsWithMeta = {
        meta: true,
        ignore: [403],
        ...(signal ? { signal } : {}),
      };
      const result = await super.request({ method: 'GET', path: '/' }, options);
      const product = result.headers?.['x-elastic-product'];
      const server = readServer(result.body, product?.toString());
      if (!server) {
        if (result.statusCode === 403) throw new errors.ResponseError(result);
        throw new errors.ProductNotSupportedError('Elasticsearch', result);
      }
      this.#server = server;
      return server;
    } catch (error) {
      throw explained(error, this.#timeoutMs);
    } finally {
      clearTimeout(silence);
    }
  }

  #sayWaiting(): void {
    const hosts = [...this.connectionPool.connections].map(({ url }) => url.host);
    log.warn(`${hosts.join(', ')} has not answered yet; waiting for Elasticsearch there`);
  }
}

/** The client's error in words for people, and in one line: of an answer, with the server's reason. */
function explained(error: unknown, timeoutMs: number): unknown {
  if (error instanceof errors.TimeoutError)
    error.message = `it has not answered within ${timeoutMs / 1000} s`;
  if (error instanceof errors.ConnectionError) error.message = plainTls(error.message);
  if (error instanceof errors.ResponseError) {
    const reason = reasonIn((error.body as { error?: unknown } | undefined)?.error);
    if (reason !== undefined) error.message = reason;
  }
  return error;
}

/** The server behind a client. Throws the client's errors. */
export function serverOf({ transport }: Client): Promise<Server> {
  if (!(transport instanceof AnyServerTransport))
    throw new TypeError('the client was not made by createElasticsearchClient');
  return transport.server();
}
