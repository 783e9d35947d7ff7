import type { DiskBuffer } from './buffer/disk-buffer.ts';
import { KeyCounts } from './buffer/key-counts.ts';
import { type CopyCounter, identify, type Log } from './identity.ts';
import type { Gap, ReadOptions, Unreadable } from './sources/source.ts';
import type { Stages } from './stages.ts';

/** Logs on the road, each with its identity. */
export interface LogBatch {
  logs: Log[];
  unreadable: readonly Unreadable[];
  /** All of them are safe in the sink. Called once, in the order in which batches came. */
  commit(): Promise<void>;
}

/** How to take in. */
export interface IntakeOptions extends Omit<ReadOptions, 'position' | 'isFull'> {
  onGap(gap: Gap): void;
  /** Is told of each batch that a source which forgets has shown, once it is kept. */
  onRead(): void;
}

/**
 * The source's entries, each with its identity: what was read of a source that forgets goes through the buffer, and counts
 * as read once that has it.
 */
export async function* takeIn(stages: Stages, options: IntakeOptions): AsyncGenerator<LogBatch> {
  const { source, journal, buffer } = stages;
  await journal.open();
  if (source.keeps !== 'window') return yield* takeDirectly(stages, options);
  await buffer.open();
  yield* takeThrough(buffer, stages, options);
}

async function* takeDirectly(
  { source, parse, journal }: Stages,
  options: IntakeOptions,
): AsyncGenerator<LogBatch> {
  let { sequence } = journal.progress;
  for await (const batch of source.batches({ ...options, position: journal.position })) {
    if (batch.known && !options.sendKnown) continue;
    const { logs, keys } = identify(batch, parse, journal);
    const { position, unreadable = [] } = batch;
    const mine = ++sequence;
    yield {
      logs,
      unreadable,
      commit: async () => {
        await batch.commit?.();
        if (batch.known) return;
        journal.advance({ sequence: mine, logs: logs.length, keys, position });
        journal.confirm(mine);
      },
    };
  }
}

/** Reads ahead into the buffer, while what is in it is handed on. */
async function* takeThrough(
  buffer: DiskBuffer,
  stages: Stages,
  options: IntakeOptions,
): AsyncGenerator<LogBatch> {
  const known: LogBatch[] = [];
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const ended = new AbortController();
  const ending = AbortSignal.any([options.signal, ended.signal]);
  let failure: unknown;
  const filled = fill(buffer, stages, { ...options, signal }, known)
    .catch((error) => {
      failure = error;
    })
    .finally(() => ended.abort());
  try {
    while (!options.signal.aborted) {
      const isEnd = ended.signal.aborted;
      const first = known.shift();
      if (first) yield first;
      const batch = await buffer.take(options.batchSize, isEnd);
      if (batch) {
        if (batch.gap) options.onGap(batch.gap);
        yield {
          logs: batch.logs,
          unreadable: batch.unreadable,
          commit: () => buffer.confirm(batch.sequence),
        };
      } else if (isEnd && known.length === 0) break;
      else await buffer.wait(options.batchSize, ending);
    }
  } finally {
    stop.abort();
    await filled;
  }
  if (failure !== undefined) throw failure;
}

async function fill(
  buffer: DiskBuffer,
  { source, parse, journal }: Stages,
  options: IntakeOptions,
  known: LogBatch[],
): Promise<void> {
  const isFull = (): boolean => buffer.state.isFull;
  const copies = source.isSentAnew ? countAnew() : journal;
  for await (const batch of source.batches({ ...options, position: journal.position, isFull })) {
    if (batch.known && !options.sendKnown) continue;
    const { logs, keys } = identify(batch, parse, copies);
    const { position, unreadable = [] } = batch;
    if (batch.known) {
      known.push({ logs, unreadable, commit: async () => {} });
      buffer.wake();
      options.onRead();
    } else if (
      await buffer.keep(
        {
          logs,
          unreadable,
          keys: copies === journal ? keys : NONE,
          position,
          isSentOnce: batch.commit !== undefined,
        },
        options.signal,
      )
    ) {
      options.onRead();
      await batch.commit?.();
    } else return;
  }
}

/** Keys for a journal that counts none. */
const NONE = Buffer.alloc(0);

/** Counts the copies that come in this run. */
function countAnew(): CopyCounter {
  const counts = new KeyCounts();
  return { count: (keys) => counts.add(keys, 1) };
}
