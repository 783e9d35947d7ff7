import { type Finding, findWorst, formatFigure, LEVELS } from '../alerts/finding.ts';
import { loadRules } from '../alerts/rules.ts';
import { t, translateTitle } from '../terminal/messages.ts';
import { formatTable } from '../terminal/table.ts';
import { log } from '../util/log.ts';
import { configFlags } from './config-flags.ts';
import { defineCommand } from './define.ts';
import { withElasticsearch } from './elasticsearch.ts';
import { time } from './options.ts';
import { onStop } from './stopping.ts';

const checkCommand = defineCommand({
  flags: configFlags('alerts.file'),
  options: { at: time('Evaluate the windows that ended at this time instead of now') },
  exitCodes: {
    0: 'all is ok, or there is too little data to tell',
    1: 'a warning',
    2: 'something is critical, or wrong usage or configuration',
    3: 'Elasticsearch could not be reached',
  },
  notes:
    'Where the exit code is about usage or Elasticsearch, nothing is printed on stdout, and the reason on stderr.',
  run: async ({ args, load, say, tell }) => {
    const { config } = load();
    const rules = loadRules(config);
    const now = args.at ?? Date.now();
    const { look } = await import('../alerts/evaluate.ts');
    const findings = await withElasticsearch(config, async (client, options) => {
      const found: Finding[] = [];
      for (const rule of rules) found.push(await look(client, options, rule, now));
      return found;
    });
    const state = findWorst(findings);
    say(formatFindings(findings));
    tell({ at: new Date(now).toISOString(), state, alerts: findings.map(selectFacts) });
    return LEVELS.indexOf(state);
  },
});

const watchCommand = defineCommand({
  flags: configFlags('alerts.interval', 'alerts.file'),
  notes:
    'ALERTS_WEBHOOK_URL (or ALERTS_WEBHOOK_URL_FILE) is where changes are posted to, as JSON, or with ' +
    'ALERTS_WEBHOOK_FORMAT=slack as a message. A webhook that does not answer is tried five times, and logged. ' +
    'With --json each change is one JSON object on a line of stdout.',
  run: async ({ load, tell }) => {
    const { config } = load();
    const { interval, webhook_url: url, webhook_format: format } = config.alerts;
    const rules = loadRules(config);
    const { look } = await import('../alerts/evaluate.ts');
    const { watch } = await import('../alerts/watch.ts');
    const { bodyOf, Webhook } = await import('../alerts/webhook.ts');
    const stop = new AbortController();
    const removeListeners = onStop(() => stop.abort());
    const names = rules.map(({ name }) => name).join(', ');
    try {
      await withElasticsearch(config, (client, options) => {
        log.info(
          `watching ${names} every ${interval} s; changes go to the log${url ? ' and the webhook' : ''}`,
        );
        return watch({
          rules,
          look: (rule, now) => look(client, options, rule, now),
          webhook: url === undefined ? undefined : new Webhook(url, format, stop.signal),
          intervalMs: interval * 1000,
          signal: stop.signal,
          onChange: (change) => tell(bodyOf(change, 'json')),
        });
      });
    } finally {
      removeListeners();
    }
  },
});

/** `alerts`: whether the thresholds of `configs/alerts.yaml` are exceeded: now, or from now on. */
export const command = defineCommand({
  commands: [
    ['check', 'Evaluate once; the exit code tells the result', checkCommand],
    ['watch', 'Evaluate until stopped; tell the log and a webhook when a state changes', watchCommand],
  ],
});

function selectFacts({ rule, state, value, documents, why }: Finding): object {
  const { name, label, index, window, unit, warning, critical, action } = rule;
  return { name, label, state, value, unit, warning, critical, index, window, documents, why, action };
}

function formatFindings(findings: readonly Finding[]): string {
  const rows = findings.map(({ rule, state, value, documents, why }) => [
    translateTitle(rule.label),
    t(state),
    value === undefined ? '-' : formatFigure(value, rule.unit),
    `> ${rule.warning}`,
    `> ${rule.critical}`,
    rule.window,
    `${documents}`,
    state === 'ok' ? '' : (why ?? translateTitle(rule.action)),
  ]);
  const head = ['alert', 'state', 'value', 'warning', 'critical', 'window', 'documents', 'to do'] as const;
  return formatTable([head.map((name) => t(name)), ...rows], [2, 3, 4, 5, 6]);
}
