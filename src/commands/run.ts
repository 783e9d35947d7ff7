import { setFlagsFromString } from 'node:v8';
import type { LoadedConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { type Assembly, assemblePipeline, configureComponents } from '../create-pipeline.ts';
import { GRACE_MS, runPipeline } from '../pipeline.ts';
import { createRunStats } from '../run-stats.ts';
import { parseListen } from '../server/listen.ts';
import { t } from '../terminal/messages.ts';
import { Report } from '../terminal/run-report.ts';
import { Abandoned, EXIT, reasonOf, SidecarError } from '../util/errors.ts';
import { log } from '../util/log.ts';
import { watchParent } from '../util/watch-parent.ts';
import { configFlags, sinkFlags, sourceFlags } from './config-flags.ts';
import { type CommandContext, defineCommand } from './define.ts';
import { flag } from './options.ts';
import { type Round, type RunRound, runRounds } from './rounds.ts';
import { onStop, type StopReason } from './stopping.ts';

const OPTIONS = {
  once: flag('Read what is there, and end (the default)'),
  continuous: flag('Go on until stopped'),
  'dry-run': flag('Read what is there, and show what would be stored; store nothing, and keep no position'),
  watch: flag(
    'With --continuous, take up a changed configuration or plugin between two batches; what cannot work is reported, and the run goes on as before',
  ),
  'from-start': flag(
    'Read again all that the source still holds, whatever was read before, as --once always does; what is stored is known by its id',
  ),
} as const;

/** `run`: the main job. */
export const command = defineCommand({
  flags: { ...sourceFlags(), ...sinkFlags(), ...configFlags('pipeline', 'listen', 'state') },
  options: OPTIONS,
  exitCodes: {
    [EXIT.deadLetters]: 'some documents are dead letters (with --once)',
    [EXIT.unreachable]: 'a server or a file could not be reached, or stdout or stderr is closed',
  },
  examples: [
    ['run --once', 'Redis to Elasticsearch, as configured'],
    ['run --source file --path api.log --sink directory --out ./data', 'a file to four NDJSON files'],
    ['run --dry-run', 'what would be stored, and what would be refused'],
    ['run --sink stdout --continuous', 'under a log shipper'],
    ['run --continuous --watch', 'while a plugin is written'],
  ],
  run,
});

async function run({ args, json, quiet, load }: CommandContext<typeof OPTIONS>): Promise<number> {
  if (args.once && args.continuous)
    throw new SidecarError('config', '--once and --continuous are mutually exclusive: give one of them');
  const loaded = load();
  const { config } = loaded;
  const follow = args.continuous;
  if (follow) keepHeapSmall();
  const fromStart = args['from-start'];
  if (fromStart) tellFromStart(config);
  const isDryRun = args['dry-run'];
  if (isDryRun && follow)
    throw new SidecarError('config', '--dry-run reads what is there, once: leave --continuous out');
  if (args.watch && !follow)
    throw new SidecarError(
      'config',
      '--watch takes up changes of a run that goes on: give --continuous, too',
    );
  const dryRun = isDryRun ? await (await import('../dry-run.ts')).assembleDryRun(loaded) : undefined;
  let current: Round = { loaded, assembly: dryRun ?? (await assemblePipeline(loaded, follow)) };
  const first = current;
  const status =
    config.listen === undefined
      ? undefined
      : await serveStatus(config.listen, loaded, () => current.assembly);
  const report = new Report({
    config,
    sinkAddress: first.assembly.sinkAddress,
    follow,
    isDryRun,
    quiet,
    json,
    out: config.pipeline.sink === 'stdout' ? process.stderr : process.stdout,
    progress: () => current.assembly.stages.source.progress,
    waiting: () => current.assembly.stages.buffer.state.logs,
  });
  const stop = new AbortController();
  let stoppedAt = Number.POSITIVE_INFINITY;
  let isOutputClosed = false;
  const stopInOrder = (reason: StopReason): void => {
    stop.abort();
    stoppedAt = Math.min(stoppedAt, performance.now());
    isOutputClosed ||= reason === 'closed';
    if (!isOutputClosed && process.stderr.isTTY)
      process.stderr.write(`\n${t('Finishing the current batch; press Ctrl-C again to stop at once.')}\n`);
  };
  const removeListeners = onStop(stopInOrder);
  const underShipper = follow && config.pipeline.sink === 'stdout';
  const unwatch = underShipper
    ? watchParent(() => {
        log.warn('the program that started this one has ended, so this one ends too');
        stopInOrder('signal');
      })
    : undefined;
  const stats = createRunStats([]);
  const runRound: RunRound = async (round, signal, observer) => {
    current = round;
    const { pipeline, limits } = round.loaded.config;
    await runPipeline(round.assembly.stages, {
      follow,
      // Both are about where the run begins.
      ...(round === first ? { fromStart, limit: pipeline.limit } : {}),
      batchSize: pipeline.batch_size,
      lingerMs: round.assembly.lingerMs,
      concurrency: pipeline.concurrency,
      maxInFlight: limits.in_flight_bytes,
      signal,
      stats,
      observers: [report, observer, ...(status?.observers ?? [])],
    });
  };
  report.begin();
  try {
    await (args.watch ? runRounds(first, load, stop.signal, runRound) : runRound(first, stop.signal, {}));
    report.end(stats);
    // A run that was told to stop did its job, whatever it met on the way.
    return !follow && stats.deadLetters > 0 ? EXIT.deadLetters : EXIT.ok;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    if (!isOutputClosed) {
      log.warn(
        `stopped before everything was confirmed; the next run reads the rest again. ${reasonOf(error)}`,
      );
    }
    if (performance.now() - stoppedAt >= GRACE_MS) throw new Abandoned();
    return EXIT.ok;
  } finally {
    unwatch?.();
    report.stop();
    await status?.close();
    removeListeners();
    await dryRun?.remove();
  }
}

function tellFromStart(config: Config): void {
  const { address, isReadOnce } = configureComponents(config).source;
  if (isReadOnce)
    throw new SidecarError(
      'config',
      `--from-start: what ${address} was sent can't be read again; have it sent again, or leave the flag out`,
    );
  log.info(`reading all that ${address} still holds again; what is stored already is recognised by its id`);
}

/** Loads what it takes only where it is wanted. */
async function serveStatus(listen: string, loaded: LoadedConfig, assembly: () => Assembly) {
  const address = parseListen(listen, '--listen');
  const { startStatus } = await import('../server/serve-status.ts');
  return startStatus(address, loaded, assembly);
}

/**
 * By itself, V8 lets garbage grow to several times what is alive, and a sidecar that stays shares its machine: 60 MB less
 * of 190, for a tenth more CPU when it catches up.
 */
function keepHeapSmall(): void {
  setFlagsFromString('--heap-growing-percent=20');
  setFlagsFromString('--semi-space-growth-factor=1');
}
