import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { Agent, type Dispatcher, request } from 'undici';
import { type Json, parseDelimited } from '../json.ts';

/** Where a Space is, and how it is asked. */
export interface SpaceOptions {
  /** The Space's own address: origin and perhaps a path; nothing else of it is used. */
  url: string;
  /** A Hugging Face token; sent to that origin only. */
  token?: string | undefined;
  /** How long one answer may take, a whole event stream included, in ms. */
  timeoutMs: number;
}

/** The Space, or the API behind it, did not give what was asked for. `hint` says what to do. */
export class GradioError extends Error {
  override name = 'GradioError';
  readonly hint: string;
  /** What `Retry-After` asked for, in ms. */
  readonly retryAfterMs: number;

  constructor(message: string, hint: string, { retryAfterMs = 0, cause }: ErrorDetails = {}) {
    super(message, { cause });
    this.hint = hint;
    this.retryAfterMs = retryAfterMs;
  }
}

interface ErrorDetails {
  retryAfterMs?: number;
  cause?: unknown;
}

/** One answer may have so many bytes: a hundred logs of more than 300 KB each. */
const MAX_BODY = 32 << 20;
const MAX_RETRY_AFTER_MS = 3_600_000;
const AWAKE = 'Open it in a browser to wake it, and try again in a minute';
const RUNNING = "Is GRADIO_URL the Space's own address, and is the Space running?";

/** HTTP as a Space speaks it: JSON and event streams. Follows no redirect, and reads no more than `MAX_BODY`. */
export class SpaceHttp {
  readonly #options: SpaceOptions;
  readonly #url: string;
  #agent = new Agent();

  constructor(options: SpaceOptions) {
    this.#options = options;
    this.#url = spaceAddress(options.url);
  }

  /**
   * The JSON at a path, or the answer to a `POST` of `body` to it; `undefined` where the Space has no such path.
   * Throws `GradioError`; when `signal` aborts, its reason.
   */
  async json(path: string, signal: AbortSignal, body?: Json): Promise<Json | undefined> {
    return this.#within(signal, async (deadline) => {
      const response = await this.#request(path, deadline, 'application/json', body);
      const text = await textOf(response);
      if (response.statusCode === 404) return undefined;
      this.#refuse(response, text);
      const value = parseDelimited(text);
      if (value === undefined)
        throw new GradioError(`its answer to ${path} is no JSON: ${shown(text)}`, RUNNING);
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
        if (response.statusCode !== 200) this.#refuse(response, await textOf(response));
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
        throw new GradioError(
          'its event stream ended before the answer came',
          'It may have been restarted: what was asked for is asked again',
        );
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
      throw new GradioError(cause instanceof Error ? reason(cause) : String(cause), RUNNING, { cause });
    }
  }

  /** Throws for an answer that is not one of the app's own, and for every error. */
  #refuse({ statusCode: status, headers }: Dispatcher.ResponseData, text: string): void {
    const retryAfterMs = retryAfter(headers['retry-after']);
    if (status >= 300 && status < 400) {
      const to = new URL(String(headers.location ?? ''), this.#url);
      throw new GradioError(
        `it redirects (${status}) to ${to.origin}${to.pathname}`,
        'No redirect is followed, so that no token leaves for another host. If that is the Space, set GRADIO_URL to it',
      );
    }
    if (status === 429) {
      const when = retryAfterMs > 0 ? `, and asks to wait ${Math.ceil(retryAfterMs / 1000)} s` : '';
      throw new GradioError(
        `it answers 429, too many requests${when}`,
        'If this comes often, raise PIPELINE_POLL_INTERVAL',
        { retryAfterMs },
      );
    }
    if (status === 401 || status === 403) {
      const hint = this.#options.token
        ? 'Is HF_TOKEN valid, and may it read this Space?'
        : 'If the Space is private, set HF_TOKEN to a token that may read it';
      throw new GradioError(`it refuses access (${status}): ${shown(text)}`, hint);
    }
    const html = /^\s*</.test(text) || String(headers['content-type']).includes('text/html');
    if (html || status === 502 || status === 504)
      throw new GradioError(
        `it answers ${status} with ${html ? 'an HTML page' : 'no page'}, so it is asleep, starting or broken`,
        AWAKE,
        { retryAfterMs },
      );
    if (status >= 400)
      throw new GradioError(
        `it answers ${status}: ${shown(text)}`,
        "See the Space's own log, and that of the API behind it",
        { retryAfterMs },
      );
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

/** Origin and path of a Space, without what may be secret. Throws `TypeError` for what is no URL. */
export function spaceAddress(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname.replace(/\/+$/, '');
}

/** Something that came from outside, fit for a message: one line, and not long. */
export function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  // Control characters must not reach a terminal.
  const line = text.trim().replace(/[\s\p{Cc}]+/gu, ' ');
  return line.length > 160 ? `${line.slice(0, 160)}…` : line || 'nothing';
}

async function* chunksOf({ body }: Dispatcher.ResponseData): AsyncIterable<Uint8Array> {
  let size = 0;
  for await (const chunk of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > MAX_BODY)
      throw new GradioError(
        `its answer is larger than ${MAX_BODY >> 20} MiB`,
        'Does GRADIO_URL name the right app? If its logs are that large, read them from Redis',
      );
    yield chunk;
  }
}

async function textOf(response: Dispatcher.ResponseData): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of chunksOf(response)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** Seconds, or a date; in ms from now. */
function retryAfter(header: string | string[] | undefined): number {
  if (typeof header !== 'string') return 0;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Math.min(MAX_RETRY_AFTER_MS, Math.max(0, ms || 0));
}

function reason({ message, cause }: Error): string {
  return message !== '' || !(cause instanceof Error) ? message : reason(cause);
}
