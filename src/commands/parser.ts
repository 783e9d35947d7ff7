import yargs, { type Argv, type FallbackCompletionFunction } from 'yargs';
import { VERSION } from '../util/version.ts';
import { addCommands, type CommandEntry } from './command.ts';
import { HELP_WIDTH, usageError } from './usage.ts';

/** Each command with its line of help, and its file: only that of the one that is called is loaded. */
const COMMANDS: readonly CommandEntry[] = [
  ['run', 'Read logs, run the plugins, write the documents', () => import('./run.ts')],
  [
    'init',
    'Begin a project of your own: configuration, its schema, .env, tsconfig.json and a first plugin',
    () => import('./init.ts'),
  ],
  [
    'check',
    'Check the configuration, the source, Elasticsearch and whatever else is configured; say what to do',
    () => import('./check.ts'),
  ],
  [
    'validate',
    'Check configuration, plugins, mappings and types, without any server',
    () => import('./validate.ts'),
  ],
  ['config', 'Show what is configured, and where that was written', () => import('./config.ts')],
  [
    'try [file]',
    'Show how the newest logs are read, and what would become of them; store nothing',
    () => import('./try.ts'),
  ],
  [
    'verify',
    'Read the source again, and tell for each log whether it is stored once, missing, doubled, waiting or a dead letter',
    () => import('./verify.ts'),
  ],
  [
    'setup',
    "Create the plugins' index templates and indices; once, before a shipper writes to them. With KIBANA_URL, also import the dashboards",
    () => import('./setup.ts'),
  ],
  ['plugins', 'List the configured plugins, or start a new one', () => import('./plugins.ts')],
  ['dead-letters', 'Show what could not be stored, and why; try it again', () => import('./dead-letters.ts')],
  [
    'stats',
    'Show what the indices hold: counts, sizes, rates, latency, errors, predictions, costly functions',
    () => import('./stats.ts'),
  ],
  [
    'report',
    'Draw the dashboards: as one HTML file that needs no network, or as SVG or PNG files',
    () => import('./report.ts'),
  ],
  [
    'dashboards',
    'Write the dashboards of configs/dashboards for Kibana into a file, or import them into Kibana',
    () => import('./dashboards.ts'),
  ],
  [
    'alerts',
    'Compare latency, errors, CPU and memory with the thresholds of configs/alerts.yaml',
    () => import('./alerts.ts'),
  ],
  ['drift', 'Compare the inputs and predictions of two windows of time', () => import('./drift.ts')],
  [
    'export',
    'Back up the indices into a folder, or the predictions into a Parquet file',
    () => import('./export.ts'),
  ],
  [
    'import',
    'Restore a backup that export made; documents that exist already are left alone',
    () => import('./import.ts'),
  ],
  ['prune', 'Delete documents that are older than a given age', () => import('./prune.ts')],
  [
    'deduplicate',
    'Find copies of logs that other pipelines wrote under other ids; delete them with --yes',
    () => import('./deduplicate.ts'),
  ],
  [
    'clear-indexes',
    'Empty the indices: delete them, and create them again',
    () => import('./clear-indexes.ts'),
  ],
  [
    'completion',
    'Print a script that has bash or zsh complete commands and options; append it to ~/.bashrc or ~/.zshrc',
    () => import('./completion.ts'),
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
