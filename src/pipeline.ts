import { finish, prepare } from './batch.ts';
import { Occurrences } from './occurrences.ts';
import { emptyRunStats, type RunStats } from './run-stats.ts';
import type { Observer, Stages } from './stages.ts';

/** How to run. */
export interface RunOptions {
  /** Go on until `signal`; otherwise read what is there and end. */
  follow: boolean;
  limit?: number | undefined;
  batchSize: number;
  /** How many batches may be on their way to the sink at once. */
  concurrency: number;
  /** How much text, in UTF-16 units, may be on its way at once; one batch always may. */
  maxInFlight: number;
  /** Ends the run: the batches on their way are finished and committed first. */
  signal: AbortSignal;
  /** Ends the wait for a sink that does not answer. What is unconfirmed then is read again by the next run. */
  giveUp: AbortSignal;
  observers?: readonly Partial<Observer>[];
}

/**
 * Runs the road of a log: read, parse, run plugins, write, commit. Resolves with the figures when the source
 * ends or `signal` aborts; rejects with what made it stop. Closes the stages either way.
 */
export async function runPipeline(stages: Stages, options: RunOptions): Promise<RunStats> {
  const { source, sink, plugins, checkpoint } = stages;
  const { observers = [] } = options;
  const started = performance.now();
  const stats = emptyRunStats(plugins.indices.map((index) => index.name));
  const failed = new AbortController();
  await checkpoint.lock();
  try {
    await sink.open(plugins.indices, options.signal);
    for (const each of observers) each.opened?.();
    const sendKnown = !options.follow || !sink.acknowledges;
    const saved = sendKnown && source.keepsAll ? undefined : await checkpoint.load();
    const occurrences = new Occurrences(saved?.counts);
    const signal = AbortSignal.any([options.signal, failed.signal]);
    const underWay: { done: Promise<void>; size: number }[] = [];
    let last: Promise<void> = Promise.resolve();
    const onPause = (ms: number): void => {
      for (const each of observers) each.paused?.(ms);
    };
    for await (const batch of source.batches({ ...options, signal, position: saved?.position, onPause })) {
      for (const each of observers) each.read?.();
      const read = performance.now();
      const { work, documents } = prepare(batch, sendKnown, stages, occurrences);
      const prepared = performance.now();
      const outcomes = sink.write(documents, options.giveUp).then((known) => {
        for (const each of observers) each.written?.((performance.now() - prepared) / 1000);
        return known;
      });
      // Commits follow the order of reading, whichever batch the sink finishes first.
      last = Promise.all([outcomes, last]).then(([known]) =>
        finish(batch, work, known, stages, occurrences, stats),
      );
      last.then(
        () => {
          stats.durationMs = performance.now() - started;
          const seconds = (stats.durationMs + started - read) / 1000;
          for (const each of observers) each.committed?.(seconds, work.newest, stats);
        },
        () => failed.abort(),
      );
      underWay.push({ done: last, size: work.size });
      while (isFull(underWay, options)) await underWay.shift()?.done;
      if (signal.aborted) break;
    }
    await last;
  } finally {
    await source.close();
    await sink.close();
    await checkpoint.close();
  }
  stats.durationMs = performance.now() - started;
  return stats;
}

function isFull(underWay: readonly { size: number }[], { concurrency, maxInFlight }: RunOptions): boolean {
  return underWay.length >= concurrency || underWay.reduce((sum, { size }) => sum + size, 0) > maxInFlight;
}
