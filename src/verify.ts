import type { Lookup } from './component.ts';
import { createEvent, identify, type Log } from './identity.ts';
import type { PluginChain } from './plugin-chain.ts';
import type { Source } from './sources/source.ts';
import type { Stages } from './stages.ts';

/** What became of a log: `dropped` made no document, as plugins and filter want it. */
export const FATES = ['stored', 'dropped', 'waiting', 'dead_letter', 'missing', 'doubled'] as const;
export type Fate = (typeof FATES)[number];

/** What became of the logs that a source still holds. */
export interface Verification {
  logs: number;
  /** How many had each fate. */
  fates: Record<Fate, number>;
  /** Some that are missing or doubled. */
  examples: { fate: Fate; id: string; entry: string }[];
}

/** What a log is looked for in. */
export interface Evidence {
  source: Source;
  parse: Stages['parse'];
  plugins: PluginChain;
  /** Of the source, as it was left. It is not written to. */
  journal: Stages['journal'];
  lookup: Lookup;
  /** Ids of logs that wait in the buffer. */
  waiting: ReadonlySet<string>;
  /** Ids of logs that are dead letters, or have a document that is one. */
  letters: ReadonlySet<string>;
}

const EXAMPLES = 5;
const BATCH = 1_000;

/** Reads all that the source holds again, each log under the id that it has, and looks for its documents. */
export async function verifyStored(
  evidence: Evidence,
  limit: number | undefined,
  signal: AbortSignal,
): Promise<Verification> {
  const { source, parse, journal } = evidence;
  const fates = Object.fromEntries(FATES.map((fate) => [fate, 0])) as Record<Fate, number>;
  const found: Verification = { logs: 0, fates, examples: [] };
  const { position } = journal;
  const options = {
    position,
    sendKnown: true,
    follow: false,
    fromStart: true,
    limit,
    batchSize: BATCH,
    signal,
  };
  for await (const batch of source.batches(options)) {
    const { logs } = identify(batch, parse, journal);
    const judged = await judgeBatch(logs, !batch.known, evidence);
    for (const { id } of batch.unreadable ?? []) {
      fates[evidence.letters.has(id) ? 'dead_letter' : batch.known ? 'missing' : 'waiting']++;
      found.logs++;
    }
    judged.forEach((fate, place) => {
      fates[fate]++;
      if ((fate === 'missing' || fate === 'doubled') && found.examples.length < EXAMPLES) {
        const { id, entry } = logs[place]!;
        found.examples.push({ fate, id, entry: typeof entry === 'string' ? entry : JSON.stringify(entry) });
      }
    });
    found.logs += logs.length;
  }
  return found;
}

async function judgeBatch(
  logs: readonly Log[],
  isUnread: boolean,
  { plugins, lookup, waiting, letters }: Evidence,
): Promise<Fate[]> {
  const made = logs.map((log) => {
    const event = createEvent(log);
    return event && plugins.run(event);
  });
  const wanted = new Map<string, string[]>();
  for (const { index, id } of made.flatMap((each) => each?.documents ?? []))
    wanted.set(index, [...(wanted.get(index) ?? []), id]);
  const counts = new Map<string, Map<string, number>>();
  for (const [index, ids] of wanted) counts.set(index, await lookup.count(index, ids));
  return logs.map(({ id }, place): Fate => {
    const result = made[place];
    const copies = (result?.documents ?? []).map(({ index, id }) => counts.get(index)?.get(id) ?? 0);
    if (copies.some((count) => count > 1)) return 'doubled';
    const isWhole =
      result !== undefined && result.failures.length === 0 && copies.every((count) => count === 1);
    if (isWhole) return copies.length > 0 ? 'stored' : 'dropped';
    if (letters.has(id)) return 'dead_letter';
    return waiting.has(id) || isUnread ? 'waiting' : 'missing';
  });
}
