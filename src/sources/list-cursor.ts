import type { Entry } from '../entry.ts';
import { log } from '../util/log.ts';
import type { Batch } from './source.ts';
import { type Alignment, align, alignRestored } from './window.ts';

/** What a list showed at one moment, newest first; `entries` may be fewer than its `length`. */
export interface View {
  length: number;
  entries: Entry[];
  /** The entries' fingerprints. */
  prints: string[];
}

/** What one read found, oldest first. */
export interface Found {
  /** The list's length. */
  length: number;
  entries: Entry[];
  /** So many of the entries, the oldest, an earlier run has confirmed. */
  known: number;
  /** Fingerprints of the list as it is known from now on, newest first. */
  window: readonly string[];
  gap?: string | undefined;
}

/** What is confirmed: fingerprints, newest first, and how long the list was when they were its newest entries. */
interface Position {
  length: number;
  prints: readonly string[];
}

/** A place in a list that grows at its front and is cut at its end, kept as fingerprints of a window of it. */
export class ListCursor {
  readonly #name: string;
  readonly #keep: number;
  #seen: readonly string[];
  #length: number;

  /**
   * `name` tells people which list. `position` is one that a batch once had; anything else is ignored.
   * `keep` is the most fingerprints that are remembered.
   */
  constructor(name: string, position: unknown, keep = Number.POSITIVE_INFINITY) {
    this.#name = name;
    this.#keep = keep;
    const saved = savedPosition(position);
    this.#seen = saved.prints;
    this.#length = saved.length;
  }

  /** Fingerprints of the window read last, newest first. */
  get seen(): readonly string[] {
    return this.#seen;
  }

  /** How long the list was then. */
  get length(): number {
    return this.#length;
  }

  /** How many entries, the newest, are copies of each other: a probe of one more would notice a further copy. */
  get run(): number {
    const at = this.#seen.findIndex((print) => print !== this.#seen[0]);
    return at < 0 ? this.#seen.length : at;
  }

  /** A probe of the newest entries shows what was there before. */
  unchanged({ length, prints }: View): boolean {
    return length === this.#length && prints.every((print, at) => print === this.#seen[at]);
  }

  /** How a view lies to what was read last; of the growth of the list, `missing` may be entries it does not show. */
  align({ length, prints }: View, missing = 0): Alignment | undefined {
    const least = Math.max(0, length - this.#length - missing);
    return align(this.#seen, prints, least) ?? alignRestored(this.#seen, prints);
  }

  /**
   * Takes the newest `take` entries of a view, and remembers the view. `lost`: it shares nothing with the one
   * before, though it should.
   */
  accept(view: View, take: number, aligned: Alignment | undefined, lost: boolean): Found {
    const gap = lost ? this.#gap(view) : undefined;
    const { fresh, gone = 0 } = aligned ?? { fresh: view.entries.length, gone: this.#seen.length };
    if (aligned && gone > 0)
      log.info(
        `${this.#name} is back as it once was, without its ${gone} newest entries: reading on from there`,
      );
    const window = [...view.prints.slice(0, fresh), ...this.#seen.slice(gone)].slice(0, view.length);
    this.#seen = window.slice(0, this.#keep);
    this.#length = view.length;
    return {
      length: view.length,
      entries: view.entries.slice(0, take).reverse(),
      known: take - fresh,
      window,
      gap,
    };
  }

  /** Windows that share nothing: either the list was cleared, or more came than it can hold. */
  #gap(view: View): string | undefined {
    if (view.length < this.#length) {
      log.info(`${this.#name} was cleared or replaced: reading its ${view.length} entries anew`);
      return undefined;
    }
    return `${this.#name}: all ${view.length} entries changed between two reads, so logs may have been trimmed unread. Raise the list's cap in the API, or lower PIPELINE_POLL_INTERVAL`;
  }

  /** What was found, in batches, each with the position behind it: all that is known first, then the new. */
  *split({ length, entries, known, window, gap }: Found, batchSize: number): Iterable<Batch> {
    if (known > 0) yield { entries: entries.slice(0, known), known: true };
    for (let from = known; from < entries.length; from += batchSize) {
      const newer = Math.max(0, entries.length - from - batchSize);
      yield {
        entries: entries.slice(from, from + batchSize),
        known: false,
        gap: from === 0 ? gap : undefined,
        position: { length: length - newer, prints: window.slice(newer, newer + this.#keep) },
      };
    }
  }
}

function savedPosition(position: unknown): Position {
  const { length, prints } = (position ?? {}) as Partial<Position>;
  const sound =
    Number.isSafeInteger(length) &&
    Array.isArray(prints) &&
    prints.every((print) => typeof print === 'string');
  return sound ? (position as Position) : { length: 0, prints: [] };
}
