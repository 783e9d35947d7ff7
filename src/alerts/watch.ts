import { reasonOf, SidecarError } from '../util/errors.ts';
import { log } from '../util/log.ts';
import { sleep } from '../util/retry.ts';
import { type AlertLevel, type Finding, judgeLevel } from './finding.ts';
import type { Rule } from './rules.ts';
import { type Change, describeChange, type Webhook } from './webhook.ts';

/** What a watch works with. */
export interface WatchOptions {
  rules: readonly Rule[];
  look: (rule: Rule, now: number) => Promise<Finding>;
  webhook: Webhook | undefined;
  intervalMs: number;
  /** Ends the watch. */
  signal: AbortSignal;
  /** Given every change of state. */
  onChange: (change: Change) => void;
}

/**
 * Looks at every rule again and again, until `signal` aborts, and tells the log and the webhook when a state changes. All
 * are taken for ok at the start; too little data changes no state. A server that can't be reached is logged, and asked
 * again next time.
 */
export async function watch(options: WatchOptions): Promise<void> {
  const { rules, look, webhook, intervalMs, signal, onChange } = options;
  const states = new Map<string, AlertLevel>();
  while (!signal.aborted) {
    const now = Date.now();
    for (const rule of rules) {
      const previous = states.get(rule.name) ?? 'ok';
      let finding: Finding;
      try {
        finding = await look(rule, now);
      } catch (error) {
        // What is wrong with a rule stays wrong.
        if (error instanceof SidecarError && error.code === 'config') throw error;
        log.warn(`the alerts can't be looked at: ${reasonOf(error)}`);
        break;
      }
      if (finding.value === undefined) continue;
      const state = judgeLevel(rule, finding.value, previous);
      if (state === previous) continue;
      states.set(rule.name, state);
      const change = { finding, state, previous, at: new Date(now).toISOString() };
      const say = { ok: log.info, warning: log.warn, critical: log.error }[state];
      say(describeChange(change));
      onChange(change);
      webhook?.tell(change);
    }
    await sleep(intervalMs, signal);
  }
  await webhook?.settled();
}
