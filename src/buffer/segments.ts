import { writeSync } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, stat, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';
import { log } from '../util/log.ts';
import type { Step } from './position-step.ts';
import { type Damage, type StoredRecord, writeRecord } from './records.ts';
import { SegmentReader } from './segment-reader.ts';

/** So it packs logs tighter than deflate at its fastest; another thread would cost more than the work. */
const PACKING = { params: { [constants.BROTLI_PARAM_QUALITY]: 2, [constants.BROTLI_PARAM_LGWIN]: 18 } };

/** A segment that has reached this size, in bytes, or a share of the whole, is followed by another. */
const SEGMENT_BYTES = 8 << 20;
const SEGMENT_SHARE = 1 / 8;
/**
 * A record up to this size, in bytes, is written at once: to hand it to another thread, and to be woken by it, costs
 * several times as much.
 */
const SMALL = 1 << 16;
const NAME = /^segment-(\d{12})$/;

/** What is told of a batch beside its logs. */
export interface BatchHead {
  sequence: number;
  /** How many logs are in it, and how many were read before it. */
  logs: number;
  before: number;
  /** When it was read, in ms since 1970. */
  readAt: number;
  /** The first halves of the contents' keys, in base64. */
  keys: string;
  /** Where the source goes on behind it. */
  step?: Step;
  packed?: boolean;
}

/** A file of batches. */
export interface Segment {
  path: string;
  /** Bytes up to the end of the last sound record. */
  size: number;
  /** The sequences of its first and last batch. */
  first: number;
  last: number;
}

/**
 * Batches on disk, in files that are only appended to, and deleted when all in them is confirmed. A batch outlives this process
 * once `append` has resolved, and the machine once `sync` has. What a file holds that can't be believed is told and left out.
 */
export class Segments {
  readonly #folder: string;
  #segments: Segment[] = [];
  #file: FileHandle | undefined;
  #isSynced = true;
  /** Of the segment that is read back, and its next batch, where that was looked at. */
  #reader: SegmentReader | undefined;
  #next: StoredRecord | undefined;

  /** The size from which a segment is followed by another. */
  readonly segmentBytes: number;
  readonly #told = new Set<string>();

  /** `maxBytes`: about how large they may become, all together. */
  constructor(folder: string, maxBytes: number) {
    this.#folder = folder;
    this.segmentBytes = Math.min(SEGMENT_BYTES, maxBytes * SEGMENT_SHARE);
  }

  /** Bytes of all segments. */
  get size(): number {
    return this.#segments.reduce((sum, { size }) => sum + size, 0);
  }

  /**
   * Finds what an earlier run has left. Hands on the head of each batch behind `known`, oldest first, and returns that of
   * the first behind `confirmed`. What stands in other segments is not looked at: a start takes as long, however much waits.
   */
  async open(
    confirmed: number,
    known: number,
    onBatch: (head: BatchHead) => void,
  ): Promise<BatchHead | undefined> {
    let first: BatchHead | undefined;
    const paths = await segmentPaths(this.#folder);
    for (const [n, path] of paths.entries()) {
      const next = paths[n + 1];
      const last = next === undefined ? Number.POSITIVE_INFINITY : firstIn(next) - 1;
      let segment: Segment | undefined = { path, size: (await stat(path)).size, first: firstIn(path), last };
      if (last > known || (last > confirmed && !first))
        segment = await readHeads(
          path,
          (head) => {
            if (head.sequence > confirmed) first ??= head;
            if (head.sequence > known) onBatch(head);
          },
          (damage) => this.#tell(path, damage),
        );
      if (segment) this.#segments.push(segment);
      else await unlink(path);
    }
    return first;
  }

  /** Keeps a batch, as `writeBatch` returns it. Rejects where it can't be written; nothing of it is kept then. */
  async append(sequence: number, record: Buffer): Promise<void> {
    let segment = this.#segments.at(-1);
    if (!this.#file || !segment || segment.size >= this.segmentBytes) {
      await this.#closeFile();
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      const path = join(this.#folder, `segment-${String(sequence).padStart(12, '0')}`);
      // One of that name can only hold what was never kept.
      this.#file = await open(path, 'w', 0o600);
      segment = { path, size: 0, first: sequence, last: sequence };
      this.#segments.push(segment);
    }
    try {
      this.#isSynced = false;
      await this.#write(this.#file, record, segment.size);
    } catch (error) {
      await this.#file.truncate(segment.size).catch(() => {});
      throw error;
    }
    segment.size += record.length;
    segment.last = sequence;
  }

  /** Puts the whole of a record at a place. */
  async #write(file: FileHandle, record: Buffer, at: number): Promise<void> {
    for (let done = 0; done < record.length; ) {
      const left = record.length - done;
      if (left <= SMALL) done += writeSync(file.fd, record, done, left, at + done);
      else done += (await file.write(record, done, left, at + done)).bytesWritten;
    }
  }

  /** Resolves once all that was appended is on the disk. Rejects where that can't be had. */
  async sync(): Promise<void> {
    if (this.#isSynced) return;
    this.#isSynced = true;
    try {
      await this.#file?.datasync();
    } catch (error) {
      this.#isSynced = false;
      throw error;
    }
  }

  /** The first batch behind `sequence` that is kept; `undefined` where there is none. */
  async next(sequence: number): Promise<{ head: BatchHead; body: Buffer } | undefined> {
    for (const segment of this.#segments) {
      if (segment.last <= sequence) continue;
      if (this.#reader?.path !== segment.path) await this.#closeReader();
      this.#reader ??= new SegmentReader(segment.path, (damage) => this.#tell(segment.path, damage));
      const reader = this.#reader;
      // The last segment grows while it is read.
      const read = (): Promise<StoredRecord | undefined> => reader.next(segment.size);
      this.#next ??= await read();
      while (this.#next && Number(this.#next.head.sequence) <= sequence) this.#next = await read();
      if (!this.#next) continue;
      const { head, body } = this.#next as unknown as StoredRecord<BatchHead>;
      return { head, body: head.packed ? brotliDecompressSync(body) : body };
    }
    return undefined;
  }

  /** Whether `release` has anything to do. The last segment stays: it goes on growing. */
  canRelease(confirmed: number): boolean {
    return this.#segments.length > 1 && this.#segments[0]!.last <= confirmed;
  }

  /** Deletes segments whose batches are all confirmed. */
  async release(confirmed: number): Promise<void> {
    while (this.canRelease(confirmed)) await this.#delete(this.#segments.shift()!);
  }

  /** Lets go of the file that is written to, and deletes every segment whose batches are confirmed, the last one too. */
  async close(confirmed: number): Promise<void> {
    await this.#closeFile();
    await this.#closeReader();
    for (const segment of this.#segments) if (segment.last <= confirmed) await this.#delete(segment);
    this.#segments = this.#segments.filter(({ last }) => last > confirmed);
  }

  async #closeFile(): Promise<void> {
    await this.sync();
    await this.#file?.close();
    this.#file = undefined;
  }

  async #delete({ path }: Segment): Promise<void> {
    await unlink(path).catch(() => {});
    if (this.#reader?.path === path) await this.#closeReader();
  }

  #tell(path: string, { from, to }: Damage): void {
    const what = `${path} is damaged (bytes ${from} to ${to}): the logs that stood there are lost`;
    if (!this.#told.has(what)) log.error(what);
    this.#told.add(what);
  }

  async #closeReader(): Promise<void> {
    const reader = this.#reader;
    this.#reader = undefined;
    this.#next = undefined;
    await reader?.close();
  }
}

/** A batch as it is appended; `pack` compresses it. */
export function writeBatch(head: BatchHead, body: Buffer, pack: boolean): Buffer {
  return pack
    ? writeRecord({ ...head, packed: true }, brotliCompressSync(body, PACKING))
    : writeRecord(head, body);
}

/** The files of a buffer's folder, oldest first; none where there is no such folder. */
export async function segmentPaths(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names
    .filter((name) => NAME.test(name))
    .sort()
    .map((name) => join(folder, name));
}

/** The sequence of a segment's first batch, by its name. */
function firstIn(path: string): number {
  return Number(NAME.exec(basename(path))![1]);
}

/** Hands on the head of each batch in a segment, oldest first; returns `undefined` where there is none. It changes nothing. */
export async function readHeads(
  path: string,
  onBatch: (head: BatchHead) => void,
  onDamage: (damage: Damage) => void,
): Promise<Segment | undefined> {
  const { size } = await stat(path);
  const reader = new SegmentReader(path, onDamage);
  let first: number | undefined;
  let last = 0;
  try {
    for (let record = await reader.next(size); record; record = await reader.next(size)) {
      const head = record.head as unknown as BatchHead;
      onBatch(head);
      last = head.sequence;
      first ??= last;
    }
  } finally {
    await reader.close();
  }
  return first === undefined ? undefined : { path, size: reader.end, first, last };
}

/** The ids of the logs that a buffer's folder keeps behind the batch `confirmed`. It changes nothing. */
export async function readWaitingIds(folder: string, confirmed: number): Promise<Set<string>> {
  const ids = new Set<string>();
  for (const path of await segmentPaths(folder)) {
    const reader = new SegmentReader(path, () => {});
    try {
      const { size } = await stat(path);
      for (let record = await reader.next(size); record; record = await reader.next(size)) {
        const { sequence, packed } = record.head as unknown as BatchHead;
        if (sequence <= confirmed) continue;
        const body = packed ? brotliDecompressSync(record.body) : record.body;
        for (const [id] of JSON.parse(body.toString()).logs as [string][]) ids.add(id);
      }
    } catch (error) {
      // A running sidecar deletes a segment when the sink has all of it.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    } finally {
      await reader.close();
    }
  }
  return ids;
}
