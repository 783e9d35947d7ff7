import { mkdir, open, readdir, readFile, rename, stat, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Entry } from './entry.ts';
import { reasonOf, SidecarError } from './util/errors.ts';
import { isObject } from './util/json.ts';
import { log } from './util/log.ts';

/** An entry or document that could not be stored, and why. */
export interface DeadLetter {
  /** Where it failed: reading the entry, in a plugin, or at the sink. */
  stage: 'parse' | 'plugin' | 'sink';
  /** The plugin that failed, or the index that refused. */
  at: string;
  reason: string;
  /** The id of the event or document, where it had one. */
  id?: string | undefined;
  /** As the source gave it. */
  entry: Entry;
}

/** A dead letter as it is kept. */
export interface KeptLetter extends DeadLetter {
  /** When it was written, ISO 8601 in UTC. */
  time: string;
}

/** A line of a dead-letter file: the letter, or `undefined` where it can't be read. */
export interface LetterLine {
  text: string;
  letter: KeptLetter | undefined;
}

/** Dead letters that say the same. */
export interface ReasonGroup {
  count: number;
  stage: string;
  at: string;
  reason: string;
  /** When the first and the last of them were written. */
  first: string;
  last: string;
}

/** Letters by stage, place and reason, the most frequent first. Ids and quoted values, which differ from letter to letter, are `…`. */
export function groupedByReason(letters: Iterable<KeptLetter>): ReasonGroup[] {
  const groups = new Map<string, ReasonGroup>();
  for (const { stage, at, reason, time } of letters) {
    const general = reason.replace(/[0-9a-f]{32}(-\d+)?(\.\d+)?/g, '…').replace(/'[^']*'/g, "'…'");
    const key = `${stage} ${at} ${general}`;
    const group = groups.get(key) ?? { count: 0, stage, at, reason: general, first: time, last: time };
    groups.set(key, { ...group, count: group.count + 1, last: time });
  }
  return [...groups.values()].sort((a, b) => b.count - a.count);
}

/** A day's file is followed by another (`2026-11-24.1.ndjson`) when it reaches this share of the whole. */
const FILE_SHARE = 0.1;
const APART = '.replay';
const FILE = /^(\d{4}-\d\d-\d\d)(\.\d+)?\.ndjson(?:\.replay)?$/;

/**
 * Keeps dead letters, one JSON object a line, in a file for each day (UTC). All files together hold `maxBytes`; beyond
 * that the oldest file goes, which is logged with the number of letters in it.
 */
export class DeadLetters {
  readonly #directory: string;
  readonly #maxBytes: number;

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
    const lines = letters.map((letter) => `${JSON.stringify({ time, ...letter })}\n`).join('');
    try {
      await mkdir(this.#directory, { recursive: true, mode: 0o700 });
      await this.#makeRoom(Buffer.byteLength(lines));
      await append(await this.#fileFor(time.slice(0, 10)), lines);
    } catch (cause) {
      throw new SidecarError(
        'unreachable',
        `dead letters can't be written to ${this.#directory}: ${reasonOf(cause)}. Make room there; their logs are read again`,
        { cause },
      );
    }
  }

  /** The files' paths, oldest first; those that a broken-off replay left set apart too. */
  async files(): Promise<string[]> {
    const names = await readdir(this.#directory).catch(() => [] as string[]);
    const key = (name: string): string => name.replace(FILE, (_, day, n = '.0') => day + n);
    return names
      .filter((name) => FILE.test(name))
      .sort((a, b) => key(a).localeCompare(key(b), 'en', { numeric: true }))
      .map((name) => join(this.#directory, name));
  }

  /** The lines of one file. */
  async read(file: string): Promise<LetterLine[]> {
    const content = await readFile(file, 'utf8');
    return content
      .split('\n')
      .filter((text) => text !== '')
      .map((text) => ({ text, letter: parseLetter(text) }));
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

  /** Puts back what a replay that broke off left set apart. */
  async recover(): Promise<void> {
    for (const file of await this.files()) if (file.endsWith(APART)) await this.putBack(file, new Set());
  }

  /** Renames a file for a replay, so that letters written meanwhile go to a new one. Answers its path. */
  async setApart(file: string): Promise<string> {
    await rename(file, file + APART);
    return file + APART;
  }

  /** Ends a replay: the lines that are not `gone` return to the file they came from. */
  async putBack(apart: string, gone: ReadonlySet<string>): Promise<void> {
    const left = (await this.read(apart)).filter(({ text }) => !gone.has(text));
    if (left.length > 0)
      await append(apart.slice(0, -APART.length), left.map(({ text }) => `${text}\n`).join(''));
    await unlink(apart);
  }

  /** The day's last file, or one behind it where that is full. */
  async #fileFor(day: string): Promise<string> {
    const last = (await this.files()).filter((file) => basename(file).startsWith(day)).at(-1);
    if (last === undefined) return join(this.#directory, `${day}.ndjson`);
    const full = (await sizeOf(last)) >= this.#maxBytes * FILE_SHARE;
    const n = Number(FILE.exec(basename(last))?.[2]?.slice(1) ?? 0) + (full ? 1 : 0);
    return join(this.#directory, n === 0 ? `${day}.ndjson` : `${day}.${n}.ndjson`);
  }

  async #makeRoom(bytes: number): Promise<void> {
    const files = await this.files();
    const sizes = await Promise.all(files.map(sizeOf));
    let total = sizes.reduce((sum, size) => sum + size, bytes);
    for (const [n, file] of files.entries()) {
      if (total <= this.#maxBytes) return;
      const letters = (await readFile(file, 'utf8')).split('\n').length - 1;
      await unlink(file);
      total -= sizes[n] ?? 0;
      log.error(
        `dead letters reached dead_letters.max_bytes (${this.#maxBytes}): deleted ${file}, the oldest, with ${letters} letters`,
      );
    }
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

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}

function parseLetter(text: string): KeptLetter | undefined {
  try {
    const letter = JSON.parse(text);
    return isObject(letter) && 'entry' in letter ? (letter as unknown as KeptLetter) : undefined;
  } catch {
    return undefined;
  }
}
