import { type FileHandle, open, stat } from 'node:fs/promises';
import { reasonOf, SidecarError } from '../errors.ts';
import { log } from '../log.ts';
import { sleep } from '../retry.ts';
import type { Batch, ReadOptions, Source } from './source.ts';

/** A file of log lines, oldest first, as the API would have printed them. */
export interface FileOptions {
  path: string;
  /** The longest pause between two looks at a file that is followed. */
  intervalMs: number;
}

const CHUNK = 1 << 20;
/** More text than this without a new entry is handed on as it is, and refused as too large. */
const LONGEST_ENTRY = 16 << 20;
/** How long a followed file must be still before its last entry, which more lines might continue, counts as whole. */
const STILL_MS = 1_000;
/** A line that begins an entry: a time, a JSON object, or a JSON string that holds such a line. */
const BEGINS = /^"?\d{4}-\d\d-\d\d[ T]\d\d:\d\d|^\{"/;
const NEWLINE = 0x0a;

/** Where to start: a byte that begins an entry, and how many entries from there on are known. */
interface Position {
  inode: number;
  offset: number;
  known: number;
}

interface Item {
  text: string;
  /** The position behind this entry. */
  end: Position;
}

/**
 * A file, read from its start and perhaps followed. Lines that begin no entry continue the one before, as
 * tracebacks do. A followed file may be rotated (a new file under its name) or truncated.
 */
export class FileSource implements Source {
  readonly keepsAll = true;
  readonly #options: FileOptions;
  #file: FileHandle | undefined;

  constructor(options: FileOptions) {
    this.#options = options;
  }

  async *batches(options: ReadOptions): AsyncIterable<Batch> {
    const { limit, batchSize } = options;
    const file = await this.#open();
    const saved = options.position as Partial<Position> | undefined;
    const { ino, size } = await file.stat();
    const resumes = saved?.inode === ino && saved.offset !== undefined && saved.offset <= size;
    const start: Position = resumes ? (saved as Position) : { inode: ino, offset: 0, known: 0 };
    let known = start.known;
    let atStart = limit !== undefined;
    let items: Item[] = [];
    for await (const { read, ended } of this.#chunks(file, start, options)) {
      items = items.length > 0 ? [...items, ...read] : read;
      if (atStart && items.length > limit!) {
        known = Math.max(0, known - (items.length - limit!));
        items = items.slice(items.length - limit!);
      }
      if (!ended && (atStart || items.length < known)) continue;
      atStart = false;
      let from = 0;
      // A batch is only filled up from what is there: news is not held back.
      while (items.length - from >= (known || batchSize) || (ended && from < items.length)) {
        const part = items.slice(from, from + (known || batchSize));
        const end = part.at(-1)!.end;
        yield { entries: part.map((item) => item.text), known: known > 0, commit: () => end };
        from += part.length;
        known = 0;
      }
      items = items.slice(from);
    }
  }

  /** The file's entries, a chunk at a time; `ended` where nothing more stands behind them now. */
  async *#chunks(
    first: FileHandle,
    start: Position,
    { follow, signal }: ReadOptions,
  ): AsyncIterable<{ read: Item[]; ended: boolean }> {
    let file = first;
    let { inode } = start;
    let at = start.offset;
    // Positions name the chunk before theirs, so that reading resumes a little earlier.
    let base = start.offset;
    let inBase = 0;
    let rest: Buffer = Buffer.alloc(0);
    let stillSince = Date.now();
    const take = (bytes: Buffer): Item[] =>
      entriesOf(bytes.toString()).map((text, n) => ({
        text,
        end: { inode, offset: base, known: inBase + n + 1 },
      }));
    const chunk = Buffer.allocUnsafe(CHUNK);
    while (!signal.aborted) {
      const { bytesRead } = await file.read(chunk, 0, CHUNK, at);
      if (bytesRead > 0) {
        const from = at - rest.length;
        at += bytesRead;
        stillSince = Date.now();
        rest = Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
        const cut = rest.length > LONGEST_ENTRY ? rest.length : lastBeginning(rest);
        if (cut === 0) continue;
        const read = take(rest.subarray(0, cut));
        rest = Buffer.from(rest.subarray(cut));
        yield { read, ended: false };
        base = from;
        inBase = read.length;
        continue;
      }
      const whole = !follow || (Date.now() - stillSince >= STILL_MS && rest.at(-1) === NEWLINE);
      const read = whole ? take(rest) : [];
      if (read.length > 0) {
        base = at - rest.length;
        inBase = read.length;
        rest = Buffer.alloc(0);
      }
      yield { read, ended: true };
      if (!follow) return;
      const now = await stat(this.#options.path).catch(() => undefined);
      const replaced = now !== undefined && now.ino !== inode;
      if (replaced || (now !== undefined && now.size < at)) {
        log.info(
          `${this.#options.path} was ${replaced ? 'rotated' : 'truncated'}: reading it from its start`,
        );
        if (rest.length > 0) yield { read: take(rest), ended: true };
        if (replaced) {
          await file.close();
          file = await this.#open();
          inode = now.ino;
        }
        at = base = inBase = 0;
        rest = Buffer.alloc(0);
        continue;
      }
      await sleep(Math.min(this.#options.intervalMs, STILL_MS / 4), signal);
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

/** Where the last entry of a chunk begins, which the next chunk may continue; what is before it is whole. */
function lastBeginning(bytes: Buffer): number {
  const lastNewline = bytes.lastIndexOf(NEWLINE);
  let lineEnd = lastNewline;
  while (lineEnd >= 0) {
    const start = lineEnd === 0 ? 0 : bytes.lastIndexOf(NEWLINE, lineEnd - 1) + 1;
    if (BEGINS.test(bytes.toString('latin1', start, start + 24))) return start;
    lineEnd = start - 1;
  }
  return lastNewline + 1;
}

/** Lines to entries; a line that neither begins an entry nor follows on one stands alone. */
function entriesOf(text: string): string[] {
  const entries: string[] = [];
  let continues = false;
  for (const raw of text.split('\n')) {
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    if (BEGINS.test(line)) {
      entries.push(line);
      continues = true;
    } else if (continues) entries[entries.length - 1] += `\n${line}`;
    else if (line !== '') entries.push(line);
  }
  return entries.map((entry) => (entry.endsWith('\n') ? entry.trimEnd() : entry));
}
