import { setMaxListeners } from 'node:events';
import { finishBatch, prepareBatch } from './batch.ts';
import { takeIn } from './intake.ts';
import { addIndices, createRunStats, type RunStats } from './run-stats.ts';
import type { Gap } from './sources/source.ts';
import type { Observer, Stages } from './stages.ts';
import { reasonOf } from './util/errors.ts';
import { log } from './util/log.ts';
import { abortAfter, sleep } from './util/retry.ts';

/** How to run. */
export interface RunOptions {
  /** Go on until `signal`; otherwise read what is there and end. */
  follow: boolean;
  limit?: number | undefined;
  /** Read again all that the source still holds, whatever earlier runs have read; it always is where `follow` is not set. */
  fromStart?: boolean | undefined;
  batchSize: number;
  /** How long logs are gathered, at least, from one read to the next, in ms. */
  lingerMs?: number | undefined;
  /** How many batches may be on their way to the sink at once. */
  concurrency: number;
  /** How much may be held for batches on their way at once, in UTF-16 units; one batch always may be. */
  maxInFlight: number;
  /** Ends the run: the batches on their way are finished and committed first. */
  signal: AbortSignal;
  /** Figures of an earlier run, to go on counting in. */
  stats?: RunStats | undefined;
  observers?: readonly Partial<Observer>[];
}

/** How long a run that ends waits for a sink that does not answer. What is unconfirmed then is sent again by the next one. */
export const GRACE_MS = 8_000;
/** How long the sink waits for the source to be read first, in ms. */
const SINK_WAITS_MS = 1_000;

/**
 * Runs the road of a log: read, identify, keep, run plugins, write, commit. Resolves with the figures when the source
 * ends or `signal` aborts; rejects with what made it stop. Either way it ends in order: reading stops, what is under way
 * settles within `GRACE_MS`, and the stages are closed, the lock last.
 */
export async function runPipeline(stages: Stages, options: RunOptions): Promise<RunStats> {
  const { sink, plugins } = stages;
  const { stats = createRunStats([]) } = options;
  addIndices(
    stats,
    plugins.indices.map(({ name }) => name),
  );
  const started = performance.now() - stats.durationMs;
  const tell = <Name extends keyof Observer>(name: Name, ...told: Parameters<Observer[Name]>): void => {
    for (const each of options.observers ?? [])
      (each[name] as ((...told: unknown[]) => void) | undefined)?.(...told);
  };
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  const giveUp = abortAfter(signal, GRACE_MS);
  // Every batch on its way listens.
  setMaxListeners(0, giveUp);
  /** Batches on their way, oldest first; each is done when it is committed, behind those before it. */
  const underWay: { written: Promise<unknown>; done: Promise<void>; size: number }[] = [];
  let last: Promise<void> = Promise.resolve();
  let opened: Promise<void> = Promise.resolve();
  try {
    await stages.lock.take();
    // What a source may forget comes first: it is kept in the buffer until the sink, which takes longer to load, is ready.
    const isRead = new AbortController();
    const waitsMs = options.follow && stages.source.keeps === 'window' ? SINK_WAITS_MS : 0;
    opened = sleep(waitsMs, AbortSignal.any([signal, isRead.signal]))
      .then(() => sink.open(plugins.indices, signal))
      .then(() => tell('opened'));
    opened.catch(() => failed.abort());
    const onGap = ({ what, atLeast }: Gap): void => {
      stats.gaps++;
      stats.lost += atLeast;
      log.warn(what);
    };
    const onRead = (): void => {
      // To abort makes an error each time.
      if (!isRead.signal.aborted) isRead.abort();
    };
    const onPause = (ms: number): void => {
      onRead();
      tell('paused', ms);
    };
    const sendKnown = options.fromStart === true || !options.follow || !sink.acknowledges;
    for await (const batch of takeIn(stages, { ...options, signal, sendKnown, onGap, onRead, onPause })) {
      await opened;
      tell('read');
      const read = performance.now();
      const { work, documents } = prepareBatch(batch, plugins);
      const prepared = performance.now();
      const written = sink.write(documents, giveUp).then((outcomes) => {
        tell('written', (performance.now() - prepared) / 1000);
        return outcomes;
      });
      last = Promise.all([written, last]).then(async ([outcomes]) => {
        await finishBatch(batch, work, outcomes, stages, stats);
        stats.durationMs = performance.now() - started;
        tell('committed', (performance.now() - read) / 1000, work.newest, stats);
      });
      last.catch(() => failed.abort());
      underWay.push({ written, done: last, size: work.size });
      while (isFull(underWay, options)) {
        await underWay[0]!.done;
        underWay.shift();
      }
      if (signal.aborted) break;
    }
    await opened;
    await last;
  } catch (error) {
    failed.abort();
    await Promise.allSettled([opened, last, ...underWay.map(({ written }) => written)]);
    await closeAll(stages).catch((closing) => log.warn(`closing failed, too: ${reasonOf(closing)}`));
    throw error;
  }
  await closeAll(stages);
  stats.durationMs = performance.now() - started;
  return stats;
}

function isFull(underWay: readonly { size: number }[], { concurrency, maxInFlight }: RunOptions): boolean {
  return underWay.length >= concurrency || underWay.reduce((sum, { size }) => sum + size, 0) > maxInFlight;
}

/** Closes every stage, the lock last, also where one can't be closed; rejects with the first reason then. */
async function closeAll({ source, sink, buffer, journal, lock }: Stages): Promise<void> {
  const failures: unknown[] = [];
  for (const close of [
    () => source.close(),
    () => sink.close(),
    () => buffer.close(),
    () => journal.close(),
    () => lock.release(),
  ])
    await close().catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}
