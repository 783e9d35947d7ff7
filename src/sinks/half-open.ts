import { once } from 'node:events';

/** How much may be sent at once: one document, one batch, or all that there is. */
export type Pass = 'document' | 'batch' | 'all';

/**
 * Meets a server gently: at the start, and after each outage, one document goes alone, then one batch, then all; whoever
 * else wants to write waits until the server has answered. A server that has just come up may be locked up for good by many
 * requests at once; docs/decisions.md tells of one that was.
 */
export class HalfOpen {
  #next: Pass = 'document';
  /** Settles when the one that is on its way has been answered. */
  #trial: Promise<unknown> | undefined;
  #settle: () => void = () => {};

  /** Waits for its turn, or for `signal`; whoever is let through tells `leave` what became of it. */
  async enter(signal: AbortSignal): Promise<Pass> {
    while (this.#next !== 'all' && this.#trial && !signal.aborted) {
      const given = new AbortController();
      const aborted = once(signal, 'abort', { signal: given.signal }).catch(() => {});
      await Promise.race([this.#trial, aborted]);
      given.abort();
    }
    const pass = this.#next;
    if (pass !== 'all')
      this.#trial = new Promise<void>((resolve) => {
        this.#settle = resolve;
      });
    return pass;
  }

  /** Tells whether the server has answered (`up`), has not (`down`), or asks for patience (`busy`). */
  leave(pass: Pass, found: 'up' | 'down' | 'busy'): void {
    if (found === 'down') this.#next = 'document';
    // Who was let through before an outage tells nothing of the time behind it.
    else if (found === 'up' && pass === this.#next) this.#next = pass === 'document' ? 'batch' : 'all';
    if (pass === 'all') return;
    this.#trial = undefined;
    this.#settle();
  }
}
