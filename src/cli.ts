#!/usr/bin/env node
import { hideBin } from 'yargs/helpers';
import { createParser } from './commands/parser.ts';
import { watchOutputs } from './commands/stopping.ts';
import { usageError } from './commands/usage.ts';
import { Abandoned, EXIT, reasonOf, SidecarError } from './util/errors.ts';
import { log } from './util/log.ts';

let isOutputClosed = false;
watchOutputs((awaited) => {
  isOutputClosed = true;
  if (!awaited) process.exit(EXIT.unreachable);
});

try {
  const args = hideBin(process.argv);
  const parser = createParser(args);
  if (args.length > 0) await parser.parseAsync();
  else {
    process.stderr.write(`${await parser.getHelp()}\n`);
    process.exitCode = EXIT.usage;
  }
} catch (thrown) {
  // yargs throws this one past `fail`: an option without its value.
  const isUsage = thrown instanceof Error && thrown.name === 'YError';
  const error = isUsage ? usageError(thrown.message, thrown) : thrown;
  if (error instanceof Abandoned) {
    // What a stalled reader leaves in the pipe would keep the process for ever.
    process.exit(isOutputClosed ? EXIT.unreachable : EXIT.ok);
  }
  if (!isOutputClosed) {
    process.stderr.write(`${reasonOf(error)}\n`);
    if (!(error instanceof SidecarError))
      log.debug(error instanceof Error ? (error.stack ?? '') : String(error));
  }
  process.exitCode = error instanceof SidecarError ? error.exitCode : EXIT.unreachable;
}
if (isOutputClosed) process.exitCode = EXIT.unreachable;
