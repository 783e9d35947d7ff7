import type { DeadLetters, KeptLetter, LetterLine } from './dead-letters.ts';
import { Occurrences } from './occurrences.ts';
import type { IndexDocument } from './plugin.ts';
import type { Stages } from './stages.ts';
import { reasonOf } from './util/errors.ts';

/** What a replay did. */
export interface ReplayResult {
  /** Letters that were stored, and left their files. */
  replayed: number;
  /** Letters that failed again and stay, and why: reason → count. */
  failed: Record<string, number>;
}

const BATCH = 100;

/**
 * Sends dead letters that `wanted` picks down the road again, through the plugins of now. What is stored leaves its
 * file; all else stays as it was. Throws `SidecarError` where the sink can't be reached: what was stored before that
 * has left its file.
 */
export async function replay(
  stages: Stages,
  wanted: (letter: KeptLetter) => boolean,
  signal: AbortSignal,
): Promise<ReplayResult> {
  const { sink, plugins, deadLetters } = stages;
  const result: ReplayResult = { replayed: 0, failed: {} };
  const copies = new Occurrences();
  await sink.open(plugins.indices, signal);
  await deadLetters.recover();
  for (const file of await deadLetters.files()) {
    const lines = (await deadLetters.read(file)).filter(
      ({ letter }) => letter !== undefined && wanted(letter),
    );
    if (lines.length > 0) await replayFile(file, lines, stages, deadLetters, copies, result, signal);
  }
  return result;
}

async function replayFile(
  file: string,
  lines: readonly LetterLine[],
  stages: Stages,
  deadLetters: DeadLetters,
  copies: Occurrences,
  result: ReplayResult,
  signal: AbortSignal,
): Promise<void> {
  const apart = await deadLetters.setApart(file);
  const gone = new Set<string>();
  try {
    for (let from = 0; from < lines.length; from += BATCH) {
      for (const { text, reason } of await replayBatch(
        lines.slice(from, from + BATCH),
        stages,
        copies,
        signal,
      )) {
        if (reason === undefined) {
          gone.add(text);
          result.replayed++;
        } else result.failed[reason] = (result.failed[reason] ?? 0) + 1;
      }
    }
  } finally {
    await deadLetters.putBack(apart, gone);
  }
}

async function replayBatch(
  lines: readonly LetterLine[],
  { parse, plugins, sink }: Stages,
  copies: Occurrences,
  signal: AbortSignal,
): Promise<{ text: string; reason?: string | undefined }[]> {
  const documents: IndexDocument[] = [];
  const tries = lines.map(({ text, letter }) => {
    const { entry, id } = letter as KeptLetter;
    try {
      const event = parse(entry);
      // An event that was counted keeps its number; one that never was is counted here.
      event.id = id?.split('.', 1)[0] ?? copies.identify(event.id, event.written !== '');
      const made = plugins.run(event);
      const from = documents.push(...made.documents) - made.documents.length;
      return { text, from, to: documents.length, reason: made.failures[0]?.reason };
    } catch (error) {
      return { text, from: 0, to: 0, reason: reasonOf(error) };
    }
  });
  const outcomes = await sink.write(documents, signal);
  return tries.map(({ text, from, to, reason }) => {
    const refusal = outcomes.slice(from, to).find((outcome) => typeof outcome === 'object');
    return { text, reason: reason ?? refusal?.refused };
  });
}
