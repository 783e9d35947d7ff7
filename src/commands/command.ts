import type { Argv } from 'yargs';

/** A command of the command line, but for its name and its line of help. */
export interface Command {
  /** Tells yargs its options and its subcommands. */
  build(yargs: Argv): Argv;
  /** Does its work, and returns the exit code. Throws `SidecarError` for what a person must put right. */
  run(argv: Readonly<Record<string, unknown>>): Promise<number>;
}

/** A command as the command line lists it: how it is called, its line of help, and the rest of it, or its file, loaded when called. */
export type CommandEntry = readonly [
  usage: string,
  describe: string,
  command: Command | (() => Promise<{ command: Command }>),
];

/** Adds commands to the command line: each is loaded when it is called, and its exit code becomes the process's. */
export function addCommands(yargs: Argv, entries: readonly CommandEntry[]): Argv {
  for (const [usage, describe, command] of entries) {
    const load = async (): Promise<Command> =>
      typeof command === 'function' ? (await command()).command : command;
    yargs.command({
      command: usage,
      describe,
      builder: async (yargs) => (await load()).build(yargs),
      handler: async (argv) => {
        process.exitCode = await (await load()).run(argv);
      },
    });
  }
  return yargs;
}
