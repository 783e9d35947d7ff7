import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { Agent, type Dispatcher, errors, request } from 'undici';
import { type Json, parseDelimited } from '../util/json.ts';
import { GradioError, throwSpaceRefusal, toOneLine } from './gradio-errors.ts';

/** Where a Space is, and how it is asked. */
export interface SpaceOptions {
  /** The Space's own address: origin and perhaps a path; nothing else of it is used. */
  url: string;
  /** A Hugging Face token; sent to that origin only. */
  token?: string | undefined;
  /** How long one answer may take, a whole event stream included, in ms. */
  timeoutMs: number;
}

/** Largest answer, in bytes: a hundred logs of more than 300 KB each. */
const MAX_BODY = 32 << 20;
const RUNNING = "Is GRADIO_URL the Space's own address, and is the Space running?";
const RESTARTED = 'It may have been restarted; try again in a minute';

/** HTTP as a Space speaks it: JSON and event streams. Follows no redirect, and reads no more than `MAX_BODY`. */
export class SpaceHttp {
  readonly #options: SpaceOptions;
  readonly #url: string;
  #agent = new Agent();

  constructor(options: SpaceOptions) {
    this.#options = options;
    this.#url = parseSpaceAddress(options.url);
  }

  /**
   * The JSON at a path, or the answer to a `POST` of `body` to it; `undefined` where the Space has no such path.
   * Throws `GradioError`; when `signal` aborts, its reason.
   */
  async json(path: string, signal: AbortSignal, body?: Json): Promise<Json | undefined> {
    return this.#within(signal, async (deadline) => {
      const response = await this.#request(path, deadline, 'application/json', body);
      const text = await readBodyText(response);
      if (response.statusCode === 404) return undefined;
      this.#refuse(response, text);
      const value = parseDelimited(text);
      if (value === undefined)
        throw new GradioError(`its answer to ${path} is not JSON: ${toOneLine(text)}`, RUNNING);
      return value;
    });
  }

  /** The event that ends the stream at a path: `complete` or `error`. Throws as `json` does. */
  async lastEvent(path: string, signal: AbortSignal): Promise<EventSourceMessage> {
    let heartbeats = 0;
    return this.#within(
      signal,
      async (deadline) => {
        const response = await this.#request(path, deadline, 'text/event-stream');
        if (response.statusCode !== 200) this.#refuse(response, await readBodyText(response));
        let last: EventSourceMessage | undefined;
        const parser = createParser({
          onEvent: (event) => {
            if (event.event === 'complete' || event.event === 'error') last ??= event;
            else heartbeats++;
          },
        });
        const decoder = new TextDecoder();
        for await (const chunk of chunksOf(response)) {
          parser.feed(decoder.decode(chunk, { stream: true }));
          if (last) break;
        }
        // Gradio ends the stream here: a connection that is read to its end can be used again.
        await response.body
          .dump({ limit: 4096, signal: AbortSignal.any([deadline, AbortSignal.timeout(1000)]) })
          .catch(() => {});
        if (last) return last;
        throw new GradioError('its event stream ended before the answer came', RESTARTED);
      },
      () => (heartbeats > 0 ? `nothing but ${heartbeats} heartbeats` : 'no answer'),
    );
  }

  #request(path: string, signal: AbortSignal, accept: string, body?: Json): Promise<Dispatcher.ResponseData> {
    const { token } = this.#options;
    return request(this.#url + path, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        accept,
        'user-agent': 'ml-log-sidecar',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      dispatcher: this.#agent,
      signal,
      // The deadline governs all of them.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  /** Runs `work` against the time limit; `got` says what came until then. */
  async #within<T>(
    signal: AbortSignal,
    work: (deadline: AbortSignal) => Promise<T>,
    got = () => 'no answer',
  ): Promise<T> {
    const { timeoutMs } = this.#options;
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      return await work(AbortSignal.any([signal, timeout]));
    } catch (cause) {
      if (signal.aborted || cause instanceof GradioError) throw cause;
      if (timeout.aborted) {
        const message = `${got()} within ${timeoutMs / 1000} s`;
        throw new GradioError(
          message,
          'It may be busy or starting; if it is always so slow, raise gradio.timeout',
          { cause },
        );
      }
      throw new GradioError(cause instanceof Error ? findDeepestReason(cause) : String(cause), RUNNING, {
        cause,
      });
    }
  }

  #refuse(response: Dispatcher.ResponseData, text: string): void {
    throwSpaceRefusal(response, text, { url: this.#url, token: this.#options.token !== undefined });
  }

  /** Closes the connections; those that are needed later are opened anew. */
  async reset(): Promise<void> {
    const old = this.#agent;
    this.#agent = new Agent();
    await old.destroy();
  }

  /** Closes the connections. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

/** Origin and path of a Space, without what may be secret. Throws `TypeError` for what is not a URL. */
export function parseSpaceAddress(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname.replace(/\/+$/, '');
}

async function* chunksOf({ body }: Dispatcher.ResponseData): AsyncIterable<Uint8Array> {
  let size = 0;
  try {
    for await (const chunk of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
      size += chunk.length;
      if (size > MAX_BODY)
        throw new GradioError(
          `its answer is larger than ${MAX_BODY >> 20} MiB`,
          'Does GRADIO_URL name the right app? If its logs are that large, read them from Redis',
        );
      yield chunk;
    }
  } catch (cause) {
    if (!(cause instanceof errors.SocketError)) throw cause;
    throw new GradioError('its answer was cut off in the middle', RESTARTED, { cause });
  }
}

async function readBodyText(response: Dispatcher.ResponseData): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of chunksOf(response)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function findDeepestReason({ message, cause }: Error): string {
  return message !== '' || !(cause instanceof Error) ? message : findDeepestReason(cause);
}
