import type { FileHandle } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { isObject } from '../util/json.ts';
import { Cursor, type Item, type Mark } from './file-cursor.ts';
import { HEAD_BYTES, type Look, openAgain, printOf, readAt, readBefore, TAIL_BYTES } from './file-look.ts';

const CHUNK = 1 << 17;
/** How long what was put aside, or has no name any more, is waited for, in ms: its writer may not know of it yet. */
export const ASIDE_MS = 5_000;

/** A log as a journal keeps it. */
export interface SavedLog extends Mark {
  inode: number;
  /** It was read to its end, under a name that rotations give: nothing is lost when its file goes. */
  isDone: boolean;
  /** It is not read: it was put aside, and packed, before the first run. */
  isSkipped: boolean;
}

/** How much of a log a file holds: what was read and perhaps more; its beginning; or nothing. */
export type Holding = 'whole' | 'beginning' | 'none';

/** What was written from the creation of one file on, through all names and copies that the file gets. */
export class FileLog {
  readonly id: string;
  readonly cursor = new Cursor();
  /** The file that holds it now, as it was looked at last; none where it has no name any more. */
  look: Look | undefined;
  inode: number;
  isSkipped: boolean;
  /** Since when no file holds it, in ms since 1970. */
  missedSince: number | undefined;
  misses = 0;
  /** Nothing of it will come any more. */
  isOver = false;
  /** Its file was deleted when others had been put aside after it. */
  isOutrun = false;
  /** The name of its file, when it had one. */
  name: string | undefined;
  /** As an earlier run left it, until its file is found. */
  saved: Mark | undefined;
  /** When something of it was read last, in ms since 1970. */
  grownAt = Date.now();
  #handle: FileHandle | undefined;
  /** The packed file that was read to its end. */
  #finished: Look | undefined;

  constructor(id: string, saved?: SavedLog) {
    this.id = id;
    this.saved = saved;
    this.inode = saved?.inode ?? 0;
    this.isSkipped = saved?.isSkipped ?? false;
  }

  /** The byte up to which it was read. */
  get at(): number {
    return this.saved?.end ?? this.cursor.at;
  }

  /** Whether the file holds more than was read. */
  get hasMore(): boolean {
    if (this.isSkipped || !this.look) return false;
    if (this.look.isPacked) return this.#finished !== this.look && this.look.size !== this.at % 2 ** 32;
    return this.look.size > this.at;
  }

  /** How much of this log a file holds, by its first bytes, and by those before the place up to which it was read. */
  async heldBy(look: Look): Promise<Holding> {
    const length = Math.min(this.at, HEAD_BYTES);
    if (length === 0) return look.inode === this.inode ? 'whole' : 'none';
    if (look.head.length < length) return 'none';
    const print = this.saved?.head ?? printOf(this.cursor.head);
    if (printOf(look.head.subarray(0, length)) !== print) return 'none';
    if (this.isSkipped || look.isPacked) return 'whole';
    if (look.size < this.at) return 'beginning';
    const tail = this.saved?.tail ?? printOf(this.cursor.tail);
    const bytes = await readBefore(look, this.at, Number.parseInt(tail, 10));
    return printOf(bytes) === tail ? 'whole' : 'none';
  }

  /** This file holds it from now on. Throws `UnsettledError`. */
  async bind(look: Look): Promise<void> {
    if (this.saved) {
      const { end, tail } = this.saved;
      const before = look.isPacked ? Buffer.alloc(0) : await readBefore(look, end, Number.parseInt(tail, 10));
      this.cursor.resume(end, look.head, before);
      this.saved = undefined;
    }
    // Held open, it can be read to its end when it is deleted, too.
    const isWanted = !look.isPacked && !this.isSkipped && (look.isLive || look.size > this.at);
    const file = isWanted && (this.inode !== look.inode || !this.#handle) ? await openAgain(look) : undefined;
    if (file || this.inode !== look.inode) await this.release();
    this.#handle ??= file;
    this.look = look;
    this.inode = look.inode;
    this.missedSince = undefined;
    this.misses = 0;
  }

  /** The file was cut, and goes on from where it ends now. */
  async cut(look: Look): Promise<void> {
    this.saved = undefined;
    this.cursor.resume(look.size, look.head, await readBefore(look, look.size, TAIL_BYTES));
    await this.bind(look);
  }

  /** Whether the file, which has lost its name, can still be read. */
  async isHeldOpen(): Promise<boolean> {
    if (!this.#handle || this.saved) return false;
    const { size } = await this.#handle.stat();
    return size > 0 && size >= this.at && (await this.#isUnchanged(this.#handle));
  }

  /**
   * Its entries from where it was read to up to its end, as it is now; ends early where the file was replaced. Throws
   * `UnsettledError` where a packed one has got another name.
   */
  async *read(): AsyncGenerator<Item[]> {
    if (this.look?.isPacked) return yield* this.#readPacked(this.look);
    const file = this.#handle;
    if (!file) return;
    const { size } = await file.stat();
    let next = this.#readNext(file, size);
    for (;;) {
      const bytes = await next;
      if (!bytes) return;
      this.grownAt = Date.now();
      const items = this.cursor.add(bytes);
      // While these are worked on, the next are read; where nobody wants them any more, it does not matter if they can't be.
      next = this.#readNext(file, size);
      next.catch(() => {});
      yield items;
    }
  }

  /** The bytes behind those that were read; `undefined` where there are none, or the file is not what it was. */
  async #readNext(file: FileHandle, size: number): Promise<Buffer | undefined> {
    const { at, tail, restLength } = this.cursor;
    if (at >= size) return undefined;
    // What does not end yet is looked at again with the next chunk: twice as much each time, so that it stays linear.
    const bytes = await readAt(file, at - tail.length, tail.length + Math.max(CHUNK, restLength));
    // The bytes before belong to what was read: otherwise the file was written anew meanwhile.
    const isNext = bytes.length > tail.length && bytes.subarray(0, tail.length).equals(tail);
    return isNext && (await this.#isUnchanged(file)) ? bytes.subarray(tail.length) : undefined;
  }

  async #isUnchanged(file: FileHandle): Promise<boolean> {
    const { head } = this.cursor;
    return (await readAt(file, 0, head.length)).equals(head);
  }

  async *#readPacked(look: Look): AsyncGenerator<Item[]> {
    let skip = this.cursor.at;
    for await (const chunk of contentsOf(look)) {
      const bytes = chunk.subarray(Math.min(skip, chunk.length));
      skip -= chunk.length - bytes.length;
      if (bytes.length > 0) yield this.cursor.add(bytes);
    }
    this.#finished = look;
  }

  /** Lets go of an open file that was put aside, and read to its end, for a while. */
  async rest(): Promise<void> {
    if (this.look && !this.look.isLive && !this.hasMore && Date.now() - this.grownAt > ASIDE_MS)
      await this.release();
  }

  /** Lets go of the open file. */
  async release(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }
}

/** The entries in a file's first `end` bytes. Throws `UnsettledError` where the file has got another name. */
export async function* entriesUpTo(look: Look, end: number): AsyncGenerator<Item[]> {
  const cursor = new Cursor();
  for await (const chunk of contentsOf(look)) {
    const bytes = chunk.subarray(0, end - cursor.at);
    if (bytes.length > 0) yield cursor.add(bytes);
    if (cursor.at >= end) break;
  }
  yield cursor.take(true);
}

/** A file's bytes, unpacked. Throws `UnsettledError`. */
async function* contentsOf(look: Look): AsyncGenerator<Buffer> {
  const file = await openAgain(look);
  const bytes = file.createReadStream({ start: 0, highWaterMark: CHUNK });
  try {
    if (!look.isPacked) return yield* bytes as AsyncIterable<Buffer>;
    const unzip = createGunzip({ chunkSize: CHUNK });
    bytes.on('error', (error) => unzip.destroy(error));
    yield* bytes.pipe(unzip) as AsyncIterable<Buffer>;
  } finally {
    bytes.destroy();
    await file.close().catch(() => {});
  }
}

/** The logs in a position, by their ids; `undefined` where it is not one of files. */
export function savedLogs(position: unknown): Record<string, SavedLog> | undefined {
  const logs = isObject(position) ? position.logs : undefined;
  if (!isObject(logs)) return undefined;
  return Object.values(logs).every(isSaved) ? (logs as unknown as Record<string, SavedLog>) : undefined;
}

function isSaved(value: unknown): boolean {
  const { end, inode, head, tail } = (isObject(value) ? value : {}) as Partial<SavedLog>;
  const areSound = [end, inode].every((each) => Number.isSafeInteger(each) && each! >= 0);
  return areSound && typeof head === 'string' && typeof tail === 'string';
}
