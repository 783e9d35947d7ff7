import yargs, { type Argv, type FallbackCompletionFunction } from 'yargs';
import { VERSION } from '../util/version.ts';
import { addCommands, type CommandEntry } from './command.ts';
import { HELP_WIDTH, usageError } from './usage.ts';

/** Each command with its line of help, and the rest of it: only the one that is called is loaded. */
const COMMANDS: readonly CommandEntry[] = [
  [
    'run',
    'Read logs, run the plugins, write the documents',
    async () => (await import('./run.ts')).runCommand,
  ],
  [
    'init',
    'Begin a project of your own: configuration, its schema, .env, tsconfig.json and a first plugin',
    async () => (await import('./init.ts')).initCommand,
  ],
  [
    'check',
    'Check the configuration, the source, Elasticsearch and whatever else is configured; say what to do',
    async () => (await import('./check.ts')).checkCommand,
  ],
  [
    'validate',
    'Check configuration, plugins, mappings and types, without any server',
    async () => (await import('./validate.ts')).validateCommand,
  ],
  [
    'config',
    'Show what is configured, and where that was written',
    async () => (await import('./config.ts')).configCommand,
  ],
  [
    'try [file]',
    'Show how the newest logs are read, and what would become of them; store nothing',
    async () => (await import('./try.ts')).tryCommand,
  ],
  [
    'verify',
    'Read the source again, and tell for each log whether it is stored once, missing, doubled, waiting or a dead letter',
    async () => (await import('./verify.ts')).verifyCommand,
  ],
  [
    'setup',
    "Create the plugins' index templates and indices; once, before a shipper writes to them. With KIBANA_URL, also import the dashboards",
    async () => (await import('./setup.ts')).setupCommand,
  ],
  [
    'plugins',
    'List the configured plugins, or start a new one',
    async () => (await import('./plugins.ts')).pluginsCommand,
  ],
  [
    'dead-letters',
    'Show what could not be stored, and why; try it again',
    async () => (await import('./dead-letters.ts')).deadLettersCommand,
  ],
  [
    'stats',
    'Show what the indices hold: counts, sizes, rates, latency, errors, predictions, costly functions',
    async () => (await import('./stats.ts')).statsCommand,
  ],
  [
    'report',
    'Draw the dashboards: as one HTML file that needs no network, or as SVG or PNG files',
    async () => (await import('./report.ts')).reportCommand,
  ],
  [
    'dashboards',
    'Write the dashboards of configs/dashboards for Kibana into a file, or import them into Kibana',
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
    'Restore a backup that export made; documents that exist already are left alone',
    async () => (await import('./import.ts')).importCommand,
  ],
  [
    'prune',
    'Delete documents that are older than a given age',
    async () => (await import('./prune.ts')).pruneCommand,
  ],
  [
    'deduplicate',
    'Find copies of logs that other pipelines wrote under other ids; delete them with --yes',
    async () => (await import('./deduplicate.ts')).deduplicateCommand,
  ],
  [
    'clear-indexes',
    'Empty the indices: delete them, and create them again',
    async () => (await import('./clear-indexes.ts')).clearIndexesCommand,
  ],
  [
    'completion',
    'Print a script that has bash or zsh complete commands and options; append it to ~/.bashrc or ~/.zshrc',
    async () => (await import('./completion.ts')).completionCommand,
  ],
];

/** The command line. Parsing it runs the command that `args` name; it throws `SidecarError` (`config`) for wrong usage. */
export function createParser(args: readonly string[]): Argv {
  const parser = yargs(args)
    .scriptName('ml-log-sidecar')
    .usage("$0 <command>\n\nShips a machine-learning API's logs into four Elasticsearch indices.")
    .strict()
    .locale('en')
    .version(VERSION)
    .alias({ h: 'help' })
    // yargs makes the help of every command that it runs, and breaking its lines takes a quarter of the start.
    .wrap(args.length === 0 || args.includes('--help') || args.includes('-h') ? HELP_WIDTH : null)
    .epilogue(
      'Exit codes: 0 done, 1 some documents are dead letters, 2 wrong usage or configuration, 3 a server could not be reached, or stdout or stderr is closed. alerts check has its own: see its --help.',
    )
    .exitProcess(false)
    .fail((message, error) => {
      throw usageError(message, error, {
        commands: COMMANDS.map(([usage]) => usage.split(' ', 1)[0] as string),
      });
    });
  addCommands(parser, COMMANDS);
  // yargs wants a command for its script, too, which `completion` is.
  return args.includes(ASKED_TO_COMPLETE) ? parser.completion('complete', false, completeWords) : parser;
}

/** What the script that `completion` prints calls this program with. */
const ASKED_TO_COMPLETE = '--get-yargs-completions';

/** What that script is answered: an option of one letter is not offered with two dashes. */
const completeWords: FallbackCompletionFunction = (_current, _argv, complete, done) =>
  complete((_error, words = []) => done(words.filter((word) => !/^--.$/.test(word))));
