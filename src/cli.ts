#!/usr/bin/env node
import { hideBin } from 'yargs/helpers';
import { createParser } from './commands/parser.ts';
import { endWhenOutputCloses } from './commands/stopping.ts';
import { Abandoned, EXIT, reasonOf, SidecarError } from './util/errors.ts';
import { log } from './util/log.ts';

let isOutputClosed = false;
endWhenOutputCloses(EXIT.unreachable, () => {
  isOutputClosed = true;
});

try {
  await createParser(hideBin(process.argv)).parseAsync();
} catch (error) {
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
