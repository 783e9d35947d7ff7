import { setMaxListeners } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import type { ArgumentsCamelCase } from 'yargs';
import { configFlags } from '../config/flags.ts';
import type { LoadedConfig } from '../config/load.ts';
import { type Assembly, assemble } from '../create-pipeline.ts';
import { runPipeline } from '../pipeline.ts';
import { parseListen } from '../server/listen.ts';
import { messagesIn } from '../terminal/messages.ts';
import { Report } from '../terminal/run-report.ts';
import { Abandoned, EXIT, reasonOf } from '../util/errors.ts';
import { log } from '../util/log.ts';
import { watchParent } from '../util/watch-parent.ts';
import { COMMON_FLAGS, type Command, configFrom, SINK_FLAGS, SOURCE_FLAGS, yargsOptions } from './options.ts';

const FLAGS = {
  ...SOURCE_FLAGS,
  ...SINK_FLAGS,
  ...configFlags('pipeline', 'listen', 'state'),
  ...COMMON_FLAGS,
};

/** How long a stopped run waits for a sink that does not answer. */
const GRACE_MS = 8_000;

/** `run`: the main job. */
export const runCommand: Command = {
  builder: (yargs) =>
    yargs
      .options(yargsOptions(FLAGS))
      .option('once', { type: 'boolean', describe: 'Read what is there, and end (the default)' })
      .option('continuous', { type: 'boolean', describe: 'Go on until stopped' })
      .conflicts('once', 'continuous')
      .option('quiet', { type: 'boolean', default: false, describe: 'Print no summary' })
      .option('json', { type: 'boolean', default: false, describe: 'Print the summary as one JSON object' })
      .example('$0 run --once', 'Redis to Elasticsearch, as configured')
      .example(
        '$0 run --source file --path api.log --sink directory --out ./data',
        'a file to four NDJSON files',
      )
      .example('$0 run --sink stdout --continuous', 'under a log shipper'),
  handler: run,
};

async function run(args: ArgumentsCamelCase): Promise<void> {
  // By itself, V8 lets garbage grow to several times what is alive, and a sidecar shares its machine.
  setFlagsFromString('--heap-growing-percent=50');
  const loaded = configFrom(args, FLAGS);
  const { config } = loaded;
  const follow = args.continuous === true;
  const assembly = await assemble(loaded, follow);
  const { stages, sinkAddress } = assembly;
  const status = config.listen === undefined ? undefined : await serveStatus(config.listen, loaded, assembly);
  const out = config.pipeline.sink === 'stdout' ? process.stderr : process.stdout;
  const report = new Report({
    config,
    sinkAddress,
    follow,
    quiet: args.quiet === true,
    json: args.json === true,
    out,
  });
  const stop = new AbortController();
  const giveUp = new AbortController();
  // Every batch on its way listens.
  setMaxListeners(0, giveUp.signal);
  const onSignal = (): void => {
    // Without a listener, the next signal ends the process at once.
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
    stop.abort();
    if (process.stderr.isTTY) process.stderr.write(`\n${messagesIn(config.language).stopping}\n`);
    setTimeout(() => giveUp.abort(), GRACE_MS).unref();
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  const underShipper = follow && config.pipeline.sink === 'stdout';
  const unwatch = underShipper
    ? watchParent(() => {
        log.warn('the program that started this one has ended, so this one ends too');
        onSignal();
      })
    : undefined;
  report.begin();
  try {
    const { batch_size: batchSize, concurrency, limit } = config.pipeline;
    const maxInFlight = config.limits.in_flight_bytes;
    const stats = await runPipeline(stages, {
      follow,
      limit,
      batchSize,
      concurrency,
      maxInFlight,
      signal: stop.signal,
      giveUp: giveUp.signal,
      observers: [report, ...(status?.observers ?? [])],
    });
    report.end(stats);
    // A run that was told to stop did its job, whatever it met on the way.
    process.exitCode = !follow && stats.deadLetters > 0 ? EXIT.deadLetters : EXIT.ok;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    log.warn(
      `stopped before everything was confirmed; the next run reads the rest again. ${reasonOf(error)}`,
    );
    if (giveUp.signal.aborted) throw new Abandoned();
  } finally {
    unwatch?.();
    report.stop();
    await status?.close();
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

/** Loads what it takes only where it is wanted. */
async function serveStatus(listen: string, loaded: LoadedConfig, assembly: Assembly) {
  const address = parseListen(listen, '--listen');
  const { startStatus } = await import('../server/serve-status.ts');
  return startStatus(address, loaded, assembly);
}
