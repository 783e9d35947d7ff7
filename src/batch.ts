import type { Entry } from './entry.ts';
import { contentKey, type LogEvent, scopedKey } from './event.ts';
import type { DeadLetter } from './letter.ts';
import { Occurrences } from './occurrences.ts';
import { EntryError } from './parse.ts';
import type { IndexDocument } from './plugin.ts';
import type { RunStats } from './run-stats.ts';
import type { Outcome } from './sinks/sink.ts';
import type { Batch } from './sources/source.ts';
import type { Stages } from './stages.ts';
import { reasonOf } from './util/errors.ts';
import { log } from './util/log.ts';

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

/**
 * Parses a batch and runs the plugins: its documents, for the sink, and what is left to tell. `sendKnown`: also those of
 * entries that an earlier run has confirmed.
 */
export function prepare(
  batch: Batch,
  sendKnown: boolean,
  { parse, plugins }: Stages,
  occurrences: Occurrences,
): { work: Work; documents: IndexDocument[] } {
  const documents: IndexDocument[] = [];
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
  const logs = batch.entries.map((entry) => read(entry, parse));
  if (batch.known) for (const { key, dated } of logs) occurrences.rewind(key, dated);
  logs.forEach(({ key, dated, event, reason }, n) => {
    if (send) work.logs++;
    const entry = batch.entries[n] as Entry;
    work.size += event?.message.length ?? 0;
    const scope = Array.isArray(batch.scope) ? batch.scope[n] : batch.scope;
    const id = counts.identify(scope === undefined ? key : scopedKey(scope, key), dated);
    if (scope === undefined) work.counted.push({ id, dated });
    if (!event) {
      if (send) work.letters.push({ stage: 'parse', at: 'parse', reason: reason ?? '', id, entry });
      return;
    }
    if (dated && !(work.newest && work.newest > event.timestamp)) work.newest = event.timestamp;
    event.id = id;
    if (!send) return;
    const made = plugins.run(event);
    if (made.filtered) work.filtered++;
    for (const document of made.documents) {
      documents.push(document);
      work.receipts.push({ index: document.index, id: document.id, place: n });
    }
    for (const { plugin, reason } of made.failures)
      work.letters.push({ stage: 'plugin', at: plugin, reason, id, entry });
  });
  return { work, documents };
}

/** An entry as it was read: its content key, and the event, or why there is none. */
interface ReadEntry {
  key: string;
  /** It names its time. */
  dated: boolean;
  event?: LogEvent;
  reason?: string;
}

function read(entry: Entry, parse: Stages['parse']): ReadEntry {
  try {
    const event = parse(entry);
    return { key: event.id, dated: event.written !== '', event };
  } catch (error) {
    const told = error instanceof EntryError ? error.event : undefined;
    const text = typeof entry === 'string' ? entry : JSON.stringify(entry);
    const key = told?.id ?? contentKey('', '', text, undefined);
    return { key, dated: (told?.written ?? '') !== '', reason: reasonOf(error) };
  }
}

/** Tells what became of a batch's documents: dead letters first, then the source, the checkpoint and the figures. */
export async function finish(
  batch: Batch,
  work: Work,
  outcomes: readonly Outcome[],
  { deadLetters, checkpoint }: Stages,
  occurrences: Occurrences,
  stats: RunStats,
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
