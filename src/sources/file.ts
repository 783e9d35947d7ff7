import { reasonOf } from '../util/errors.ts';
import { log as say } from '../util/log.ts';
import { sleep } from '../util/retry.ts';
import type { Item } from './file-cursor.ts';
import { ASIDE_MS, entriesUpTo, type FileLog } from './file-log.ts';
import { FileLogs } from './file-logs.ts';
import { STILL_MS, UnsettledError } from './file-look.ts';
import type { Batch, ReadOptions, Share, Source } from './source.ts';

/** Files of log lines, oldest first, as the API would have printed them. */
export interface FileOptions {
  /** Paths and patterns, see `findPlaces`. */
  paths: readonly string[];
  /** The longest pause between two looks at files that are followed. */
  intervalMs: number;
}

/** An entry, and the log that it is of. */
interface ReadChunk {
  log: FileLog;
  item: Item;
}

/**
 * Files, read from their start and perhaps followed. Which lines belong together, `cutLogs` says; which file holds which
 * log, whatever rotations do, `FileLogs`.
 */
export class FileSource implements Source {
  readonly keeps = 'everything';
  readonly #options: FileOptions;
  #logs: FileLogs | undefined;
  #found: readonly FileLog[] = [];
  /** How many bytes that earlier runs have read were read again; `undefined` behind the last of them. */
  #reread: number | undefined;

  constructor(options: FileOptions) {
    this.#options = options;
  }

  get progress(): Share {
    const logs = this.#found.filter(({ isSkipped }) => !isSkipped);
    const read = logs.reduce((sum, { at }) => sum + at, 0);
    const total = logs.reduce((sum, { look, at }) => sum + Math.max(at, look?.size ?? 0), 0);
    return { done: Math.min(this.#reread ?? read, total), total };
  }

  async *batches(options: ReadOptions): AsyncIterable<Batch> {
    const { follow, signal, sendKnown, batchSize, onPause, onGap = () => {} } = options;
    const logs = new FileLogs(this.#options.paths, options.position, onGap);
    this.#logs = logs;
    // What the files hold at the start is limited, not what comes later.
    let { limit } = options;
    let isFirst = true;
    while (!signal.aborted) {
      const found = await logs.look(follow);
      this.#found = found;
      let known: string[] = [];
      if (isFirst && sendKnown) {
        this.#reread = 0;
        for await (const entries of readKnown(found)) {
          if (signal.aborted) return;
          for (const { length } of entries) this.#reread += length + 1;
          known = known.concat(entries);
          if (limit !== undefined) known = known.slice(-limit);
          else while (known.length >= batchSize) yield { entries: known.splice(0, batchSize), known: true };
        }
        this.#reread = undefined;
      }
      let fresh: ReadChunk[] = [];
      for await (const readLogFile of readFresh(found, options)) {
        fresh = fresh.concat(readLogFile);
        if (limit !== undefined) fresh = fresh.slice(-limit);
        else if (known.length > 0) yield { entries: known.splice(0), known: true };
        while (limit === undefined && fresh.length >= batchSize)
          yield batchOf(fresh.splice(0, together(fresh, batchSize)), logs);
      }
      if (signal.aborted) return;
      if (limit !== undefined) known = known.slice(Math.max(0, known.length + fresh.length - limit));
      while (known.length > 0) yield { entries: known.splice(0, batchSize), known: true };
      // A batch is only filled up from what is there: news is not held back.
      while (fresh.length > 0) yield batchOf(fresh.splice(0, together(fresh, batchSize)), logs);
      await logs.forget(found.filter(({ isOver }) => isOver));
      if (logs.isChanged) yield { entries: [], known: false, position: logs.position };
      if (!follow) return;
      isFirst = false;
      limit = undefined;
      const pauseMs = Math.min(this.#options.intervalMs, STILL_MS / 4);
      onPause?.(pauseMs);
      await sleep(pauseMs, signal);
    }
  }

  async close(): Promise<void> {
    await this.#logs?.close();
  }
}

/** How many of the first entries are handed on together: `batchSize`, unless a position can only be behind more. */
function together(reads: readonly ReadChunk[], batchSize: number): number {
  let count = batchSize;
  while (reads[count - 1]?.item.isMixed) count++;
  return count;
}

function batchOf(reads: readonly ReadChunk[], logs: FileLogs): Batch {
  const last = new Map(reads.map(({ log, item }) => [log, item]));
  for (const [log, item] of last) logs.handOn(log, item.mark());
  return { entries: reads.map(({ item }) => item.text), known: false, position: logs.position };
}

/** What earlier runs have handed on, as far as it is still there. */
async function* readKnown(logs: readonly FileLog[]): AsyncGenerator<string[]> {
  for (const { look, at, isSkipped } of logs) {
    if (!look || at === 0 || isSkipped) continue;
    try {
      for await (const items of entriesUpTo(look, at)) yield items.map(({ text }) => text);
    } catch (error) {
      if (!(error instanceof UnsettledError)) throw error;
      say.warn(
        `${error.message} while it was read again from its start: the rest of it is not handed on again`,
      );
    }
  }
}

async function* readFresh(
  logs: readonly FileLog[],
  { follow, signal }: ReadOptions,
): AsyncGenerator<ReadChunk[]> {
  for (const log of logs) {
    for await (const items of readOn(log, follow, signal)) {
      yield items.map((item) => ({ log, item }));
      if (signal.aborted) return;
    }
  }
}

/** The entries of a log that are whole now. */
async function* readOn(log: FileLog, follow: boolean, signal: AbortSignal): AsyncGenerator<Item[]> {
  const { cursor, look } = log;
  if (log.isOver) return yield cursor.take(true);
  if (!look || log.hasMore) yield* read(log);
  if (cursor.restLength === 0 && look) return;
  const sinceMs = Date.now() - Math.max(log.grownAt, look?.modifiedMs ?? 0);
  if (!follow) {
    // The rest of the line may come.
    if (!cursor.endsLine && look?.isLive && sinceMs < STILL_MS) {
      await sleep(STILL_MS - sinceMs, signal);
      yield* read(log);
    }
    return yield cursor.take(true);
  }
  const isAside = !look?.isLive && sinceMs >= ASIDE_MS;
  if (isAside || look?.isPacked || (cursor.endsLine && sinceMs >= STILL_MS)) yield cursor.take(true);
}

async function* read(log: FileLog): AsyncGenerator<Item[]> {
  try {
    yield* log.read();
  } catch (error) {
    // It is found again at the next look.
    if (error instanceof UnsettledError) return;
    say.warn(`${log.look?.path} can't be read to its end: ${reasonOf(error)}`);
  }
}
