import type { Argv, CommandModule } from 'yargs';
import { type Finding, formatFigure, LEVELS, worst } from '../alerts/finding.ts';
import { loadRules } from '../alerts/rules.ts';
import { configFlags } from '../config/flags.ts';
import { elasticsearchOptions } from '../elasticsearch/options.ts';
import { table } from '../terminal/table.ts';
import { log } from '../util/log.ts';
import { COMMON_FLAGS, type Command, configFrom, timeOf, yargsOptions } from './options.ts';

const FLAGS = { ...configFlags('alerts.file'), ...COMMON_FLAGS };
const WATCH_FLAGS = { ...configFlags('alerts.interval'), ...FLAGS };

/** `alerts`: whether the thresholds of `configs/alerts.yaml` are passed: now, or from now on. */
export const alertsCommand: Command = {
  builder: (yargs) =>
    yargs.command(checkCommand).command(watchCommand).demandCommand(1, 'Name one of check, watch.'),
  handler: () => {},
};

const checkCommand: CommandModule = {
  command: 'check',
  describe: 'Look once; the exit code tells',
  builder: (yargs) =>
    json(yargs.options(yargsOptions(FLAGS)))
      .option('at', {
        type: 'string',
        requiresArg: true,
        describe: 'Look at the windows that ended then (ISO 8601, UTC) instead of now',
      })
      .epilogue(
        'Exit codes: 0 all is ok, or there is too little data to tell; 1 a warning; 2 something is critical. As with every command, ' +
          '2 is also wrong usage or configuration, and 3 an Elasticsearch that could not be reached: then nothing is ' +
          'printed on stdout, and the reason on stderr.',
      ),
  handler: async (args) => {
    const { config } = configFrom(args, FLAGS);
    const rules = loadRules(config.alerts.file);
    const now = args.at === undefined ? Date.now() : timeOf(String(args.at), '--at');
    const options = elasticsearchOptions(config, false);
    const { elasticsearchClient } = await import('../elasticsearch/client.ts');
    const { look } = await import('../alerts/evaluate.ts');
    const client = elasticsearchClient(options);
    try {
      const findings = [];
      for (const rule of rules) findings.push(await look(client, options, rule, now));
      const state = worst(findings);
      process.exitCode = LEVELS.indexOf(state);
      const at = new Date(now).toISOString();
      if (args.json)
        process.stdout.write(`${JSON.stringify({ at, state, alerts: findings.map(figuresOf) })}\n`);
      else process.stdout.write(tableOf(findings));
    } finally {
      await client.close();
    }
  },
};

const watchCommand: CommandModule = {
  command: 'watch',
  describe: 'Look until stopped; tell the log and a webhook when a state changes',
  builder: (yargs) =>
    json(yargs.options(yargsOptions(WATCH_FLAGS))).epilogue(
      'ALERTS_WEBHOOK_URL (or ALERTS_WEBHOOK_URL_FILE) is where changes are posted to, as JSON, or with ' +
        'ALERTS_WEBHOOK_FORMAT=slack as a message. A webhook that does not answer is tried five times, and logged. ' +
        'With --json each change is one JSON object on a line of stdout.',
    ),
  handler: async (args) => {
    const { config } = configFrom(args, WATCH_FLAGS);
    const { interval, webhook_url: url, webhook_format: format, file } = config.alerts;
    const rules = loadRules(file);
    const options = elasticsearchOptions(config, false);
    const { elasticsearchClient } = await import('../elasticsearch/client.ts');
    const { look } = await import('../alerts/evaluate.ts');
    const { watch } = await import('../alerts/watch.ts');
    const { bodyOf, Webhook } = await import('../alerts/webhook.ts');
    const stop = new AbortController();
    const onSignal = (): void => {
      // Without a listener, the next signal ends the process at once.
      process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
      stop.abort();
    };
    process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
    const client = elasticsearchClient(options);
    const names = rules.map(({ name }) => name).join(', ');
    log.info(`watching ${names} every ${interval} s; changes go to the log${url ? ' and the webhook' : ''}`);
    try {
      await watch({
        rules,
        look: (rule, now) => look(client, options, rule, now),
        webhook: url === undefined ? undefined : new Webhook(url, format, stop.signal),
        intervalMs: interval * 1000,
        signal: stop.signal,
        onChange: (change) => {
          if (args.json) process.stdout.write(`${JSON.stringify(bodyOf(change, 'json'))}\n`);
        },
      });
    } finally {
      process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
      await client.close();
    }
  },
};

function json(yargs: Argv): Argv {
  return yargs.option('json', { type: 'boolean', default: false, describe: 'Print JSON' });
}

function figuresOf({ rule, state, value, documents, why }: Finding): object {
  const { name, label, index, window, unit, warning, critical, action } = rule;
  return { name, label, state, value, unit, warning, critical, index, window, documents, why, action };
}

function tableOf(findings: readonly Finding[]): string {
  const rows = findings.map(({ rule, state, value, documents, why }) => [
    rule.label,
    state,
    value === undefined ? '-' : formatFigure(value, rule.unit),
    `> ${rule.warning}`,
    `> ${rule.critical}`,
    rule.window,
    `${documents}`,
    state === 'ok' ? '' : (why ?? rule.action),
  ]);
  const head = ['alert', 'state', 'value', 'warning', 'critical', 'window', 'documents', 'to do'];
  return table([head, ...rows], [2, 3, 4, 5, 6]);
}
