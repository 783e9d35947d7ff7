import { inspect } from 'node:util';
import type { Dispatcher } from 'undici';

/** The Space, or the API behind it, did not answer what was asked for. `hint` says what to do. */
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

const MAX_RETRY_AFTER_MS = 3_600_000;

/**
 * Throws `GradioError` for a redirect, a refusal, any other error, and a page that is not the app's own: a usable answer
 * is let through. `text` is the answer's body, `url` the Space's; `token`: one was sent.
 */
export function throwSpaceRefusal(
  { statusCode: status, headers }: Dispatcher.ResponseData,
  text: string,
  { url, token }: { url: string; token: boolean },
): void {
  const retryAfterMs = parseRetryAfter(headers['retry-after']);
  if (status >= 300 && status < 400) {
    const to = new URL(String(headers.location ?? ''), url);
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
    const hint = token
      ? 'Is HF_TOKEN valid, and may it read this Space?'
      : 'If the Space is private, set HF_TOKEN to a token that may read it';
    throw new GradioError(`it refuses access (${status}): ${toOneLine(text)}`, hint);
  }
  const html = /^\s*</.test(text) || String(headers['content-type']).includes('text/html');
  if (html || status === 502 || status === 504)
    throw new GradioError(
      `it answers ${status} with ${html ? 'an HTML page' : 'no page'}, so it is asleep, starting or broken`,
      'Open it in a browser to wake it, and try again in a minute',
      { retryAfterMs },
    );
  if (status >= 400)
    throw new GradioError(
      `it answers ${status}: ${toOneLine(text)}`,
      "See the Space's own log, and that of the API behind it",
      { retryAfterMs },
    );
}

/** Something from outside, made fit for a message: one short line without a full stop. */
export function toOneLine(value: unknown): string {
  const text =
    typeof value === 'string' ? value : inspect(value, { depth: 2, breakLength: Number.POSITIVE_INFINITY });
  // Control characters must not reach a terminal.
  const line = text
    .slice(0, 1000)
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .replace(/^ |[ .]+$/g, '');
  return line.length > 160 ? `${line.slice(0, 160)}…` : line || 'nothing';
}

/** How long to wait, in ms, by a header of seconds or a date. */
function parseRetryAfter(header: string | string[] | undefined): number {
  if (typeof header !== 'string') return 0;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Math.min(MAX_RETRY_AFTER_MS, Math.max(0, ms || 0));
}
