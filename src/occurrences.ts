const KEY_LENGTH = 32;

/** So many contents are remembered at the least. Copies that name a time stand close together, within its second. */
const LIVE = { dated: 20_000, undated: 50_000 };
/** Of what is saved. */
const CONFIRMED = { dated: 4_000, undated: 4_000 };

/** Counts as a checkpoint keeps them: content key → copies seen. */
export type SavedCounts = Record<string, number>;

/**
 * Tells copies of one log apart: the first copy's id is its content key, the second's `<key>-1`, and so on in
 * the order they were written. Copies share their timestamp, so only so many recent contents are
 * remembered; contents without a time may come back at any time and are remembered apart.
 *
 * Counting runs ahead of what sinks have confirmed; `save` answers for confirmed logs only, so that after a
 * crash the same log gets the same id again.
 */
export class Occurrences {
  readonly #live: Counts;
  readonly #confirmed: Counts;

  constructor(saved: SavedCounts = {}) {
    this.#live = new Counts(LIVE, saved);
    this.#confirmed = new Counts(CONFIRMED, saved);
  }

  /** Counts one more copy of `key` and answers its id. `dated`: the log names its time. */
  identify(key: string, dated: boolean): string {
    const count = this.#live.add(key, 1, dated);
    return count === 1 ? key : `${key}-${count - 1}`;
  }

  /** Takes back one copy of `key`, which is about to be read, and counted, once more. */
  rewind(key: string, dated: boolean): void {
    this.#live.add(key, -1, dated);
  }

  /** The log of this id is safe. */
  confirm(id: string, dated: boolean): void {
    const count = id.length > KEY_LENGTH ? Number(id.slice(KEY_LENGTH + 1)) + 1 : 1;
    // The first copy of a dated content is not saved, and most contents come once.
    if (count === 1 && dated) return;
    const key = id.slice(0, KEY_LENGTH);
    this.#confirmed.raise(key, count, dated);
  }

  /**
   * What a later process must know. Dated contents seen once are left out: a source starts a little before
   * its position, and counts those anew.
   */
  save(): SavedCounts {
    return this.#confirmed.save();
  }
}

/** Counts of the newest contents. */
class Counts {
  readonly #dated: Recent;
  readonly #undated: Recent;

  constructor({ dated, undated }: typeof LIVE, saved: SavedCounts) {
    this.#dated = new Recent(dated);
    this.#undated = new Recent(undated);
    for (const [key, count] of Object.entries(saved)) this.#undated.set(key, count);
  }

  /** Adds to a count, which never falls below 0, and answers it. */
  add(key: string, number: number, dated: boolean): number {
    const counts = this.#of(key, dated);
    const count = Math.max(0, (counts.get(key) ?? 0) + number);
    counts.set(key, count);
    return count;
  }

  /** Sets a count to `count` where it is less. */
  raise(key: string, count: number, dated: boolean): void {
    const counts = this.#of(key, dated);
    if (count > (counts.get(key) ?? 0)) counts.set(key, count);
  }

  #of(key: string, dated: boolean): Recent {
    // A restored count doesn't say what it was: it stays where it is.
    return dated && this.#undated.get(key) === undefined ? this.#dated : this.#undated;
  }

  save(): SavedCounts {
    const saved: SavedCounts = {};
    for (const [key, count] of this.#undated.all()) saved[key] = count;
    for (const [key, count] of this.#dated.all()) if (count > 1) saved[key] = count;
    return saved;
  }
}

/** The keys that were set last: `limit` at the least, and fewer than twice as many. Two maps, for deleting one by one is slow. */
class Recent {
  readonly #limit: number;
  #young = new Map<string, number>();
  #old = new Map<string, number>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(key: string): number | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  set(key: string, count: number): void {
    this.#young.set(key, count);
    if (this.#young.size < this.#limit) return;
    this.#old = this.#young;
    this.#young = new Map();
  }

  /** Older ones first; a key may come twice, its newer count last. */
  *all(): Iterable<[string, number]> {
    yield* this.#old;
    yield* this.#young;
  }
}
