import { hash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createScopedKey } from '../event.ts';
import { CHALLENGE, type Credentials, isAdmitted, isOpen } from '../server/credentials.ts';
import { closeServer, isFromPage, type ListenAddress, listen } from '../server/listen.ts';
import { log } from '../util/log.ts';
import { type Part, readBody } from './http-body.ts';
import { type Received, RefusedRequest, receive } from './http-receive.ts';
import type { Batch, ReadOptions, Source } from './source.ts';

/** Where requests are taken, and from whom. */
export interface HttpOptions extends Credentials {
  address: ListenAddress;
  /** The most bytes of one body, unpacked. */
  bodyBytes: number;
  /** The most bytes of bodies that are not answered yet, all together; one body always may come. */
  heldBytes: number;
}

/** The path that logs are posted to. */
export const LOGS_PATH = '/logs';
const MAX_WAITING = 256;
/** The most parts of a body in one batch; only unreadable ones make it more than the batch size. */
const MOST_PARTS = 10_000;
/** What goes with a status. */
const HEADERS: Record<number, Record<string, string>> = {
  401: CHALLENGE,
  405: { allow: 'POST' },
  503: { 'retry-after': '5' },
};
const STOPPING = 'the sidecar is stopping';

/** A body on its way, and who waits for its answer. */
interface Upload {
  parts: Iterator<Part>;
  scope: string;
  answer(status: number, told: object): void;
}

/**
 * Logs that shippers post to `/logs`, in any shape that `readBody` reads. A request is answered 200 once all of its logs
 * are in the buffer, on disk, and 503 with `Retry-After` where there is no room or the run ends first. Ids follow from
 * the body as a whole and an entry's place in it, so a body that is sent again makes nothing twice, and equal logs in
 * different bodies are different logs; those of Vector's `file` source from their place in the file, see `readBody`.
 */
export class HttpSource implements Source {
  readonly keeps = 'window';
  readonly #options: HttpOptions;
  readonly #server: Server;
  /** Requests that are not answered yet; each is told 503 when the source is closed. */
  readonly #open = new Set<Upload['answer']>();
  readonly #waiting: Upload[] = [];
  #held = 0;
  #stopping = false;
  /** Requests that found the buffer full since it last was. */
  #refused = 0;
  #isFull = (): boolean => false;
  #wake: () => void = () => {};

  constructor(options: HttpOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => void this.#serve(request, response));
    this.#server.keepAliveTimeout = 75_000;
  }

  async *batches({ batchSize, signal, isFull = () => false }: ReadOptions): AsyncIterable<Batch> {
    this.#isFull = isFull;
    const address = await listen(this.#server, this.#options.address, 'HTTP_LISTEN');
    log.info(`taking logs at http://${address}${LOGS_PATH}`);
    const stop = (): void => this.#stop();
    signal.addEventListener('abort', stop);
    try {
      while (!signal.aborted) {
        const upload = this.#waiting.shift();
        if (upload) yield* batchesOf(upload, batchSize, signal);
        else
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
      }
    } finally {
      signal.removeEventListener('abort', stop);
      this.#stop();
    }
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer: Upload['answer'] = (status, told) => {
      if (!this.#open.delete(answer) || response.destroyed) return;
      const headers = { 'content-type': 'application/json', ...HEADERS[status] };
      response.writeHead(status, this.#stopping ? { ...headers, connection: 'close' } : headers);
      response.end(`${JSON.stringify(told)}\n`);
    };
    this.#open.add(answer);
    let size = 0;
    const hold = (bytes: number): void => {
      size += bytes;
      this.#held += bytes;
      if (this.#held > this.#options.heldBytes && this.#held > size)
        throw new RefusedRequest(503, 'too much is waiting');
    };
    response.once('close', () => {
      this.#held -= size;
      this.#open.delete(answer);
    });
    try {
      this.#admit(request);
      const received = await receive(request, this.#options.bodyBytes, hold);
      if (this.#stopping) throw new RefusedRequest(503, STOPPING);
      const upload = { parts: iterateParts(received), scope: hash('sha256', received.bytes), answer };
      this.#waiting.push(upload);
      // A sender that has gone will send its body again.
      response.once('close', () => {
        const at = this.#waiting.indexOf(upload);
        if (at >= 0) this.#waiting.splice(at, 1);
      });
      this.#wake();
    } catch (error) {
      // Read to its end, so that the sender gets to see the answer.
      request.resume();
      if (error instanceof RefusedRequest) {
        log.debug(`a request is answered ${error.status}: ${error.message}`);
        answer(error.status, { error: error.message });
      }
    }
  }

  /** Throws `RefusedRequest` for what is not a request with logs, or comes at the wrong time. */
  #admit({ url = '', method, headers }: IncomingMessage): void {
    // A page in somebody's browser may send a form to a service on that machine, and knows no token.
    if (isOpen(this.#options) && isFromPage(headers))
      throw new RefusedRequest(403, 'logs are not taken from pages in browsers: set HTTP_TOKEN, and send it');
    if (url.split('?')[0] !== LOGS_PATH) throw new RefusedRequest(404, `logs are posted to ${LOGS_PATH}`);
    if (!isAdmitted(this.#options, headers.authorization))
      throw new RefusedRequest(401, 'wrong or missing credentials');
    if (method !== 'POST') throw new RefusedRequest(405, 'logs are sent with POST');
    if (this.#stopping) throw new RefusedRequest(503, STOPPING);
    if (this.#isFull()) {
      this.#refused++;
      throw new RefusedRequest(503, 'the buffer is full: the sink is behind');
    }
    if (this.#refused > 0)
      log.info(
        `${this.#refused} requests were answered 503 while the buffer was full, for their senders to repeat`,
      );
    this.#refused = 0;
    if (this.#waiting.length >= MAX_WAITING) throw new RefusedRequest(503, 'too many requests are waiting');
  }

  /** Takes no more; what has not set out yet is refused, and comes again. */
  #stop(): void {
    this.#stopping = true;
    for (const { answer } of this.#waiting.splice(0)) answer(503, { error: STOPPING });
    this.#wake();
  }

  async close(): Promise<void> {
    this.#stop();
    for (const answer of this.#open) answer(503, { error: STOPPING });
    await closeServer(this.#server);
  }
}

/** What cannot be unpacked won't be when it is sent again either: it is kept as it came. */
function iterateParts({ bytes, broken }: Received): Iterator<Part> {
  if (broken === undefined) return readBody(bytes.toString());
  const reason = `the body can't be unpacked (${broken}): this is it in base64`;
  return [{ unreadable: { entry: bytes.toString('base64'), reason } }].values();
}

/** A body in batches, read as they are asked for; the last commit answers the sender. */
function* batchesOf(
  { parts, scope, answer }: Upload,
  batchSize: number,
  signal: AbortSignal,
): Iterable<Batch> {
  let logs = 0;
  let unreadable = 0;
  let next = take(parts, batchSize);
  if (next.length === 0) answer(200, { logs, unreadable });
  while (next.length > 0) {
    if (signal.aborted) return answer(503, { error: STOPPING });
    const now = next;
    next = take(parts, batchSize);
    const isLast = next.length === 0;
    const read = now.flatMap((part) => ('entry' in part ? [part] : []));
    const entries = read.map(({ entry }) => entry);
    const from = logs;
    const broken = now.flatMap((part) => ('unreadable' in part ? [part.unreadable] : []));
    const ids = broken.map((_, n) => createScopedKey(scope, `unreadable ${unreadable + n}`));
    logs += entries.length;
    unreadable += now.length - entries.length;
    const told = { logs, unreadable };
    yield {
      entries,
      known: false,
      scopes: read.map(({ place }, n) => place ?? `${scope} ${from + n}`),
      unreadable: broken.map((part, n) => ({ ...part, id: ids[n]! })),
      commit: () => {
        if (isLast) answer(200, told);
      },
    };
  }
}

/** Up to `count` entries, and what can't be read between them: each batch of that is one write to the dead letters. */
function take(parts: Iterator<Part>, count: number): Part[] {
  const taken: Part[] = [];
  let entries = 0;
  while (entries < count && taken.length < MOST_PARTS) {
    const { value, done } = parts.next();
    if (done) break;
    if ('entry' in value) entries++;
    taken.push(value);
  }
  return taken;
}
