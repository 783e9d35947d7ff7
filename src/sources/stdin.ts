import type { Readable } from 'node:stream';
import { SidecarError } from '../util/errors.ts';
import { sleep } from '../util/retry.ts';
import { Cursor } from './file-cursor.ts';
import { isGzip, problemOf, STILL_MS } from './file-look.ts';
import type { Batch, ReadOptions, Source } from './source.ts';

/**
 * Lines of logs that come through a pipe, cut as a file's are. It ends where the pipe does. What was read goes to the
 * buffer; what had not come out of the pipe yet when a run ends is gone, and has to be sent again.
 */
export class StdinSource implements Source {
  readonly keeps = 'window';
  readonly isSentAnew = true;
  readonly #input: Readable;

  constructor(input: Readable) {
    this.#input = input;
  }

  async *batches({ signal, batchSize, limit }: ReadOptions): AsyncIterable<Batch> {
    let entries: string[] = [];
    for await (const found of this.#read(signal)) {
      entries = entries.concat(found);
      if (limit !== undefined) entries = entries.slice(-limit);
      else while (entries.length > 0) yield { entries: entries.splice(0, batchSize), known: false };
    }
    while (entries.length > 0) yield { entries: entries.splice(0, batchSize), known: false };
  }

  /** The entries as they are whole; what was begun when `signal` aborts comes as it is. */
  async *#read(signal: AbortSignal): AsyncGenerator<string[]> {
    const cursor = new Cursor();
    const chunks: AsyncIterator<Buffer> = this.#input[Symbol.asyncIterator]();
    let next = chunks.next();
    // It is closed in the middle of this where a run ends first.
    next.catch(() => {});
    let gathered: Buffer[] = [];
    let size = 0;
    while (!signal.aborted) {
      const isOpen = size > 0 || (cursor.restLength > 0 && cursor.endsLine);
      const came = await within(next, isOpen ? STILL_MS : undefined, signal);
      if (came?.done) break;
      if (came) {
        next = chunks.next();
        next.catch(() => {});
        if (cursor.at === 0 && size === 0) refuse(came.value);
        gathered.push(came.value);
        size += came.value.length;
      }
      // What is not whole yet is cut again with as much behind it: that stays linear.
      if (came && size < cursor.restLength) continue;
      if (size > 0) yield cursor.add(Buffer.concat(gathered)).map(({ text }) => text);
      gathered = [];
      size = 0;
      if (!came && cursor.endsLine) yield cursor.take(true).map(({ text }) => text);
    }
    if (size > 0) yield cursor.add(Buffer.concat(gathered)).map(({ text }) => text);
    yield cursor.take(true).map(({ text }) => text);
  }

  async close(): Promise<void> {
    this.#input.destroy();
  }
}

/** What a promise resolves with; `undefined` where it has not after `ms`, or when `signal` aborts. */
async function within<T>(
  promise: Promise<T>,
  ms: number | undefined,
  signal: AbortSignal,
): Promise<T | undefined> {
  const settled = new AbortController();
  const waited = AbortSignal.any([signal, settled.signal]);
  const tooLong = ms === undefined ? aborted(waited) : sleep(ms, waited);
  try {
    return await Promise.race([promise, tooLong.then(() => undefined)]);
  } finally {
    settled.abort();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Throws `SidecarError` (`config`) for what is not text. */
function refuse(head: Buffer): void {
  const problem = isGzip(head) ? 'it is packed by gzip: unpack it on the way (zcat)' : problemOf(head);
  if (problem !== undefined) throw new SidecarError('config', `stdin can't be read: ${problem}`);
}
