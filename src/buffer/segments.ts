import { type FileHandle, mkdir, open, readdir, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';
import { log } from '../util/log.ts';
import type { Step } from './position-step.ts';
import { type ReadRecords, readRecords, type StoredRecord, writeRecord } from './records.ts';

const compress = promisify(deflateRaw);
const decompress = promisify(inflateRaw);

/** A segment that has reached this size, in bytes, or a share of the whole, is followed by another. */
const SEGMENT_BYTES = 8 << 20;
const SEGMENT_SHARE = 1 / 8;
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

interface Segment {
  path: string;
  size: number;
  /** The sequences of its first and last batch. */
  first: number;
  last: number;
}

/**
 * Batches on disk, in files that are only appended to, and deleted when all in them is confirmed. A batch counts as kept
 * once `append` has resolved: it is on the disk then. What a file holds that can't be believed is told and left out.
 */
export class Segments {
  readonly #folder: string;
  #segments: Segment[] = [];
  #file: FileHandle | undefined;
  /** Of the segment that is read back: its batches, and the place of the next. */
  #reading: { path: string; records: StoredRecord[]; at: number } | undefined;

  readonly #segmentBytes: number;
  readonly #told = new Set<string>();

  /** `maxBytes`: about how large they may become, all together. */
  constructor(folder: string, maxBytes: number) {
    this.#folder = folder;
    this.#segmentBytes = Math.min(SEGMENT_BYTES, maxBytes * SEGMENT_SHARE);
  }

  /** Bytes of all segments. */
  get size(): number {
    return this.#segments.reduce((sum, { size }) => sum + size, 0);
  }

  /** Finds what an earlier run has left, and hands on each batch's head and body, oldest first. */
  async open(onBatch: (head: BatchHead, body: Buffer) => void): Promise<void> {
    const names = (await readdir(this.#folder).catch(() => [])).filter((name) => NAME.test(name)).sort();
    for (const name of names) {
      const path = join(this.#folder, name);
      const { records, end } = await this.#read(path);
      const [first] = records;
      const last = records.at(-1);
      if (!first || !last) {
        await unlink(path);
        continue;
      }
      for (const { head, body } of records) onBatch(head as unknown as BatchHead, body);
      this.#segments.push({
        path,
        size: end,
        first: Number(first.head.sequence),
        last: Number(last.head.sequence),
      });
    }
  }

  /**
   * Keeps a batch; `pack` compresses it. Rejects where it can't be written; nothing of it is kept then.
   */
  async append(head: BatchHead, body: Buffer, pack: boolean): Promise<void> {
    const record = pack
      ? writeRecord({ ...head, packed: true }, await compress(body, { level: 1 }))
      : writeRecord(head, body);
    let segment = this.#segments.at(-1);
    if (!this.#file || !segment || segment.size >= this.#segmentBytes) {
      await this.#file?.close();
      this.#file = undefined;
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      const path = join(this.#folder, `segment-${String(head.sequence).padStart(12, '0')}`);
      // One of that name can only hold what was never kept.
      this.#file = await open(path, 'w', 0o600);
      segment = { path, size: 0, first: head.sequence, last: head.sequence };
      this.#segments.push(segment);
    }
    try {
      await this.#file.write(record, 0, record.length, segment.size);
      await this.#file.datasync();
    } catch (error) {
      await this.#file.truncate(segment.size).catch(() => {});
      throw error;
    }
    segment.size += record.length;
    segment.last = head.sequence;
  }

  /** The first batch behind `sequence` that is kept; `undefined` where there is none. */
  async next(sequence: number): Promise<{ head: BatchHead; body: Buffer } | undefined> {
    const segment = this.#segments.find(({ last }) => last > sequence);
    if (!segment) return undefined;
    const { path } = segment;
    let record = this.#reading?.path === path ? this.#skipTo(sequence) : undefined;
    if (!record) {
      // The last segment grows while it is read.
      this.#reading = { path, records: (await this.#read(path)).records, at: 0 };
      record = this.#skipTo(sequence);
    }
    if (!record) return undefined;
    const head = record.head as unknown as BatchHead;
    return { head, body: head.packed ? await decompress(record.body) : record.body };
  }

  #skipTo(sequence: number): StoredRecord | undefined {
    const reading = this.#reading!;
    while (Number(reading.records[reading.at]?.head.sequence) <= sequence) reading.at++;
    return reading.records[reading.at];
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
    await this.#file?.close();
    this.#file = undefined;
    for (const segment of this.#segments) if (segment.last <= confirmed) await this.#delete(segment);
    this.#segments = this.#segments.filter(({ last }) => last > confirmed);
  }

  async #delete({ path }: Segment): Promise<void> {
    await unlink(path).catch(() => {});
    if (this.#reading?.path === path) this.#reading = undefined;
  }

  async #read(path: string): Promise<ReadRecords> {
    const read = readRecords(await readFile(path));
    for (const { from, to } of read.damages) {
      const what = `${path} is damaged (bytes ${from} to ${to}): the logs that stood there are lost`;
      if (!this.#told.has(what)) log.error(what);
      this.#told.add(what);
    }
    return read;
  }
}
