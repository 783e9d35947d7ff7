import type { Argv } from 'yargs';
import { type LoadedConfig, loadConfig } from '../config/load.ts';
import { setLanguage } from '../terminal/messages.ts';
import { forgoColour } from '../util/colour.ts';
import { EXIT } from '../util/errors.ts';
import { setLogFormat, setLogLevel } from '../util/log.ts';
import { addCommands, type Command, type CommandEntry } from './command.ts';
import { type ConfigFlags, configFlags } from './config-flags.ts';
import { type CommandOptions, flag, type OptionValues, text } from './options.ts';
import { HELP_WIDTH, usageError } from './usage.ts';

/** What a command has at hand while it runs. */
export interface CommandContext<O extends CommandOptions> {
  /** The values of its own options and positional arguments. */
  args: OptionValues<O>;
  json: boolean;
  quiet: boolean;
  /** Reads the configuration, with what the command line sets on top. Throws `SidecarError` (`config`). */
  load(): LoadedConfig;
  /** Prints text for people: not with `--json` or `--quiet`. */
  say(text: string): void;
  /** Prints facts for programs: with `--json`, as one line. */
  tell(facts: unknown): void;
}

/** What the help of a command is made of. */
interface CommandHelp {
  /** Settings of the configuration that it takes as options, beside those of every command. */
  flags?: ConfigFlags;
  options?: CommandOptions;
  /** The names of those `options` that are given by their place; `usage` names them, too. */
  positionals?: readonly string[];
  /** Subcommands. Without `run`, and without the name of one, the help is printed, and the exit code is 2. */
  commands?: readonly CommandEntry[];
  /** `[command line, what it does]`. */
  examples?: readonly (readonly [string, string])[];
  /** What the help says at the end. */
  notes?: string;
  /** What its exit codes mean, where they mean something else than those of every command, or something more exact. */
  exitCodes?: Readonly<Partial<Record<number, string>>>;
}

/** What makes a command. */
export interface CommandDefinition<O extends CommandOptions> extends CommandHelp {
  options?: O;
  /** The work. It answers the exit code; nothing is 0. */
  run?(context: CommandContext<O>): Promise<number> | Promise<void>;
}

const COMMON_FLAGS = configFlags('language', 'log_level', 'log_format');
const COMMON_OPTIONS = {
  config: text('YAML file instead of configs/pipeline.yaml'),
  json: flag('Print facts as JSON'),
  quiet: flag('Print nothing but errors'),
  verbose: flag('Say more about the work: the same as --log-level debug', 'v'),
  color: flag('Colours on a terminal; --no-color, or the variable NO_COLOR, leaves them out'),
} as const;

const EXIT_CODES: Readonly<Record<number, string>> = {
  [EXIT.ok]: 'done',
  [EXIT.usage]: 'wrong usage or configuration',
  [EXIT.unreachable]: 'a server or a file could not be reached',
};

/** Makes a command of its definition: options, help, configuration, output and exit codes work alike for all. */
export function defineCommand<const O extends CommandOptions = Record<never, never>>(
  definition: CommandDefinition<O>,
): Command {
  const flags = { ...definition.flags, ...COMMON_FLAGS };
  const options: CommandOptions = { ...definition.options, ...flags, ...COMMON_OPTIONS };
  let parser: Argv;
  return {
    build: (yargs) => {
      parser = describeCommand(yargs, definition, definition.run !== undefined, options);
      return parser;
    },
    run: async (argv) => {
      if (!definition.run) {
        process.stderr.write(`${await parser.getHelp()}\n`);
        return EXIT.usage;
      }
      const values: Record<string, unknown> = {};
      for (const [name, option] of Object.entries(options)) {
        const isPositional = definition.positionals?.includes(name);
        values[name] = option.read(argv[name], isPositional ? `<${name}>` : `--${name}`);
      }
      const { json, quiet, verbose } = values as OptionValues<typeof COMMON_OPTIONS>;
      if (argv.color === false) forgoColour();
      // Facts for programs are the same everywhere.
      setLanguage(json ? 'en' : argv.lang === 'fr' || argv.lang === 'en' ? argv.lang : 'auto');
      if (verbose) values['log-level'] = 'debug';
      const exit = await definition.run({
        args: values as OptionValues<O>,
        json,
        quiet,
        load: () => loadWith(values, flags),
        say: (text) => void (json || quiet || process.stdout.write(text)),
        tell: (facts) => void (json && process.stdout.write(`${JSON.stringify(facts)}\n`)),
      });
      return exit ?? EXIT.ok;
    },
  };
}

function describeCommand(yargs: Argv, help: CommandHelp, hasWork: boolean, options: CommandOptions): Argv {
  const { positionals = [], commands = [], examples = [], notes, exitCodes } = help;
  addCommands(yargs, commands);
  const names = commands.map(([usage]) => usage.split(' ', 1)[0] as string);
  if (!hasWork) {
    return yargs.wrap(HELP_WIDTH).fail((message, error) => {
      throw usageError(message, error, { commands: names });
    });
  }
  for (const [name, { help }] of Object.entries(options)) {
    if (positionals.includes(name)) yargs.positional(name, { describe: help.describe, type: 'string' });
    else yargs.option(name, help);
  }
  const common = [...Object.keys(COMMON_OPTIONS), ...Object.keys(COMMON_FLAGS), 'help', 'version'];
  const own = Object.keys(options).filter((name) => !common.includes(name));
  yargs.group(
    own.filter((name) => !positionals.includes(name)),
    'Options:',
  );
  yargs.group(common, 'For every command:');
  const known = { options: [...common, ...own], commands: names };
  yargs.fail((message, error) => {
    throw usageError(message, error, known);
  });
  for (const [line, what] of examples) yargs.example(`$0 ${line}`, what);
  const codes = Object.entries({ ...EXIT_CODES, ...exitCodes }).map(
    ([code, meaning]) => `${code} ${meaning}`,
  );
  return yargs.epilogue(`${notes === undefined ? '' : `${notes}\n\n`}Exit codes: ${codes.join('; ')}.`);
}

/** Reads the configuration, with the values of flags on top. */
function loadWith(values: Readonly<Record<string, unknown>>, flags: ConfigFlags): LoadedConfig {
  const { config: file, json } = values as OptionValues<typeof COMMON_OPTIONS>;
  const set = Object.entries(flags).map(([name, { path }]) => {
    return { flag: `--${name}`, path, value: values[name] };
  });
  const loaded = loadConfig({ file, flags: set });
  if (!json) setLanguage(loaded.config.language);
  setLogLevel(loaded.config.log_level);
  setLogFormat(loaded.config.log_format);
  return loaded;
}
