import { type Log, type Parse, readAgain } from '../identity.ts';
import type { Gap, Unreadable } from '../sources/source.ts';
import type { Segments } from './segments.ts';

/** Logs that travel together, each with its identity. */
export interface BufferedBatch {
  logs: Log[];
  unreadable: readonly Unreadable[];
  /** Of the last of what is in it. */
  sequence: number;
  /** When the first of it was read, in ms since 1970. */
  readAt: number;
  /** Logs before it that were kept and can't be read back. */
  gap?: Gap | undefined;
}

/** Bytes of batches that are read back and handed on together. */
const READ_BACK_BYTES = 1 << 20;

/** Reads batches back from segments, several small ones as one, and notices what is missing between them. */
export class ReadBack {
  /** How many logs were handed on, or are known to be lost, of all that were ever read. */
  logs = 0;
  readonly #segments: Segments;
  readonly #parse: Parse;

  constructor(segments: Segments, parse: Parse) {
    this.#segments = segments;
    this.#parse = parse;
  }

  /** About `count` logs behind the batch `from`, none of them of the batch `to`; `undefined` where there is none. */
  async next(from: number, to: number | undefined, count: number): Promise<BufferedBatch | undefined> {
    const logs: Log[] = [];
    const unreadable: Unreadable[] = [];
    let sequence = from;
    let readAt: number | undefined;
    let lost = 0;
    for (let bytes = 0; logs.length < count && bytes < READ_BACK_BYTES; ) {
      if (to === sequence + 1) break;
      const next = await this.#segments.next(sequence);
      if (!next || logs.length + next.head.logs > Math.max(count, next.head.logs)) break;
      lost += next.head.before - this.logs - logs.length - lost;
      const kept = JSON.parse(next.body.toString()) as {
        logs: [string, Log['entry']][];
        unreadable: Unreadable[];
      };
      for (const [id, entry] of kept.logs) logs.push(readAgain(entry, id, next.head.readAt, this.#parse));
      unreadable.push(...kept.unreadable);
      bytes += next.body.length;
      readAt ??= next.head.readAt;
      ({ sequence } = next.head);
    }
    if (readAt === undefined) return undefined;
    return { ...this.lose(lost, sequence), logs, unreadable, readAt };
  }

  /** A batch without logs, which tells that these many before it are lost. */
  lose(lost: number, sequence: number): BufferedBatch {
    this.logs += lost;
    const what = `${lost} logs that were kept in the buffer can't be read back: its files are damaged`;
    const gap = lost > 0 ? { what, atLeast: lost } : undefined;
    return { logs: [], unreadable: [], sequence, readAt: Date.now(), gap };
  }
}
