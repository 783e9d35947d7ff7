import { createReadStream } from 'node:fs';

/**
 * The lines of a file, without their ends. Node's own `readline` would also cut at U+2028, which JSON holds
 * unescaped.
 */
export async function* linesOf(path: string): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of createReadStream(path, { encoding: 'utf8', highWaterMark: 1 << 20 })) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() as string;
    yield* lines;
  }
  if (rest !== '') yield rest;
}

/** Lines in UTF-8, one behind another, of which some can be taken again. */
export class Lines {
  /** All of them. */
  readonly bytes: Buffer;
  readonly #ends: number[] = [];

  /** `texts`: the lines, with their ends. */
  constructor(texts: readonly string[]) {
    let left = texts.reduce((sum, { length }) => sum + length, 0);
    // Room for ASCII, and for one text of any script; a unit of UTF-16 takes three bytes at the most.
    let bytes = Buffer.allocUnsafe(left + (1 << 14));
    let end = 0;
    for (const text of texts) {
      if (bytes.length - end < text.length * 3)
        bytes = Buffer.concat([bytes.subarray(0, end)], end + left * 3);
      end += bytes.write(text, end);
      left -= text.length;
      this.#ends.push(end);
    }
    this.bytes = bytes.subarray(0, end);
  }

  /** How many there are. */
  get length(): number {
    return this.#ends.length;
  }

  /** The lines at these places, which ascend. */
  at(places: readonly number[]): Buffer {
    if (places.length === this.length) return this.bytes;
    return Buffer.concat(places.map((place) => this.bytes.subarray(this.#start(place), this.#ends[place])));
  }

  /** How many bytes the line at this place has. */
  sizeOf(place: number): number {
    return this.#ends[place]! - this.#start(place);
  }

  #start(place: number): number {
    return place === 0 ? 0 : this.#ends[place - 1]!;
  }
}
