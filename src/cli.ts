#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { alertsCommand } from './commands/alerts.ts';
import { checkCommand } from './commands/check.ts';
import { clearIndexesCommand } from './commands/clear-indexes.ts';
import { dashboardsCommand } from './commands/dashboards.ts';
import { deadLettersCommand } from './commands/dead-letters.ts';
import { deduplicateCommand } from './commands/deduplicate.ts';
import { driftCommand } from './commands/drift.ts';
import { exportCommand } from './commands/export.ts';
import { importCommand } from './commands/import.ts';
import { pluginsCommand } from './commands/plugins.ts';
import { pruneCommand } from './commands/prune.ts';
import { reportCommand } from './commands/report.ts';
import { runCommand } from './commands/run.ts';
import { setupCommand } from './commands/setup.ts';
import { statsCommand } from './commands/stats.ts';
import { Abandoned, EXIT, reasonOf, SidecarError } from './errors.ts';
import { log } from './log.ts';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

const parser = yargs(hideBin(process.argv))
  .scriptName('ml-log-sidecar')
  .usage("$0 <command>\n\nShips a machine-learning API's logs into four Elasticsearch indices.")
  .command(runCommand)
  .command(checkCommand)
  .command(setupCommand)
  .command(pluginsCommand)
  .command(deadLettersCommand)
  .command(statsCommand)
  .command(reportCommand)
  .command(dashboardsCommand)
  .command(alertsCommand)
  .command(driftCommand)
  .command(exportCommand)
  .command(importCommand)
  .command(pruneCommand)
  .command(deduplicateCommand)
  .command(clearIndexesCommand)
  .demandCommand(1, 'Name a command, such as `run`.')
  .recommendCommands()
  .strict()
  .locale('en')
  .version(version)
  .alias({ h: 'help' })
  .wrap(Math.min(110, process.stdout.columns ?? 110))
  .epilogue(
    'Exit codes: 0 done, 1 some documents are dead letters, 2 wrong usage or configuration, 3 a server could not be reached, or stdout is closed. alerts check has its own: see its --help.',
  )
  .exitProcess(false)
  .fail((message, error) => {
    throw error ?? new SidecarError('config', `${message}\nSee ml-log-sidecar --help.`);
  });

// A shipper that has ended reads stderr no more either; that must not end this program before its work is put away.
process.stderr.on('error', () => {});

try {
  await parser.parseAsync();
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
