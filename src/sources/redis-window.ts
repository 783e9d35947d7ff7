import { createHash, randomBytes } from 'node:crypto';
import type { Entry } from '../entry.ts';
import type { Loaded, View } from './list-cursor.ts';
import { AnswerTooLargeError } from './redis-connection.ts';
import type { RedisPages } from './redis-pages.ts';
import type { Unreadable } from './source.ts';
import { alignGrown, fingerprint } from './window.ts';

/**
 * The most text of the windows of all lists that is held at once, in UTF-16 units: of the oldest entries, which are wanted
 * first; the others are read again when they are needed.
 */
const MAX_TEXT = 16 << 20;
/** The same of what `load` answers. */
const MAX_LOADED = 4 << 20;
/** A page is joined to what was read by this many entries before it. */
const ANCHOR = 8;
const RESTARTS = 5;
/** What the fingerprint of an entry that can't be read begins with; of others, none does. */
const UNREADABLE = '!';

/** An entry that can't be read stands here. */
export function isUnreadable(print: string | undefined): boolean {
  return print?.startsWith(UNREADABLE) === true;
}

/** The list as the last window showed it: where entries that can't be read are to be expected. */
export interface ExpectedWindow {
  length: number;
  prints: readonly string[];
}

/**
 * The newest entries of a Redis list as they were when reading began, newest first: read in pages that are bounded by bytes, and joined
 * though the list grows meanwhile. An entry too large to be held keeps its place, and is passed over.
 */
export class RedisWindow implements View {
  length = 0;
  readonly prints: string[] = [];
  /** How many entries, the oldest, were trimmed while the window was read. */
  trimmed = 0;
  readonly #pages: RedisPages;
  readonly #name: string;
  /** The entries from the place `#heldFrom` on. */
  #held: string[] = [];
  #heldFrom = 0;
  #text = 0;
  /** How far the list has moved since reading began. */
  #shift = 0;

  private constructor(pages: RedisPages, name: string) {
    this.#pages = pages;
    this.#name = name;
  }

  /** Reads the newest `count` entries, or all. `name` tells people which list. */
  static async read(
    pages: RedisPages,
    name: string,
    expected: ExpectedWindow,
    count = Number.POSITIVE_INFINITY,
  ): Promise<RedisWindow> {
    for (let tries = 0; tries < RESTARTS; tries++) {
      const window = new RedisWindow(pages, name);
      if (await window.#fill(expected, count)) return window;
    }
    throw new Error('the list changes faster than its pages can be read');
  }

  /** Returns `false` where the list became another meanwhile. */
  async #fill(expected: ExpectedWindow, count: number): Promise<boolean> {
    // What is newer only moves them further back.
    const giants = expected.prints.slice(0, count).flatMap((print, at) => (isUnreadable(print) ? [at] : []));
    let most = Number.POSITIVE_INFINITY;
    if (giants.length > 0) this.length = await this.#pages.length();
    for (;;) {
      const at = this.prints.length;
      const next = this.#nextGiant(giants, expected);
      if (next?.at === at && at < count) {
        this.#add([next.print], [undefined]);
        continue;
      }
      const room = Math.min(count, next?.at ?? count, at + most) - at;
      const size = Math.min(room, this.#pages.size, at > 0 ? this.length - at : room);
      if (size <= 0) return true;
      const [anchor, back] = this.#anchor();
      try {
        const page = await this.#pages.read(at + this.#shift, size, anchor, back);
        if (at === 0) this.length = page.length;
        const moved = this.#moved(page.anchor, page.length, at - back);
        if (moved === undefined) return false;
        this.#shift += moved;
        const entries = page.entries.slice(moved);
        this.#add(this.#pages.print(entries), entries);
        if (page.entries.length < size) {
          this.trimmed = Math.max(0, Math.min(count, this.length) - this.prints.length);
          this.length = this.prints.length;
          return true;
        }
        most = Number.POSITIVE_INFINITY;
      } catch (error) {
        if (!(error instanceof AnswerTooLargeError)) throw error;
        most = Math.max(1, size >> 3);
        if (size > 1) continue;
        // What stood before may have moved here.
        const page = await this.#pages.read(at + this.#shift, 0, anchor, back);
        if (at === 0) this.length = page.length;
        const moved = this.#moved(page.anchor, page.length, at - back);
        if (moved === undefined) return false;
        this.#shift += moved;
        if (moved === 0)
          this.#add([UNREADABLE + randomBytes(7).toString('base64').slice(0, 10)], [undefined]);
      }
    }
  }

  /** Where the next of the entries stands that could not be read last time. */
  #nextGiant(giants: readonly number[], expected: ExpectedWindow): { at: number; print: string } | undefined {
    if (giants.length === 0) return undefined;
    const grown = this.prints.length > 0 ? alignGrown(expected.prints, this.prints) : undefined;
    if (this.prints.length > 0 && !grown) return undefined;
    const moved = grown?.fresh.length ?? Math.max(0, this.length - expected.length);
    const place = giants.find((giant) => giant + moved >= this.prints.length);
    return place === undefined ? undefined : { at: place + moved, print: expected.prints[place]! };
  }

  /** The last readable entries that stand together: how many, and how far back the first of them is. */
  #anchor(): [count: number, back: number] {
    const { prints } = this;
    let end = prints.length;
    while (end > 0 && isUnreadable(prints[end - 1])) end--;
    let from = end;
    while (from > 0 && end - from < ANCHOR && !isUnreadable(prints[from - 1])) from--;
    return [end - from, prints.length - from];
  }

  /** How far the list has moved on, by where it now has the entries that stood at `from`; `undefined`: it is another. */
  #moved(anchor: readonly string[], length: number, from: number): number | undefined {
    const least = Math.max(0, length - this.length - this.#shift);
    if (anchor.length === 0) return this.prints.length > 0 ? least : 0;
    const prints = anchor.map(fingerprint);
    for (let moved = least; moved <= from; moved++) {
      if (prints.every((print, at) => print === this.prints[from - moved + at])) return moved;
    }
    return undefined;
  }

  #add(prints: readonly string[], entries: readonly (string | undefined)[]): void {
    for (const print of prints) this.prints.push(print);
    for (const entry of entries) {
      this.#text += entry?.length ?? 0;
      this.#held.push(entry ?? '');
    }
    let gone = 0;
    while (this.#text > MAX_TEXT / this.#pages.sharers) this.#text -= this.#held[gone++]!.length;
    this.#held.splice(0, gone);
    this.#heldFrom += gone;
  }

  /** See `View`. */
  async load(places: readonly number[]): Promise<Loaded> {
    const [first] = places as [number];
    if (isUnreadable(this.prints[first])) return { taken: 1, entries: [], unreadable: [this.#tell(first)] };
    const together = places.findIndex((place, n) => isUnreadable(this.prints[place]) || place !== first - n);
    const most = together < 0 ? places.length : together;
    return first >= this.#heldFrom ? this.#loadHeld(places) : this.#loadAgain(first, most);
  }

  #loadHeld(places: readonly number[]): Loaded {
    const entries: Entry[] = [];
    let text = 0;
    for (const place of places) {
      const entry = this.#held[place - this.#heldFrom];
      if (entry === undefined || isUnreadable(this.prints[place])) break;
      text += entry.length;
      if (entries.length > 0 && text > MAX_LOADED / this.#pages.sharers) break;
      entries.push(entry);
    }
    return { taken: entries.length, entries };
  }

  /** Reads at most `most` entries once more, the oldest at `last`. */
  async #loadAgain(last: number, most: number): Promise<Loaded> {
    let taken = Math.min(most, this.#pages.size);
    let more = 0;
    for (;;) {
      const first = last - taken + 1;
      const size = taken + more;
      try {
        const { entries } = await this.#pages.read(first + this.#shift, size);
        const prints = entries.map(fingerprint);
        const moved = this.#find(prints, first, last);
        const isEnd = entries.length < size;
        if (moved !== undefined && (isEnd || moved <= more)) {
          this.#shift += moved;
          const found = entries.slice(moved, moved + taken).reverse();
          return { taken, entries: found, lost: taken - found.length };
        }
        if (isEnd) return { taken, entries: [], lost: taken };
        more = Math.max(taken, more * 4);
      } catch (error) {
        if (!(error instanceof AnswerTooLargeError)) throw error;
        // One that was read before is not too large: another has moved here.
        if (taken === 1) return { taken, entries: [], lost: taken };
        taken = Math.max(1, taken >> 3);
        more = 0;
      }
    }
  }

  /** Where the window's part from `first` to `last` begins in `prints`, the end of which may cut it off. */
  #find(prints: readonly string[], first: number, last: number): number | undefined {
    for (let moved = 0; moved < prints.length; moved++) {
      let at = moved;
      while (
        at < prints.length &&
        first + at - moved <= last &&
        prints[at] === this.prints[first + at - moved]
      )
        at++;
      if (at === prints.length || first + at - moved > last) return moved;
    }
    return undefined;
  }

  /** The dead letter for an entry that can't be read. Its identity follows from the entry behind it. */
  #tell(place: number): Unreadable {
    const behind = this.prints[place + 1] ?? '';
    const where = `entry ${place} of ${this.#name}`;
    return {
      id: createHash('sha256').update(`${this.#name} ${behind}`).digest('hex').slice(0, 32),
      entry: where,
      reason: `${where} is too large to be read: more than 32 MiB. What pushed it should not log that much at once`,
    };
  }
}
