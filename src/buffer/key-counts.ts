/** Number of keys in a generation. */
const GENERATION = 350_000;
/** Generations that are remembered whole, beside the one that grows. */
const OLD = 3;
/** The share of a table's places that may be taken. */
const LOAD = 0.8;
const FEWEST_PLACES = 1 << 10;
/** A table with as many never grows. */
const MOST_PLACES = Math.ceil(GENERATION / LOAD);
/** Bytes of a place: eight of the key, and one of the count plus one, so that 0 marks a free one. */
const PLACE_BYTES = 9;
/** Stands in that byte for a larger count. */
const MANY = 255;
/** Bytes that `dump` answers at a time. */
const DUMPED = 1 << 20;

/** A piece of one generation's table, as it is in memory, for `load`. */
export interface DumpedKeys {
  /** Which generation: 0 for the youngest. */
  age: number;
  /** How many keys the whole table holds, and how many places it has. */
  size: number;
  places: number;
  /** Counts that do not fit into the table, with their places; the first piece has them. */
  many: [place: number, count: number][];
  /** The byte of the table where the piece begins. */
  from: number;
  piece: Buffer;
}

/**
 * How many copies of each content have come, by the first 64 bits of its key. A table of numbers takes a quarter of the
 * memory of a map of texts. Two contents that share these bits would be told apart as copies are, and harm nobody.
 *
 * The newest 1,050,000 keys are remembered, and up to 350,000 more: when the youngest generation is full, the oldest is
 * forgotten, but for the keys that were counted since. At most 16 MB.
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

/** Open addressing over typed arrays. */
class KeyTable {
  size = 0;
  #places = 0;
  #bytes = new Uint8Array();
  /** Views of these bytes: both halves of each place's key, and then the counts. */
  #halves = new Uint32Array();
  #counts = new Uint8Array();
  #many = new Map<number, number>();

  constructor() {
    this.#allocate(FEWEST_PLACES);
  }

  get(high: number, low: number): number | undefined {
    const place = this.#find(high, low);
    const count = this.#counts[place]!;
    if (count === MANY) return this.#many.get(place);
    return count === 0 ? undefined : count - 1;
  }

  set(high: number, low: number, count: number): void {
    const place = this.#find(high, low);
    const isNew = this.#counts[place] === 0;
    this.#halves[2 * place] = high;
    this.#halves[2 * place + 1] = low;
    this.#counts[place] = Math.min(count + 1, MANY);
    if (count + 1 < MANY) this.#many.delete(place);
    else this.#many.set(place, count);
    if (isNew && ++this.size > this.#places * LOAD) this.#grow();
  }

  *dump(): Generator<Omit<DumpedKeys, 'age'>> {
    const bytes = Buffer.from(this.#bytes.buffer);
    for (let from = 0; from < bytes.length; from += DUMPED) {
      const many = from === 0 ? [...this.#many] : [];
      yield { size: this.size, places: this.#places, many, from, piece: bytes.subarray(from, from + DUMPED) };
    }
  }

  load({ size, places, many, from, piece }: Omit<DumpedKeys, 'age'>): void {
    if (places !== this.#places) this.#allocate(places);
    this.size = size;
    this.#bytes.set(piece, from);
    for (const [place, count] of many) this.#many.set(place, count);
  }

  #allocate(places: number): void {
    this.#places = places;
    this.#bytes = new Uint8Array(PLACE_BYTES * places);
    this.#halves = new Uint32Array(this.#bytes.buffer, 0, 2 * places);
    this.#counts = this.#bytes.subarray(8 * places);
    this.#many = new Map();
  }

  /** Where the key is, or the free place where it belongs. Keys are hashes: their own bits spread them. */
  #find(high: number, low: number): number {
    const halves = this.#halves;
    for (let place = low % this.#places; ; place = place + 1 === this.#places ? 0 : place + 1)
      if (this.#counts[place] === 0 || (halves[2 * place] === high && halves[2 * place + 1] === low))
        return place;
  }

  #grow(): void {
    const [halves, counts, many] = [this.#halves, this.#counts, this.#many];
    this.size = 0;
    this.#allocate(Math.min(2 * this.#places, MOST_PLACES));
    counts.forEach((count, place) => {
      if (count > 0) this.set(halves[2 * place]!, halves[2 * place + 1]!, many.get(place) ?? count - 1);
    });
  }
}
