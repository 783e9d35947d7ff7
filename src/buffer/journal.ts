import { appendFileSync, writeSync } from 'node:fs';
import { copyFile, type FileHandle, mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { reasonOf } from '../util/errors.ts';
import type { Json } from '../util/json.ts';
import { log } from '../util/log.ts';
import { KeyCounts } from './key-counts.ts';
import { applyStep, findStep, type Step } from './position-step.ts';
import { readRecords, type StoredRecord, writeRecord } from './records.ts';

/** A journal that lags loses nothing, so it is not written more often than this, in ms. */
const WRITE_EVERY_MS = 1_000;
/** When it has grown by this much since it was begun, and to twice its size, it is begun anew. */
const GROWS_BY = 16 << 20;

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

type Head =
  | { kind: 'keys'; age: number }
  | (ReadingProgress & { kind: 'state'; position?: Json })
  | (ReadingProgress & { kind: 'step'; step?: Step });

/**
 * One file that tells a later run where to read on, which copies of which logs have come, and what of it is confirmed:
 * a state, and steps behind it, each with a checksum. What can't be believed is told, copied aside, and left out.
 */
export class Journal {
  readonly path: string;
  /** Is waited for before what was told until then counts as written: what that relies on is on the disk behind it. */
  beforeWrite: () => Promise<void> = async () => {};
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

  constructor(path: string) {
    this.path = path;
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
    let bytes: Buffer;
    try {
      bytes = await readFile(this.path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#complain('read', error);
      return;
    }
    const { records, damages, end } = readRecords(bytes);
    let isWhole = true;
    for (const record of records) isWhole = this.#take(record as unknown as StoredRecord<Head>) && isWhole;
    // A kill may leave the last record unfinished; more than that is damage.
    if (damages.length === 0 && isWhole && (records.length > 0 || bytes.length === 0)) {
      this.#size = this.#begunWith = end;
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
      this.#counts.load({ age: head.age, keys: body });
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
    const isBegunAnew = this.#size > 2 * this.#begunWith + GROWS_BY;
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
      await this.beforeWrite();
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
    const write = (head: Head, body?: Buffer): void => {
      const record = writeRecord(head, body);
      appendFileSync(file.fd, record);
      size += record.length;
    };
    try {
      for (const keys of this.#ahead) this.#counts.add(keys, -1);
      try {
        for (const { age, keys } of this.#counts.dump()) write({ kind: 'keys', age }, keys);
      } finally {
        for (const keys of this.#ahead) this.#counts.add(keys, 1);
      }
      write({ kind: 'state', ...this.#progress, ...(position === undefined ? {} : { position }) });
      await this.beforeWrite();
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(`${this.path}.tmp`, this.path);
    await this.#file?.close();
    this.#file = undefined;
    this.#size = this.#begunWith = size;
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
