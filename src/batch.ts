import { createEvent } from './identity.ts';
import type { LogBatch } from './intake.ts';
import type { DeadLetter } from './letter.ts';
import type { IndexDocument } from './plugin.ts';
import type { PluginChain } from './plugin-chain.ts';
import type { RunStats } from './run-stats.ts';
import type { Outcome } from './sinks/sink.ts';
import type { Stages } from './stages.ts';

/** What a document's outcome is told of. */
interface Receipt {
  index: string;
  id: string;
  /** The place in the batch of the log behind it. */
  place: number;
}

/** What must be told when a batch's outcomes are known. Its documents, which are large, the sink alone holds on to. */
export interface Work {
  /** Of each document. */
  receipts: Receipt[];
  letters: DeadLetter[];
  filtered: number;
  /** Size of its documents. */
  bytes: number;
  /** What is held of it until it is settled, in UTF-16 units: its entries and its documents. */
  size: number;
  /** The latest time that one of its logs names, ISO 8601. */
  newest: string | undefined;
}

/** Runs the plugins on a batch: its documents, for the sink, and what is left to tell. */
export function prepareBatch(
  batch: LogBatch,
  plugins: PluginChain,
): { work: Work; documents: IndexDocument[] } {
  const documents: IndexDocument[] = [];
  const work: Work = {
    receipts: [],
    letters: batch.unreadable.map((part) => ({ stage: 'parse', at: 'parse', ...part })),
    filtered: 0,
    bytes: 0,
    size: 0,
    newest: undefined,
  };
  batch.logs.forEach((log, place) => {
    const { id, entry } = log;
    const event = createEvent(log);
    // Its documents are all that is wanted of it from now on, and a parsed log is several times as large as its entry.
    log.parsed = undefined;
    work.size += typeof entry === 'string' ? entry.length : JSON.stringify(entry).length;
    if (!event) {
      work.letters.push({ stage: 'parse', at: 'parse', reason: log.reason ?? '', id, entry });
      return;
    }
    if (event.written !== '' && !(work.newest && work.newest > event.timestamp))
      work.newest = event.timestamp;
    const made = plugins.run(event);
    if (made.filtered) work.filtered++;
    for (const document of made.documents) {
      documents.push(document);
      work.receipts.push({ index: document.index, id: document.id, place });
      work.size += document.json.length;
      work.bytes += Buffer.byteLength(document.json);
    }
    for (const { plugin, reason } of made.failures)
      work.letters.push({ stage: 'plugin', at: plugin, reason, id, entry });
  });
  return { work, documents };
}

/** Tells what became of a batch's documents: dead letters first, then whom the batch came from, and the figures. */
export async function finishBatch(
  batch: LogBatch,
  work: Work,
  outcomes: readonly Outcome[],
  { deadLetters }: Stages,
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
        entry: batch.logs[place]!.entry,
      });
    }
  });
  await deadLetters.add(letters);
  await batch.commit();
  stats.logs += batch.logs.length;
  stats.filtered += work.filtered;
  stats.bytes += work.bytes;
  for (const { stage, at } of letters)
    if (stage === 'plugin') stats.failures[at] = (stats.failures[at] ?? 0) + 1;
  stats.deadLetters += letters.length;
  stats.firstLetter ??= letters[0] && { at: letters[0].at, reason: letters[0].reason };
}
