/** Number of keys in a generation. */
const GENERATION = 350_000;
/** Generations that are remembered whole, beside the one that grows. */
const OLD = 3;
/** The share of a table's places that may be taken. */
const LOAD = 0.8;
const FEWEST_PLACES = 1 << 10;
/** A table with as many never grows. */
const MOST_PLACES = Math.ceil(GENERATION / LOAD);
/** Of a place: two halves of the key, and the count plus one, so that 0 marks a free one. */
const WORDS = 3;
/** Bytes that `dump` answers at a time. */
const DUMPED = 1 << 20;

/** A piece of one generation's table, as it is in memory, for `load`. */
export interface DumpedKeys {
  /** Which generation: 0 for the youngest. */
  age: number;
  /** How many keys the whole table holds, and how many places it has. */
  size: number;
  places: number;
  /** The byte of the table where the piece begins. */
  from: number;
  piece: Buffer;
}

/**
 * How many copies of each content have come, by the first 64 bits of its key. A table of numbers takes a quarter of the
 * memory of a map of texts. Two contents that share these bits would be told apart as copies are, and harm nobody.
 *
 * The newest 1,050,000 keys are remembered, and up to 350,000 more: when the youngest generation is full, the oldest is
 * forgotten, but for the keys that were counted since. At most 21 MB.
 */
export class KeyCounts {
  /** Youngest first. */
  readonly #generations = [new KeyTable()];

  /** Counts `number` more copies of each key, 8 bytes, in a buffer of them; returns how many of each there were before. */
  add(keys: Buffer, number: number): number[] {
    const before: number[] = [];
    for (let at = 0; at + 8 <= keys.length; at += 8)
      before.push(this.#add(keys.readUInt32LE(at), keys.readUInt32LE(at + 4), number));
    return before;
  }

  #add(high: number, low: number, number: number): number {
    const [young] = this.#generations as [KeyTable];
    let before: number | undefined;
    for (const table of this.#generations) {
      before = table.get(high, low);
      if (before !== undefined) break;
    }
    // Counting back never falls below none.
    young.set(high, low, Math.max(0, (before ?? 0) + number));
    if (young.size >= GENERATION) {
      this.#generations.unshift(new KeyTable());
      this.#generations.splice(OLD + 1);
    }
    return before ?? 0;
  }

  /** All tables, in pieces, the oldest first: to take them back is to copy them, so that a start is short. */
  *dump(): Generator<DumpedKeys> {
    for (let age = this.#generations.length - 1; age >= 0; age--)
      for (const dumped of this.#generations[age]!.dump()) yield { age, ...dumped };
  }

  /** Takes back what `dump` has answered. */
  load({ age, ...dumped }: DumpedKeys): void {
    while (this.#generations.length <= Math.min(age, OLD)) this.#generations.push(new KeyTable());
    this.#generations[age]?.load(dumped);
  }
}

/** Open addressing over a typed array. */
class KeyTable {
  size = 0;
  #places = FEWEST_PLACES;
  #words = new Uint32Array(WORDS * FEWEST_PLACES);

  get(high: number, low: number): number | undefined {
    const count = this.#words[this.#find(high, low) + 2]!;
    return count === 0 ? undefined : count - 1;
  }

  set(high: number, low: number, count: number): void {
    const at = this.#find(high, low);
    const words = this.#words;
    const isNew = words[at + 2] === 0;
    words[at] = high;
    words[at + 1] = low;
    words[at + 2] = count + 1;
    if (isNew && ++this.size > this.#places * LOAD) this.#grow();
  }

  *dump(): Generator<Omit<DumpedKeys, 'age'>> {
    const bytes = Buffer.from(this.#words.buffer);
    for (let from = 0; from < bytes.length; from += DUMPED)
      yield { size: this.size, places: this.#places, from, piece: bytes.subarray(from, from + DUMPED) };
  }

  load({ size, places, from, piece }: Omit<DumpedKeys, 'age'>): void {
    if (places !== this.#places) {
      this.#places = places;
      this.#words = new Uint32Array(WORDS * places);
    }
    this.size = size;
    Buffer.from(this.#words.buffer).set(piece, from);
  }

  /** Where the key is, or the free place where it belongs. Keys are hashes: their own bits spread them. */
  #find(high: number, low: number): number {
    const words = this.#words;
    for (let at = WORDS * (low % this.#places); ; at += WORDS) {
      if (at === words.length) at = 0;
      if (words[at + 2] === 0 || (words[at] === high && words[at + 1] === low)) return at;
    }
  }

  #grow(): void {
    const old = this.#words;
    this.#places = Math.min(2 * this.#places, MOST_PLACES);
    const words = new Uint32Array(WORDS * this.#places);
    this.#words = words;
    for (let from = 0; from < old.length; from += WORDS) {
      if (old[from + 2] === 0) continue;
      const at = this.#find(old[from]!, old[from + 1]!);
      for (let word = 0; word < WORDS; word++) words[at + word] = old[from + word]!;
    }
  }
}
