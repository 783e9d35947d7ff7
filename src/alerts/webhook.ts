import type { CommonConfig } from '../config/sections.ts';
import { log } from '../util/log.ts';
import { backoffMs, sleep } from '../util/retry.ts';
import { type AlertLevel, type Finding, formatFigure } from './finding.ts';

type WebhookFormat = CommonConfig['alerts']['webhook_format'];

/** An alert whose state has changed. */
export interface Change {
  finding: Finding;
  state: AlertLevel;
  previous: AlertLevel;
  /** ISO 8601, UTC. */
  at: string;
}

const ATTEMPTS = 5;
const TIMEOUT_MS = 10_000;

/** A change in one line, for people. */
export function describeChange({ finding, state, previous }: Change): string {
  const { rule, value = 0, documents } = finding;
  const { label, unit, window, warning, critical, action } = rule;
  const about = `${label}: ${formatFigure(value, unit)}`;
  const over = `over ${window} (${documents} documents)`;
  if (state === 'ok') return `OK, no longer ${previous}: ${about} ${over}`;
  const threshold = formatFigure(state === 'critical' ? critical : warning, unit);
  return `${state.toUpperCase()}: ${about} ${over}; the threshold is ${threshold}. ${action}`;
}

/** What is posted: in the format `slack` a message as incoming webhooks take it, else every figure. */
export function bodyOf(change: Change, format: WebhookFormat): object {
  const text = describeChange(change);
  if (format === 'slack') return { text };
  const { finding, state, previous, at } = change;
  const { rule, value, documents } = finding;
  const { name, label, index, window, unit, warning, critical, action } = rule;
  return {
    alert: name,
    label,
    state,
    previous,
    value,
    unit,
    warning,
    critical,
    index,
    window,
    documents,
    action,
    at,
    text,
  };
}

/** Posts changes, one behind the other. What can't be delivered is logged, and never stops anything. */
export class Webhook {
  readonly #url: string;
  readonly #format: WebhookFormat;
  readonly #signal: AbortSignal;
  #last: Promise<void> = Promise.resolve();

  /** `url` is a secret: it is printed nowhere. When `signal` aborts, nothing is tried again. */
  constructor(url: string, format: WebhookFormat, signal: AbortSignal) {
    this.#url = url;
    this.#format = format;
    this.#signal = signal;
  }

  /** Takes a change to be posted; does not wait for it. */
  tell(change: Change): void {
    this.#last = this.#last.then(() => this.#post(change));
  }

  /** Resolves once all that was told is posted, or given up. */
  async settled(): Promise<void> {
    await this.#last;
  }

  async #post(change: Change): Promise<void> {
    const body = JSON.stringify(bodyOf(change, this.#format));
    let why = '';
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      try {
        const { ok, status } = await fetch(this.#url, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body,
          redirect: 'manual',
          signal: AbortSignal.timeout(TIMEOUT_MS),
        });
        if (ok) return;
        why = `it answered ${status}`;
        if (status < 500 && status !== 429 && status !== 408) break;
      } catch (error) {
        // Not its message: that may hold the address.
        const { name, cause } = error as Error;
        const silent = name === 'TimeoutError' ? 'it does not answer' : 'its address cannot be used';
        why = (cause as NodeJS.ErrnoException | undefined)?.code ?? silent;
      }
      if (attempt === ATTEMPTS || this.#signal.aborted) break;
      log.warn(`the webhook can't be told of ${change.finding.rule.name}: ${why}. Trying again`);
      await sleep(backoffMs(attempt), this.#signal);
    }
    log.error(
      `the webhook was not told that ${change.finding.rule.name} is ${change.state}: ${why}. Check ALERTS_WEBHOOK_URL`,
    );
  }
}
