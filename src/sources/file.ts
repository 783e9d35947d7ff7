import { isAscii } from 'node:buffer';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { reasonOf, SidecarError } from '../util/errors.ts';
import { log } from '../util/log.ts';
import { sleep } from '../util/retry.ts';
import { cutLogs, entriesOf } from './log-lines.ts';
import type { Batch, ReadOptions, Source } from './source.ts';

/** A file of log lines, oldest first, as the API would have printed them. */
export interface FileOptions {
  path: string;
  /** The longest pause between two looks at a file that is followed. */
  intervalMs: number;
}

const CHUNK = 1 << 17;
/** More text than this without a new entry is handed on as it is, and refused as too large. */
const LONGEST_ENTRY = 16 << 20;
/** How long a followed file must be still before its last entry, which more lines might continue, counts as whole. */
const STILL_MS = 1_000;
const NEWLINE = 0x0a;
const RETURN = 0x0d;

/** What was read: up to the byte `end` of a file. */
type Position = { inode: number; end: number };

interface Item {
  text: string;
  /** What is read with it. */
  position: Position;
  /** Only the next item's position stands behind it. */
  mixed: boolean;
}

/**
 * A file, read from its start and perhaps followed. Which lines belong together, `cutLogs` says. A followed file may be
 * rotated (a new file under its name) or truncated.
 */
export class FileSource implements Source {
  readonly keeps = 'everything';
  readonly #options: FileOptions;
  #file: FileHandle | undefined;

  constructor(options: FileOptions) {
    this.#options = options;
  }

  async *batches(options: ReadOptions): AsyncIterable<Batch> {
    const { limit, batchSize } = options;
    const file = await this.#open();
    const { ino, size } = await file.stat();
    const saved = savedPosition(options.position);
    const resumes = saved?.inode === ino && saved.end <= size;
    const start: Position = resumes ? saved : { inode: ino, end: 0 };
    if (saved && !resumes) options.onGap?.({ what: this.#describeGap(), atLeast: 0 });
    let items: Item[] = [];
    let atStart = limit !== undefined;
    for await (const { read, ended } of this.#chunks(file, start, options)) {
      items = items.length > 0 ? [...items, ...read] : read;
      if (atStart && items.length > limit!) items = items.slice(items.length - limit!);
      if (atStart && !ended) continue;
      atStart = false;
      let from = 0;
      // A batch is only filled up from what is there: news is not held back.
      while (items.length - from >= batchSize || (ended && from < items.length)) {
        let to = from + batchSize;
        while (items[to - 1]?.mixed) to++;
        const part = items.slice(from, to);
        const { position } = part.at(-1)!;
        yield { entries: part.map((item) => item.text), known: false, position };
        from += part.length;
      }
      items = items.slice(from);
    }
  }

  #describeGap(): string {
    const { path } = this.#options;
    return `${path} was rotated or truncated while nobody read it, so logs at the end of the old one may be unread. Run once with --path on the old file: what is known will be recognised`;
  }

  /** The file's entries, a chunk at a time; `ended` where nothing more stands behind them now. */
  async *#chunks(
    first: FileHandle,
    start: Position,
    { follow, signal, onPause }: ReadOptions,
  ): AsyncIterable<{ read: Item[]; ended: boolean }> {
    let file = first;
    let { inode, end: at } = start;
    let rest: Buffer = Buffer.alloc(0);
    let stillSince = Date.now();
    const take = (ended: boolean): Item[] => {
      const { items, length } = itemsOf(rest, at - rest.length, inode, ended);
      rest = Buffer.from(rest.subarray(length));
      return items;
    };
    let chunk = Buffer.allocUnsafe(CHUNK);
    while (!signal.aborted) {
      // Looked at before reading: what was still written to a file after it was renamed is read, too.
      const now = follow ? await stat(this.#options.path).catch(() => undefined) : undefined;
      // What does not end yet is looked at again with the next chunk: twice as much each time, so that it stays linear.
      if (rest.length > chunk.length) chunk = Buffer.allocUnsafe(rest.length);
      const { bytesRead } = await file.read(chunk, 0, Math.max(CHUNK, rest.length), at);
      if (bytesRead > 0) {
        at += bytesRead;
        stillSince = Date.now();
        rest = Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
        const read = take(rest.length > LONGEST_ENTRY);
        if (read.length > 0) yield { read, ended: false };
        continue;
      }
      const replaced = now !== undefined && now.ino !== inode;
      const restarts = replaced || (now !== undefined && now.size < at);
      const still = Date.now() - stillSince >= STILL_MS && rest.at(-1) === NEWLINE;
      yield { read: !follow || restarts || still ? take(true) : [], ended: true };
      if (!follow) return;
      if (restarts) {
        log.info(
          `${this.#options.path} was ${replaced ? 'rotated' : 'truncated'}: reading it from its start`,
        );
        if (replaced) {
          await file.close();
          file = await this.#open();
          inode = (await file.stat()).ino;
        }
        at = 0;
        continue;
      }
      const pauseMs = Math.min(this.#options.intervalMs, STILL_MS / 4);
      onPause?.(pauseMs);
      await sleep(pauseMs, signal);
    }
  }

  async #open(): Promise<FileHandle> {
    const { path } = this.#options;
    try {
      this.#file = await open(path, 'r');
      if ((await this.#file.stat()).isDirectory()) throw new Error('it is a folder');
      return this.#file;
    } catch (cause) {
      throw new SidecarError(
        'unreachable',
        `the log file ${path} can't be read: ${reasonOf(cause)}. Give another with --path`,
        { cause },
      );
    }
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }
}

function savedPosition(position: unknown): Position | undefined {
  const { inode, end } = (position ?? {}) as Partial<Position>;
  const isSound = [inode, end].every((value) => Number.isSafeInteger(value) && value! >= 0);
  return isSound ? (position as Position) : undefined;
}

/** The entries that are whole, and how many bytes they take; `from` is where in the file the bytes begin. */
function itemsOf(
  bytes: Buffer,
  from: number,
  inode: number,
  ended: boolean,
): { items: Item[]; length: number } {
  // In Latin-1 each byte is a character, so that places in the text are places in the file.
  const latin1 = bytes.toString('latin1');
  const ascii = isAscii(bytes);
  const textOf = (start: number, end: number): string => {
    let stop = end;
    while (stop > start && (bytes[stop - 1] === NEWLINE || bytes[stop - 1] === RETURN)) stop--;
    const text = ascii ? latin1.slice(start, stop) : bytes.toString('utf8', start, stop);
    return text.includes('\r') ? text.replaceAll('\r\n', '\n') : text;
  };
  const items: Item[] = [];
  let next = 0;
  for (const span of cutLogs(latin1, ended)) {
    if (!span.closed && !ended) break;
    next = Math.max(next, span.end);
    while (bytes[next] === NEWLINE || bytes[next] === RETURN) next++;
    const position = { inode, end: from + next };
    for (const text of entriesOf(span, textOf)) items.push({ text, position, mixed: true });
    items.at(-1)!.mixed = span.mixed === true;
  }
  return { items, length: ended ? bytes.length : next };
}
