#!/usr/bin/env node
import { hideBin } from 'yargs/helpers';
import { createParser } from './commands/parser.ts';
import { Abandoned, EXIT, reasonOf, SidecarError } from './util/errors.ts';
import { log } from './util/log.ts';

// A shipper that has ended reads stderr no more either; that must not end this program before its work is put away.
process.stderr.on('error', () => {});

try {
  await createParser(hideBin(process.argv)).parseAsync();
} catch (error) {
  if (error instanceof SidecarError) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = error.exitCode;
  } else if (error instanceof Abandoned) {
    // What a stalled reader leaves in the pipe would keep the process for ever.
    process.exit(EXIT.ok);
  } else {
    process.stderr.write(`${reasonOf(error)}\n`);
    log.debug(error instanceof Error ? (error.stack ?? '') : String(error));
    process.exitCode = EXIT.unreachable;
  }
}
