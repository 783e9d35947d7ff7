import { isAscii } from 'node:buffer';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { reasonOf, SidecarError } from '../util/errors.ts';
import { log } from '../util/log.ts';
import { sleep } from '../util/retry.ts';
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
/** A line that begins an entry: a time, a JSON object, or a JSON string that holds such a line. */
const BEGINS = /"?\d{4}-\d\d-\d\d[ T]\d\d:\d\d|"?\{ *\\?"/y;
const NEWLINE = 0x0a;
const RETURN = 0x0d;

/** What was read: up to the byte `end` of a file. */
type Position = { inode: number; end: number };

interface Item {
  text: string;
  /** What is read with it. */
  position: Position;
}

/**
 * A file, read from its start and perhaps followed. Lines that begin no entry continue the one before, as
 * tracebacks do. A followed file may be rotated (a new file under its name) or truncated.
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
    let gap = saved && !resumes ? this.#gap() : undefined;
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
        const part = items.slice(from, from + batchSize);
        const { position } = part.at(-1)!;
        yield { entries: part.map((item) => item.text), known: false, gap, position };
        from += part.length;
        gap = undefined;
      }
      items = items.slice(from);
    }
  }

  #gap(): string {
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
    const take = (length: number): Item[] => {
      const items = entriesOf(rest.subarray(0, length), at - rest.length, inode);
      rest = Buffer.from(rest.subarray(length));
      return items;
    };
    const chunk = Buffer.allocUnsafe(CHUNK);
    while (!signal.aborted) {
      // Looked at before reading: what was still written to a file after it was renamed is read, too.
      const now = follow ? await stat(this.#options.path).catch(() => undefined) : undefined;
      const { bytesRead } = await file.read(chunk, 0, CHUNK, at);
      if (bytesRead > 0) {
        const looked = rest.lastIndexOf(NEWLINE) + 1;
        at += bytesRead;
        stillSince = Date.now();
        rest = Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
        const cut = rest.length > LONGEST_ENTRY ? rest.length : lastBeginning(rest, looked);
        if (cut > 0) yield { read: take(cut), ended: false };
        continue;
      }
      const replaced = now !== undefined && now.ino !== inode;
      const restarts = replaced || (now !== undefined && now.size < at);
      const still = Date.now() - stillSince >= STILL_MS && rest.at(-1) === NEWLINE;
      yield { read: !follow || restarts || still ? take(rest.length) : [], ended: true };
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

function begins(text: string, at: number): boolean {
  BEGINS.lastIndex = at;
  return BEGINS.test(text);
}

/**
 * Where the last entry of a chunk begins, which the next chunk may continue; what is before it is whole. Before `from`,
 * where a line begins, there is one entry at the most.
 */
function lastBeginning(bytes: Buffer, from: number): number {
  const lastNewline = bytes.lastIndexOf(NEWLINE);
  let lineEnd = lastNewline;
  while (lineEnd >= from) {
    const start = lineEnd === 0 ? 0 : bytes.lastIndexOf(NEWLINE, lineEnd - 1) + 1;
    if (begins(bytes.toString('latin1', start, start + 24), 0)) return start;
    lineEnd = start - 1;
  }
  return from > 0 ? 0 : lastNewline + 1;
}

/**
 * Lines to entries; a line that neither begins an entry nor follows on one stands alone. `from` is where in the file the
 * bytes begin.
 */
function entriesOf(bytes: Buffer, from: number, inode: number): Item[] {
  const items: Item[] = [];
  // In Latin-1 each byte is a character, so that places in the text are places in the file.
  const latin1 = bytes.toString('latin1');
  const ascii = isAscii(bytes);
  let start = 0;
  let follows = false;
  const add = (end: number): void => {
    let stop = end;
    while (stop > start && (bytes[stop - 1] === NEWLINE || bytes[stop - 1] === RETURN)) stop--;
    let text = ascii ? latin1.slice(start, stop) : bytes.toString('utf8', start, stop);
    if (text.includes('\r')) text = text.replaceAll('\r\n', '\n');
    if (text !== '') items.push({ text, position: { inode, end: from + end } });
    start = end;
  };
  for (let at = 0; at < latin1.length; ) {
    const beginning = begins(latin1, at);
    if (at > start && (beginning || !follows)) add(at);
    follows ||= beginning;
    const newline = latin1.indexOf('\n', at);
    at = newline < 0 ? latin1.length : newline + 1;
  }
  add(latin1.length);
  return items;
}
