import { readFileSync } from 'node:fs';
import yargs, { type Argv } from 'yargs';
import { SidecarError } from '../util/errors.ts';
import { addCommands, type CommandEntry } from './command.ts';

const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));

/** Each command with its line of help, and the rest of it: only the one that is called is loaded. */
const COMMANDS: readonly CommandEntry[] = [
  [
    'run',
    'Read logs, run the plugins, write the documents',
    async () => (await import('./run.ts')).runCommand,
  ],
  [
    'check',
    'Check configuration, source, Elasticsearch and what else is configured; say what to do',
    async () => (await import('./check.ts')).checkCommand,
  ],
  [
    'try [file]',
    'Show how the newest logs are read, and what would become of them; store nothing',
    async () => (await import('./try.ts')).tryCommand,
  ],
  [
    'setup',
    "Create the plugins' index templates and indices; once, before a shipper writes to them. With KIBANA_URL, import the dashboards, too",
    async () => (await import('./setup.ts')).setupCommand,
  ],
  [
    'plugins',
    'List the configured plugins, or start a new one',
    async () => (await import('./plugins.ts')).pluginsCommand,
  ],
  [
    'dead-letters',
    'What could not be stored, and why; and to try again',
    async () => (await import('./dead-letters.ts')).deadLettersCommand,
  ],
  [
    'stats',
    'What the indices hold: counts, sizes, rates, latency, errors, predictions, costly functions',
    async () => (await import('./stats.ts')).statsCommand,
  ],
  [
    'report',
    'Draw the dashboards: one HTML file that needs no network, or SVG or PNG files',
    async () => (await import('./report.ts')).reportCommand,
  ],
  [
    'dashboards',
    'The dashboards of configs/dashboards for Kibana: as a file, or right into it',
    async () => (await import('./dashboards.ts')).dashboardsCommand,
  ],
  [
    'alerts',
    'Compare latency, errors, CPU and memory with the thresholds of configs/alerts.yaml',
    async () => (await import('./alerts.ts')).alertsCommand,
  ],
  [
    'drift',
    'Compare the inputs and predictions of two windows of time',
    async () => (await import('./drift.ts')).driftCommand,
  ],
  [
    'export',
    'Back up the indices into a folder, or the predictions into a Parquet file',
    async () => (await import('./export.ts')).exportCommand,
  ],
  [
    'import',
    'Restore a backup that export made; what is there already is left alone',
    async () => (await import('./import.ts')).importCommand,
  ],
  [
    'prune',
    'Delete what is older than so long from the indices',
    async () => (await import('./prune.ts')).pruneCommand,
  ],
  [
    'deduplicate',
    'Find copies of logs that other pipelines wrote under other ids; delete them with --yes',
    async () => (await import('./deduplicate.ts')).deduplicateCommand,
  ],
  [
    'clear-indexes',
    'Empty the indices: delete them, and make them anew',
    async () => (await import('./clear-indexes.ts')).clearIndexesCommand,
  ],
];

/** The command line. Parsing it runs the command that `args` name; it throws `SidecarError` (`config`) for wrong usage. */
export function createParser(args: readonly string[]): Argv {
  const parser = yargs(args)
    .scriptName('ml-log-sidecar')
    .usage("$0 <command>\n\nShips a machine-learning API's logs into four Elasticsearch indices.")
    .demandCommand(1, 'Name a command, such as `run`.')
    .recommendCommands()
    .strict()
    .locale('en')
    .version(version)
    .alias({ h: 'help' })
    .wrap(Math.min(110, process.stdout.columns ?? 110))
    .epilogue(
      'Exit codes: 0 done, 1 some documents are dead letters, 2 wrong usage or configuration, 3 a server could not be reached, or stdout or stderr is closed. alerts check has its own: see its --help.',
    )
    .exitProcess(false)
    .fail((message, error) => {
      throw error ?? new SidecarError('config', `${message}\nSee ml-log-sidecar --help.`);
    });
  return addCommands(parser, COMMANDS);
}
