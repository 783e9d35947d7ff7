import { createReadStream } from 'node:fs';

/** In UTF-16 units; V8's strings hold twice as many. */
const LONGEST_LINE = 1 << 28;

/**
 * The lines of a file, without their ends. Node's own `readline` would also cut at U+2028, which JSON holds
 * unescaped. Throws where one is longer than 2^28 characters.
 */
export async function* readLines(path: string): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of createReadStream(path, { encoding: 'utf8', highWaterMark: 1 << 20 })) {
    const lines = (chunk as string).split('\n');
    lines[0] = rest + lines[0];
    rest = lines.pop() as string;
    if (rest.length > LONGEST_LINE)
      throw new Error(`a line of ${path} is longer than ${LONGEST_LINE} characters`);
    yield* lines;
  }
  if (rest !== '') yield rest;
}

/** Room that was given back, for the next lines: to fill fresh memory costs twice as much. */
const spare: Buffer[] = [];
const MOST_SPARE = 16;
/** A larger buffer is not kept. */
const LARGEST_SPARE = 1 << 20;

function takeRoom(bytes: number): Buffer {
  const fit = spare.findIndex(({ length }) => length >= bytes);
  return fit < 0 ? Buffer.allocUnsafeSlow(Math.max(bytes, 1 << 18)) : spare.splice(fit, 1)[0]!;
}

/** Lines in UTF-8, one behind another, of which some can be taken again. */
export class Lines {
  /** All of them. */
  readonly bytes: Buffer;
  readonly #room: Buffer;
  readonly #ends: number[] = [];

  /** `texts`: the lines, with their ends. */
  constructor(texts: readonly string[]) {
    let left = texts.reduce((sum, { length }) => sum + length, 0);
    // Room for ASCII, and for one text of any script; a unit of UTF-16 takes at most three bytes.
    let room = takeRoom(left + (1 << 14));
    let end = 0;
    for (const text of texts) {
      if (room.length - end < text.length * 3) room = Buffer.concat([room.subarray(0, end)], end + left * 3);
      end += room.write(text, end);
      left -= text.length;
      this.#ends.push(end);
    }
    this.#room = room;
    this.bytes = room.subarray(0, end);
  }

  /** Gives their room back: nothing may read them, or what `at` answered, from now on. */
  release(): void {
    if (this.#room.length <= LARGEST_SPARE && spare.length < MOST_SPARE) spare.push(this.#room);
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
