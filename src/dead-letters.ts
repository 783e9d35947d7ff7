import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, stat, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { createKey, type DeadLetter, type KeptLetter, parseLetter, readKey, writeLetter } from './letter.ts';
import { reasonOf, SidecarError } from './util/errors.ts';
import { readLines } from './util/lines.ts';
import { log } from './util/log.ts';

/** A line of a dead-letter file. */
export interface LetterLine {
  /** Its place in the file, from 0. */
  number: number;
  text: string;
  /** `undefined` where it can't be read. */
  letter: KeptLetter | undefined;
}

/** A day's file is followed by another (`2026-11-24.1.ndjson`) when it reaches this share of the whole. */
const FILE_SHARE = 0.1;
/** Letters are written in pieces of about this many UTF-16 units: all of a batch may be more than a string can hold. */
const PIECE = 8 << 20;
const APART = '.replay';
const FILE = /^(\d{4}-\d\d-\d\d)(\.\d+)?\.ndjson(?:\.replay)?$/;
const NEWLINE = 0x0a;

/**
 * Keeps dead letters, one JSON object a line, in a file for each day (UTC); a letter that is there already is not
 * written again. All files together hold `maxBytes`; beyond that the oldest file goes, which is logged with the number
 * of letters in it.
 */
export class DeadLetters {
  readonly #directory: string;
  readonly #maxBytes: number;
  /** The keys of the letters that are kept, read when the first one is added. */
  #keys: Set<string> | undefined;
  /** How large each file was when it was looked at last. */
  #sizes = new Map<string, number>();

  constructor(directory: string, maxBytes: number) {
    this.#directory = directory;
    this.#maxBytes = maxBytes;
  }

  /**
   * Resolves once the letters are on disk. Throws `SidecarError` (`unreachable`) where they can't be: their batch
   * must not be confirmed then.
   */
  async add(letters: readonly DeadLetter[]): Promise<void> {
    if (letters.length === 0) return;
    const time = new Date().toISOString();
    try {
      await mkdir(this.#directory, { recursive: true, mode: 0o700 });
      let piece: string[] = [];
      let size = 0;
      const write = async (): Promise<void> => {
        if (piece.length > 0) await this.#write(piece, time.slice(0, 10));
        piece = [];
        size = 0;
      };
      for (const letter of letters) {
        if (await this.#isKept(createKey(letter))) continue;
        const line = writeLetter({ time, ...letter });
        piece.push(line);
        size += line.length;
        if (size >= PIECE) await write();
      }
      await write();
    } catch (cause) {
      // What was noted as kept may not be.
      this.#keys = undefined;
      throw new SidecarError(
        'unreachable',
        `dead letters can't be written to ${this.#directory}: ${reasonOf(cause)}. Make room there; their logs are read again`,
        { cause },
      );
    }
  }

  /** The files' paths, oldest first; those that an interrupted replay left set apart too. */
  async files(): Promise<string[]> {
    const names = await readdir(this.#directory).catch(() => [] as string[]);
    const key = (name: string): string => name.replace(FILE, (_, day, n = '.0') => day + n);
    return names
      .filter((name) => FILE.test(name))
      .sort((a, b) => key(a).localeCompare(key(b), 'en', { numeric: true }))
      .map((name) => join(this.#directory, name));
  }

  /** The lines of one file, from its beginning. */
  async *read(file: string): AsyncGenerator<LetterLine> {
    let number = 0;
    for await (const text of readLines(file)) {
      if (text !== '') yield { number, text, letter: parseLetter(text) };
      number++;
    }
  }

  /** The letters in the last `bytes` of all files, oldest first, and whether there are more. */
  async newest(bytes: number): Promise<{ letters: KeptLetter[]; more: boolean }> {
    const letters: KeptLetter[] = [];
    let left = bytes;
    for (const path of (await this.files()).reverse()) {
      if (left <= 0) return { letters, more: true };
      const file = await open(path).catch(() => undefined);
      if (!file) continue;
      try {
        const { size } = await file.stat();
        const { buffer } = await file.read(
          Buffer.alloc(Math.min(left, size)),
          0,
          undefined,
          Math.max(0, size - left),
        );
        const lines = buffer.toString().split('\n');
        // The first may be cut off.
        if (size > left) lines.shift();
        letters.unshift(...lines.map(parseLetter).filter((letter) => letter !== undefined));
        if (size > left) return { letters, more: true };
        left -= size;
      } finally {
        await file.close();
      }
    }
    return { letters, more: false };
  }

  /** Puts back what an interrupted replay left set apart. */
  async recover(): Promise<void> {
    for (const file of await this.files())
      if (file.endsWith(APART)) await this.putBack(file, ({ text }) => `${text}\n`);
  }

  /** Renames a file for a replay, so that letters written meanwhile go to a new one. Returns its path. */
  async setApart(file: string): Promise<string> {
    await rename(file, file + APART);
    return file + APART;
  }

  /**
   * Ends a replay: the lines that `left` answers return to the file they came from; those for which it answers nothing
   * are gone. Interrupted anywhere, it can be done again: what has returned already is known by its key.
   */
  async putBack(apart: string, left: (line: LetterLine) => string | undefined): Promise<void> {
    const target = apart.slice(0, -APART.length);
    const there = new Set<string>();
    await readKeys(target, there).catch(() => {});
    let piece = '';
    for await (const line of this.read(apart)) {
      const text = left(line);
      const key = text === undefined ? undefined : readKey(text);
      if (text === undefined || (key !== undefined && there.has(key))) continue;
      piece += text;
      if (piece.length < PIECE) continue;
      await append(target, piece);
      piece = '';
    }
    if (piece !== '') await append(target, piece);
    await unlink(apart);
  }

  /** Whether a letter of this key is kept; if not, it is noted as one that is going to be. */
  async #isKept(key: string): Promise<boolean> {
    this.#keys ??= await this.#readAllKeys();
    if (this.#keys.has(key) && !(await this.#areWhole())) this.#keys = await this.#readAllKeys();
    if (this.#keys.has(key)) return true;
    this.#keys.add(key);
    return false;
  }

  /** Whether the files still hold what was read of them: a replay, or a person, may have taken letters out. */
  async #areWhole(): Promise<boolean> {
    for (const [file, size] of this.#sizes) if ((await measureFile(file)) < size) return false;
    return true;
  }

  async #readAllKeys(): Promise<Set<string>> {
    const keys = new Set<string>();
    this.#sizes = new Map();
    for (const file of await this.files()) {
      this.#sizes.set(file, await measureFile(file));
      await readKeys(file, keys);
    }
    return keys;
  }

  async #write(lines: readonly string[], day: string): Promise<void> {
    const text = lines.join('');
    await this.#makeRoom(Buffer.byteLength(text));
    const file = await this.#fileFor(day);
    await append(file, text);
    this.#sizes.set(file, await measureFile(file));
  }

  /** The day's last file, or one behind it where that is full. */
  async #fileFor(day: string): Promise<string> {
    const last = (await this.files()).filter((file) => basename(file).startsWith(day)).at(-1);
    if (last === undefined) return join(this.#directory, `${day}.ndjson`);
    const full = (await measureFile(last)) >= this.#maxBytes * FILE_SHARE;
    const n = Number(FILE.exec(basename(last))?.[2]?.slice(1) ?? 0) + (full ? 1 : 0);
    return join(this.#directory, n === 0 ? `${day}.ndjson` : `${day}.${n}.ndjson`);
  }

  async #makeRoom(bytes: number): Promise<void> {
    const files = await this.files();
    const sizes = await Promise.all(files.map(measureFile));
    let total = sizes.reduce((sum, size) => sum + size, bytes);
    for (const [n, file] of files.entries()) {
      if (total <= this.#maxBytes) return;
      const letters = await countLines(file);
      await unlink(file);
      this.#sizes.delete(file);
      total -= sizes[n] ?? 0;
      log.error(
        `dead letters reached dead_letters.max_bytes (${this.#maxBytes}): deleted ${file}, the oldest, with ${letters} letters`,
      );
    }
  }
}

/** How many lines a file has. */
export async function countLines(file: string): Promise<number> {
  let count = 0;
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>)
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1)) count++;
  return count;
}

/** Adds the keys of a file's letters. */
async function readKeys(file: string, keys: Set<string>): Promise<void> {
  for await (const line of readLines(file)) {
    const key = readKey(line);
    if (key !== undefined) keys.add(key);
  }
}

/** Appends lines whole, or not at all; behind a line that a kill left unfinished, they begin on one of their own. */
async function append(path: string, lines: string): Promise<void> {
  const file = await open(path, 'a+', 0o600);
  try {
    const { size } = await file.stat();
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, Math.max(0, size - 1));
    const torn = size > 0 && buffer.toString() !== '\n';
    try {
      await file.appendFile(torn ? `\n${lines}` : lines);
      await file.sync();
    } catch (error) {
      await file.truncate(size);
      throw error;
    }
  } finally {
    await file.close();
  }
}

async function measureFile(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}
