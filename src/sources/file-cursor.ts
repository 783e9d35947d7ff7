import { isAscii } from 'node:buffer';
import { HEAD_BYTES, printOf, TAIL_BYTES } from './file-look.ts';
import { cutLogs, entriesOf } from './log-lines.ts';

/** More text than this without a new entry is handed on as it is, and refused as too large. */
const LONGEST_ENTRY = 16 << 20;
const NEWLINE = 0x0a;
const RETURN = 0x0d;

/** How far a log was read, and by what its file is known again, whatever it is called then. */
export interface Mark {
  /** Up to this byte, unpacked. */
  end: number;
  /** The print of its first bytes, at most `HEAD_BYTES`, and not beyond `end`. */
  head: string;
  /** The print of the last bytes before `end`, at most `TAIL_BYTES`. */
  tail: string;
}

/** An entry. */
export interface Item {
  text: string;
  /** What is read with it. */
  mark(): Mark;
  /** Only the next one's mark stands behind it: the two are handed on together. */
  isMixed: boolean;
}

/** What of a log was read, and which of it is not a whole entry yet. */
export class Cursor {
  /** The byte up to which it was read. */
  at = 0;
  /** Its first bytes, as far as it was read. */
  head: Buffer = Buffer.alloc(0);
  /** The last bytes before `at`. */
  tail: Buffer = Buffer.alloc(0);
  #rest: Buffer = Buffer.alloc(0);
  #whole: { head: string } | undefined;

  /** How many bytes are read, and in no entry. */
  get restLength(): number {
    return this.#rest.length;
  }

  /** What was read ends with a line. */
  get endsLine(): boolean {
    return this.#rest.at(-1) === NEWLINE;
  }

  /** Goes on behind `end`, whose bytes before it, and the file's first ones, are given. */
  resume(end: number, head: Buffer, tail: Buffer): void {
    this.at = end;
    this.head = head.subarray(0, Math.min(end, HEAD_BYTES));
    this.tail = tail;
    this.#rest = Buffer.alloc(0);
  }

  /** Takes the bytes behind `at` in, and returns the entries that are whole. */
  add(bytes: Buffer): Item[] {
    this.at += bytes.length;
    if (this.head.length < HEAD_BYTES) this.head = Buffer.concat([this.head, bytes]).subarray(0, HEAD_BYTES);
    this.tail = Buffer.from(
      bytes.length >= TAIL_BYTES
        ? bytes.subarray(-TAIL_BYTES)
        : Buffer.concat([this.tail, bytes]).subarray(-TAIL_BYTES),
    );
    let news = bytes;
    if (this.#rest.length === 0 && bytes[0] === 0) {
      const text = bytes.findIndex((byte) => byte !== 0);
      news = text < 0 ? bytes.subarray(bytes.length) : bytes.subarray(text);
    }
    this.#rest = this.#rest.length > 0 ? Buffer.concat([this.#rest, news]) : news;
    return this.take(this.#rest.length > LONGEST_ENTRY);
  }

  /** The entries that are whole, or, where nothing more follows them (`ended`), all. */
  take(ended: boolean): Item[] {
    if (this.#rest.length === 0) return [];
    const { items, length } = this.#cut(this.#rest, ended);
    this.#rest = Buffer.from(this.#rest.subarray(length));
    return items;
  }

  /** What was read of it, and is in an entry. */
  #markAt(end: number, before: Buffer): Mark {
    if (end >= HEAD_BYTES) {
      this.#whole ??= { head: printOf(this.head) };
      return { end, head: this.#whole.head, tail: printOf(before) };
    }
    return { end, head: printOf(this.head.subarray(0, end)), tail: printOf(before) };
  }

  #cut(bytes: Buffer, ended: boolean): { items: Item[]; length: number } {
    const from = this.at - bytes.length;
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
      const end = from + next;
      const mark = (): Mark =>
        this.#markAt(end, bytes.subarray(Math.max(0, end - from - TAIL_BYTES), end - from));
      for (const text of entriesOf(span, textOf)) items.push({ text, mark, isMixed: true });
      items.at(-1)!.isMixed = span.mixed === true;
    }
    return { items, length: ended ? bytes.length : next };
  }
}
