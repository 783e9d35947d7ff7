import { type FileHandle, open } from 'node:fs/promises';
import { type Damage, findRecord, PREFIX, readRecordAt, recordLength, type StoredRecord } from './records.ts';

/** Bytes of the file that are read at once: many small records, or a part of a large one. */
const PIECE = 256 << 10;

/**
 * Reads a file of records from its beginning, one after the other, while it may still grow. It holds a piece of the file, never
 * the whole.
 */
export class SegmentReader {
  readonly path: string;
  readonly #onDamage: (damage: Damage) => void;
  #file: FileHandle | undefined;
  #room: Buffer = Buffer.alloc(0);
  /** The part of the room that is filled. */
  #piece: Buffer = this.#room;
  /** Where the piece begins in the file, and where the next record does. */
  #pieceFrom = 0;
  #at = 0;

  /** `onDamage` is told of bytes that hold no sound record, but have one behind them. */
  constructor(path: string, onDamage: (damage: Damage) => void) {
    this.path = path;
    this.#onDamage = onDamage;
  }

  /** The byte behind the last record that was read. */
  get end(): number {
    return this.#at;
  }

  /** The next record of the file's first `size` bytes; `undefined` where there is none. Its body holds until the next call. */
  async next(size: number): Promise<StoredRecord | undefined> {
    const length = recordLength(await this.#read(PREFIX, size));
    const bytes = length > 0 ? await this.#read(length, size) : undefined;
    // A damaged length makes a record seem to end anywhere: then all that is left is searched.
    const found = (bytes && readRecordAt(bytes, 0)) ?? findRecord(await this.#read(size - this.#at, size), 0);
    if (!found) return undefined;
    if (found.from > 0) this.#onDamage({ from: this.#at, to: this.#at + found.from });
    this.#at += found.end;
    return found.record;
  }

  /** `count` bytes from the next record on, or as many as there are within the file's first `size`. */
  async #read(count: number, size: number): Promise<Buffer> {
    const to = Math.min(this.#at + count, size);
    if (to > this.#pieceFrom + this.#piece.length) {
      this.#file ??= await open(this.path, 'r');
      const wanted = Math.min(Math.max(to - this.#at, PIECE), size - this.#at);
      if (wanted > this.#room.length) this.#room = Buffer.allocUnsafeSlow(wanted);
      const { bytesRead } = await this.#file.read(this.#room, 0, wanted, this.#at);
      this.#piece = this.#room.subarray(0, bytesRead);
      this.#pieceFrom = this.#at;
    }
    const from = this.#at - this.#pieceFrom;
    return this.#piece.subarray(from, from + Math.max(0, to - this.#at));
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }
}
