import { appendFileSync, writeSync } from 'node:fs';
import { copyFile, type FileHandle, mkdir, open, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { reasonOf } from '../util/errors.ts';
import type { Json } from '../util/json.ts';
import { log } from '../util/log.ts';
import { type DumpedKeys, KeyCounts } from './key-counts.ts';
import { applyStep, findStep, type Step } from './position-step.ts';
import { type Damage, type StoredRecord, writeHead, writeRecord } from './records.ts';
import { SegmentReader } from './segment-reader.ts';

/** A journal that lags loses nothing, so it is not written more often than this, in ms. */
const WRITE_EVERY_MS = 1_000;
/** When it has grown by this many bytes since it was begun, it is begun anew: a start takes its steps one by one. */
const GROWS_BY = 4 << 20;

/** How far a source has been read, and a sink has confirmed it. */
export interface ReadingProgress {
  /** Of the last batch that was read, counted from 1. */
  sequence: number;
  /** Of the last batch that is safe in the sink. */
  confirmed: number;
  /** Logs that were read in all. */
  logs: number;
}

/** What a batch adds. */
export interface Advance {
  sequence: number;
  logs: number;
  /** The first halves of the contents' keys, 8 bytes each. */
  keys: Buffer;
  /** Where the source goes on behind it; `undefined` for where it was. */
  position: Json | undefined;
}

const NOTHING: Buffer = Buffer.alloc(0);

type Head =
  | ({ kind: 'keys' } & Omit<DumpedKeys, 'piece'>)
  | (ReadingProgress & { kind: 'state'; position?: Json })
  | (ReadingProgress & { kind: 'step'; step?: Step });

/**
 * One file that tells a later run where to read on, which copies of which logs have come, and what of it is confirmed:
 * a state, and steps behind it, each with a checksum. What can't be believed is told, copied aside, and left out.
 */
export class Journal {
  readonly path: string;
  readonly #syncKept: () => Promise<void>;
  #counts = new KeyCounts();
  /** What this run has counted again. */
  readonly #again = new KeyCounts();
  /** Keys of batches that are counted, and not told of yet: a journal that is begun anew must not hold them. */
  readonly #ahead = new Set<Buffer>();
  #progress: ReadingProgress = { sequence: 0, confirmed: 0, logs: 0 };
  /** As it was told last, and as it is on the disk. */
  #position: Json | undefined;
  #written: Json | undefined;
  #keys: Buffer[] = [];
  #isDirty = false;
  #file: FileHandle | undefined;
  #size = 0;
  #begunWith = 0;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #complained = false;

  /** `syncKept` brings to the disk what was read and is not confirmed: it must be there before the journal tells of it. */
  constructor(path: string, syncKept: () => Promise<void> = async () => {}) {
    this.path = path;
    this.#syncKept = syncKept;
  }

  /** Where the source goes on. */
  get position(): Json | undefined {
    return this.#position;
  }

  get progress(): Readonly<ReadingProgress> {
    return this.#progress;
  }

  /** Reads what an earlier run has left. Never throws: without a journal, all is read again. */
  async open(): Promise<void> {
    const damages: Damage[] = [];
    const reader = new SegmentReader(this.path, (damage) => damages.push(damage));
    let isWhole = true;
    try {
      const { size } = await stat(this.path);
      for (let record = await reader.next(size); record; record = await reader.next(size)) {
        isWhole = this.#take(record as unknown as StoredRecord<Head>) && isWhole;
        if (record.head.kind === 'state') this.#begunWith = reader.end;
      }
      isWhole &&= reader.end > 0 || size === 0;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#complain('read', error);
      return;
    } finally {
      await reader.close();
    }
    const { end } = reader;
    // A kill may leave the last record unfinished; more than that is damage.
    if (damages.length === 0 && isWhole) {
      this.#size = end;
      return;
    }
    const aside = `${this.path}.damaged`;
    await copyFile(this.path, aside).catch(() => {});
    const where = damages.map(({ from, to }) => `bytes ${from} to ${to}`).join(', ') || `behind byte ${end}`;
    log.warn(
      `the journal ${this.path} is damaged (${where}); kept as ${aside}. ${this.#position === undefined ? 'All logs are read again' : 'Logs are read again from the last place that is known'}; those that were stored are recognised by their ids, but a copy of a log whose earlier copies are forgotten may be taken for one of them`,
    );
    this.#size = Number.POSITIVE_INFINITY;
  }

  /**
   * Counts the copies of a batch's contents, by the first halves of their keys, 8 bytes each, and returns how many of each
   * came before. `again`: an earlier run has counted them, and each gets one of the numbers that it gave.
   */
  count(keys: Buffer, again = false): number[] {
    if (!again) {
      this.#ahead.add(keys);
      return this.#counts.add(keys, 1);
    }
    // Copies are alike, so that it matters which numbers are given, and not to which of them. What the source does not
    // hold any more came first: so the newest numbers are.
    const counted = this.#counts.add(keys, 0);
    return this.#again
      .add(keys, 1)
      .map((given, n) => (given < counted[n]! ? counted[n]! - 1 - given : given));
  }

  /** A batch was read, whose keys `count` has counted. It is written soon. */
  advance({ sequence, logs, keys, position }: Advance): void {
    this.#progress = { ...this.#progress, sequence, logs: this.#progress.logs + logs };
    if (position !== undefined) this.#position = position;
    this.#ahead.delete(keys);
    if (keys.length > 0) this.#keys.push(keys);
    this.#touch();
  }

  /** All batches up to this one are safe in the sink. It is written soon. */
  confirm(sequence: number): void {
    this.#progress = { ...this.#progress, confirmed: Math.max(this.#progress.confirmed, sequence) };
    this.#touch();
  }

  /** Resolves once all that was told is on the disk. Returns whether it is: trouble is logged, a run can do without. */
  async sync(): Promise<boolean> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.then(() => this.#write());
    await this.#writing;
    return !this.#isDirty;
  }

  async close(): Promise<void> {
    await this.sync();
    await this.#file?.close();
    this.#file = undefined;
  }

  #touch(): void {
    this.#isDirty = true;
    // The first at once: where there is none, the next run begins anew, and passes over what was rotated before it.
    this.#timer ??= setTimeout(() => void this.sync(), this.#size === 0 ? 0 : WRITE_EVERY_MS);
  }

  /** Takes a record in; `false` where it does not follow on what is before it. */
  #take({ head, body }: StoredRecord<Head>): boolean {
    if (head.kind === 'keys') {
      this.#counts.load({ ...head, piece: body });
      return true;
    }
    const { sequence, confirmed, logs } = head;
    this.#progress = { sequence, confirmed, logs };
    if (head.kind === 'state') this.#position = this.#written = head.position;
    else {
      this.#counts.add(body, 1);
      if (head.step === undefined) return true;
      try {
        this.#position = this.#written = applyStep(this.#written, head.step);
      } catch {
        return false;
      }
    }
    return true;
  }

  async #write(): Promise<void> {
    if (!this.#isDirty) return;
    const isBegunAnew = this.#size > this.#begunWith + GROWS_BY;
    let keys: Buffer[] = [];
    try {
      const file = isBegunAnew ? await openFile(`${this.path}.tmp`, 'w') : await this.#opened();
      // All as it is at one moment: until it is written, nothing is waited for.
      keys = this.#keys;
      this.#keys = [];
      this.#isDirty = false;
      const position = this.#position;
      if (isBegunAnew) await this.#begin(file, position);
      else await this.#append(file, keys, position);
      this.#written = position;
      this.#complained = false;
    } catch (error) {
      this.#keys.unshift(...keys);
      this.#isDirty = true;
      this.#complain('written', error);
    }
  }

  async #opened(): Promise<FileHandle> {
    if (!this.#file) {
      this.#file = await openFile(this.path, 'a');
      await this.#file.truncate(this.#size);
    }
    return this.#file;
  }

  async #append(file: FileHandle, keys: readonly Buffer[], position: Json | undefined): Promise<void> {
    const step = position === undefined ? undefined : findStep(this.#written, position);
    const head: Head = { kind: 'step', ...this.#progress, ...(step ? { step } : {}) };
    const record = writeRecord(head, Buffer.concat(keys));
    try {
      await this.#syncUnconfirmed();
      for (let done = 0; done < record.length; ) done += writeSync(file.fd, record, done);
      await file.datasync();
    } catch (error) {
      await file.truncate(this.#size).catch(() => {});
      throw error;
    }
    this.#size += record.length;
  }

  /** Writes the whole state, piece by piece, to a new file, in the place of the old one. */
  async #begin(file: FileHandle, position: Json | undefined): Promise<void> {
    let size = 0;
    const write = (head: Head, body: Buffer = NOTHING): void => {
      // The tables are large: they are not copied.
      for (const part of [writeHead(head, body), body]) {
        appendFileSync(file.fd, part);
        size += part.length;
      }
    };
    try {
      for (const keys of this.#ahead) this.#counts.add(keys, -1);
      try {
        for (const { piece, ...of } of this.#counts.dump()) write({ kind: 'keys', ...of }, piece);
      } finally {
        for (const keys of this.#ahead) this.#counts.add(keys, 1);
      }
      write({ kind: 'state', ...this.#progress, ...(position === undefined ? {} : { position }) });
      await this.#syncUnconfirmed();
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(`${this.path}.tmp`, this.path);
    await this.#file?.close();
    this.#file = undefined;
    this.#size = this.#begunWith = size;
  }

  async #syncUnconfirmed(): Promise<void> {
    if (this.#progress.confirmed < this.#progress.sequence) await this.#syncKept();
  }

  #complain(what: string, error: unknown): void {
    if (this.#complained) return;
    this.#complained = true;
    log.warn(
      `the journal ${this.path} can't be ${what} (${reasonOf(error)}); a restart will read more logs again`,
    );
  }
}

async function openFile(path: string, flags: string): Promise<FileHandle> {
  await mkdir(dirname(path), { recursive: true });
  return open(path, flags, 0o600);
}
