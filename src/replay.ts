import { basename } from 'node:path';
import type { LetterLine } from './dead-letters.ts';
import { createScopedKey } from './event.ts';
import { type KeptLetter, writeLetter } from './letter.ts';
import type { IndexDocument } from './plugin.ts';
import type { PluginChain } from './plugin-chain.ts';
import type { Stages } from './stages.ts';
import { reasonOf } from './util/errors.ts';

/** What a replay did. */
export interface ReplayResult {
  /** Letters that were stored, and left their files. */
  replayed: number;
  /** Letters that failed again and stay, and why: reason → count. */
  failed: Record<string, number>;
}

/** How many letters travel together, and how long their lines may be in all, in UTF-16 units. */
const BATCH = 100;
const BATCH_LENGTH = 16 << 20;

/** A letter on its way, and the id that it is stored under. */
interface ReplayTrial {
  line: LetterLine;
  id: string | undefined;
}

/**
 * Sends dead letters that `wanted` picks down the road again, through the plugins of now, each under its own id: it can be
 * interrupted anywhere, and done again. What is stored leaves its file; all else stays as it was. Throws `SidecarError`
 * where the sink can't be reached: what was stored before that has left its file.
 */
export async function replay(
  stages: Stages,
  wanted: (letter: KeptLetter) => boolean,
  signal: AbortSignal,
): Promise<ReplayResult> {
  const { sink, plugins, deadLetters } = stages;
  const result: ReplayResult = { replayed: 0, failed: {} };
  await sink.open(plugins.indices, signal);
  await deadLetters.recover();
  for (const file of await deadLetters.files()) {
    if (await holdsAny(deadLetters.read(file), wanted))
      await replayFile(file, wanted, stages, result, signal);
  }
  return result;
}

async function holdsAny(
  lines: AsyncIterable<LetterLine>,
  wanted: (letter: KeptLetter) => boolean,
): Promise<boolean> {
  for await (const { letter } of lines) if (letter && wanted(letter)) return true;
  return false;
}

async function replayFile(
  file: string,
  wanted: (letter: KeptLetter) => boolean,
  stages: Stages,
  result: ReplayResult,
  signal: AbortSignal,
): Promise<void> {
  const { deadLetters } = stages;
  const apart = await deadLetters.setApart(file);
  /** By their places in the file: letters may have equal texts. */
  const gone = new Set<number>();
  const send = async (batch: readonly LetterLine[]): Promise<void> => {
    const trials = batch.map((line) => ({ line, id: idOf(line, file, stages) }));
    for (const { number, reason } of await sendBatch(trials, stages, signal)) {
      if (reason === undefined) {
        gone.add(number);
        result.replayed++;
      } else result.failed[reason] = (result.failed[reason] ?? 0) + 1;
    }
  };
  try {
    let batch: LetterLine[] = [];
    let length = 0;
    for await (const line of deadLetters.read(apart)) {
      if (!line.letter || !wanted(line.letter)) continue;
      batch.push(line);
      length += line.text.length;
      if (batch.length < BATCH && length < BATCH_LENGTH) continue;
      await send(batch);
      batch = [];
      length = 0;
    }
    if (batch.length > 0) await send(batch);
  } finally {
    await deadLetters.putBack(apart, (line) => {
      if (gone.has(line.number)) return undefined;
      const { letter, text } = line;
      const id = letter && letter.id === undefined ? idOf(line, file, stages) : undefined;
      return letter && id !== undefined ? writeLetter({ ...letter, id }) : `${text}\n`;
    });
  }
}

/** A letter's own id; of one that was written by hand, and has none, that of its place, which it keeps from then on. */
function idOf({ letter, number }: LetterLine, file: string, { parse }: Stages): string | undefined {
  if (letter === undefined || letter.id !== undefined) return letter?.id;
  try {
    return createScopedKey(`${basename(file)} ${number}`, parse(letter.entry).key);
  } catch {
    // It fails again where it is sent.
    return undefined;
  }
}

async function sendBatch(
  trials: readonly ReplayTrial[],
  { parse, plugins, sink }: Stages,
  signal: AbortSignal,
): Promise<{ number: number; reason: string | undefined }[]> {
  const documents: IndexDocument[] = [];
  const tries = trials.map(({ line: { number, letter }, id }) => {
    const absent = absentPart(letter!, plugins);
    if (absent !== undefined) return { number, from: 0, to: 0, reason: absent };
    try {
      // A document's id is its event's, and perhaps a number.
      const event = parse(letter!.entry).createEvent(id?.split('.', 1)[0]);
      const made = plugins.run(event);
      const from = documents.push(...made.documents) - made.documents.length;
      return { number, from, to: documents.length, reason: made.failures[0]?.reason };
    } catch (error) {
      return { number, from: 0, to: 0, reason: reasonOf(error) };
    }
  });
  const outcomes = await sink.write(documents, signal);
  return tries.map(({ number, from, to, reason }) => {
    const refusal = outcomes.slice(from, to).find((outcome) => typeof outcome === 'object');
    return { number, reason: reason ?? refusal?.refused };
  });
}

/** What of the configuration a letter needs and does not find: without it, the log would be lost as if it were stored. */
function absentPart({ stage, at }: KeptLetter, plugins: PluginChain): string | undefined {
  if (stage === 'plugin' && !plugins.names.has(at)) return `the plugin ${at} is not configured`;
  if (stage === 'sink' && !plugins.indices.some(({ name }) => name === at))
    return `no configured plugin writes to the index ${at}`;
  return undefined;
}
