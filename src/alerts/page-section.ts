import type { Config } from '../config/schema.ts';
import { readElasticsearchOptions } from '../elasticsearch/options.ts';
import { reasonOf } from '../util/errors.ts';
import type { Finding } from './finding.ts';
import { loadRules } from './rules.ts';

/** What the alerts found when they were last looked at, or why they could not be. */
export type AlertsState = { findings: readonly Finding[] } | { why: string };

/** How long an answer is given again, in ms: pages renew themselves, and alerts cost searches. */
const FRESH_MS = 15_000;
/** A page does not wait for longer. */
const TIMEOUT_MS = 3_000;

/** The alerts for a page; Elasticsearch is only asked when somebody looks. */
export class ServedAlerts {
  readonly #config: Config;
  /** What was found last, for who can't wait. */
  latest: AlertsState | undefined;
  #last: Promise<AlertsState> | undefined;
  #until = 0;

  constructor(config: Config) {
    this.#config = config;
  }

  /** Never throws. */
  state(): Promise<AlertsState> {
    if (this.#last === undefined || performance.now() > this.#until) {
      this.#until = performance.now() + FRESH_MS;
      this.#last = this.#look()
        .catch((error) => ({ why: reasonOf(error) }))
        .then((state) => {
          this.latest = state;
          return state;
        });
    }
    return this.#last;
  }

  async #look(): Promise<AlertsState> {
    const rules = loadRules(this.#config);
    const options = { ...readElasticsearchOptions(this.#config, false), requestTimeoutMs: TIMEOUT_MS };
    const { createElasticsearchClient } = await import('../elasticsearch/client.ts');
    const { look } = await import('./evaluate.ts');
    const client = createElasticsearchClient(options);
    try {
      const now = Date.now();
      return { findings: await Promise.all(rules.map((rule) => look(client, options, rule, now))) };
    } finally {
      await client.close();
    }
  }
}
