import type { Checkpoint } from './checkpoint.ts';
import type { DeadLetter, DeadLetters } from './dead-letters.ts';
import { reasonOf } from './errors.ts';
import { type Entry, type Event, scopedKey } from './event.ts';
import { log } from './log.ts';
import { Occurrences } from './occurrences.ts';
import type { Document, PluginChain } from './plugins.ts';
import type { Outcome, Sink } from './sinks/sink.ts';
import type { Batch, Source } from './sources/source.ts';
import { emptyStats, type Stats } from './stats.ts';

/** The stages, ready to be joined. */
export interface Parts {
  source: Source;
  /** Entry to event; throws for what is no log. */
  parse: (entry: Entry) => Event;
  plugins: PluginChain;
  sink: Sink;
  checkpoint: Checkpoint;
  deadLetters: DeadLetters;
}

/** Is told what happens on the way, as it happens. */
export interface Observer {
  /** The sink is ready; reading begins. */
  opened(): void;
  /** A batch was read, and sets out. */
  read(): void;
  /** The sink has answered for a batch, so many seconds after it was asked. */
  written(seconds: number): void;
  /** A batch is committed, so many seconds after it was read; `newest` is the latest time that one of its logs names. */
  committed(seconds: number, newest: string | undefined, stats: Stats): void;
  /** A source that polls rests so many ms before its next read. */
  paused(ms: number): void;
}

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
 * ends or `signal` aborts; rejects with what made it stop. Closes the parts either way.
 */
export async function runPipeline(parts: Parts, options: RunOptions): Promise<Stats> {
  const { source, sink, plugins, checkpoint } = parts;
  const { observers = [] } = options;
  const started = performance.now();
  const stats = emptyStats(plugins.indices.map((index) => index.name));
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
      const { work, documents } = prepare(batch, sendKnown, parts, occurrences);
      const prepared = performance.now();
      const outcomes = sink.write(documents, options.giveUp).then((known) => {
        for (const each of observers) each.written?.((performance.now() - prepared) / 1000);
        return known;
      });
      // Commits follow the order of reading, whichever batch the sink finishes first.
      last = Promise.all([outcomes, last]).then(([known]) =>
        finish(batch, work, known, parts, occurrences, stats),
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

/** What a document's outcome is told of. */
interface Receipt {
  index: string;
  id: string;
  /** The place in the batch of the entry behind it. */
  place: number;
}

/** What must be told when a batch's outcomes are known. Its documents, which are large, the sink alone holds on to. */
interface Work {
  /** Of each document. */
  receipts: Receipt[];
  letters: DeadLetter[];
  counted: { id: string; dated: boolean }[];
  logs: number;
  filtered: number;
  /** The length of its entries. */
  size: number;
  /** The latest time that one of its logs names, ISO 8601. */
  newest: string | undefined;
}

function prepare(
  batch: Batch,
  sendKnown: boolean,
  { parse, plugins }: Parts,
  occurrences: Occurrences,
): { work: Work; documents: Document[] } {
  const documents: Document[] = [];
  const work: Work = {
    receipts: [],
    letters: (batch.unreadable ?? []).map((part) => ({ stage: 'parse', at: 'parse', ...part })),
    counted: [],
    logs: 0,
    filtered: 0,
    size: 0,
    newest: undefined,
  };
  const send = !batch.known || sendKnown;
  const counts = batch.scope === undefined ? occurrences : new Occurrences();
  const events: (Event | undefined)[] = batch.entries.map((entry) => {
    try {
      return parse(entry);
    } catch (error) {
      if (send) work.letters.push({ stage: 'parse', at: 'parse', reason: reasonOf(error), entry });
      return undefined;
    }
  });
  if (batch.known) for (const event of events) if (event) occurrences.rewind(event.id, event.written !== '');
  events.forEach((event, n) => {
    if (send) work.logs++;
    work.size += event?.message.length ?? 0;
    if (!event) return;
    const dated = event.written !== '';
    if (dated && !(work.newest && work.newest > event.timestamp)) work.newest = event.timestamp;
    const scope = Array.isArray(batch.scope) ? batch.scope[n] : batch.scope;
    const id = counts.identify(scope === undefined ? event.id : scopedKey(scope, event.id), dated);
    event.id = id;
    if (scope === undefined) work.counted.push({ id, dated });
    if (!send) return;
    const made = plugins.run(event);
    if (made.filtered) work.filtered++;
    for (const document of made.documents) {
      documents.push(document);
      work.receipts.push({ index: document.index, id: document.id, place: n });
    }
    for (const { plugin, reason } of made.failures)
      work.letters.push({ stage: 'plugin', at: plugin, reason, id, entry: batch.entries[n] as Entry });
  });
  return { work, documents };
}

async function finish(
  batch: Batch,
  work: Work,
  outcomes: readonly Outcome[],
  { deadLetters, checkpoint }: Parts,
  occurrences: Occurrences,
  stats: Stats,
): Promise<void> {
  const { letters } = work;
  let last: Receipt | undefined;
  outcomes.forEach((outcome, n) => {
    const receipt = work.receipts[n]!;
    const { index, id, place } = receipt;
    const counts = stats.indices[index]!;
    // An event's documents for one index stand together.
    if (index !== last?.index || place !== last.place) counts.events++;
    last = receipt;
    if (outcome === 'stored') counts.stored++;
    else if (outcome === 'exists') counts.existing++;
    else {
      counts.refused++;
      letters.push({
        stage: 'sink',
        at: index,
        reason: outcome.refused,
        id,
        entry: batch.entries[place] as Entry,
      });
    }
  });
  await deadLetters.add(letters);
  const position = await batch.commit();
  for (const { id, dated } of work.counted) occurrences.confirm(id, dated);
  checkpoint.save(() => ({ position, counts: occurrences.save() }));
  stats.logs += work.logs;
  stats.filtered += work.filtered;
  stats.deadLetters += letters.length;
  if (batch.gap) {
    stats.gaps++;
    log.warn(batch.gap);
  }
}
