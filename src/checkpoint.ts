import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { SavedCounts } from './occurrences.ts';
import { reasonOf } from './util/errors.ts';
import { Lock } from './util/lock.ts';
import { log } from './util/log.ts';

const VERSION = 1;
/** A checkpoint that lags only means that some logs are read again, so it is not written more often than this. */
const WRITE_EVERY_MS = 500;

/** What a later run needs to go on where this one was. */
export interface State {
  /** The source's own position. */
  position: unknown;
  counts: SavedCounts;
}

/**
 * One file that tells a later run of the same source and sink where to go on; replaced as a whole, so that it is
 * never half written. It is a help and not the truth: without it everything is read again, and ids keep that
 * harmless.
 */
export class Checkpoint {
  readonly path: string;
  readonly #lock: Lock;
  #next: (() => State) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #writtenAt = 0;

  /** `name` says for people, and uniquely, what is read from where and written to where. */
  constructor(directory: string, name: string) {
    const readable = name.replace(/[^a-zA-Z0-9]+/g, '-').slice(0, 60);
    this.path = join(
      directory,
      `${readable}-${createHash('sha256').update(name).digest('hex').slice(0, 8)}.json`,
    );
    this.#lock = new Lock(`${this.path}.lock`);
  }

  /** Keeps other processes away until `close`. Throws `SidecarError` (`config`) where one is at work. */
  async lock(): Promise<void> {
    await this.#lock.take();
  }

  /** The state saved last; `undefined` where there is none, or none that can be read: that is set aside. */
  async load(): Promise<State | undefined> {
    let text: string;
    try {
      text = await readFile(this.path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') await this.#setAside(reasonOf(error));
      return undefined;
    }
    try {
      const { version, position, counts } = JSON.parse(text);
      if (version !== VERSION) throw new Error(`it has version ${version}, this program writes ${VERSION}`);
      const sound =
        typeof counts === 'object' && counts !== null && Object.values(counts).every(Number.isInteger);
      if (!sound) throw new Error('its counts are damaged');
      return { position, counts };
    } catch (error) {
      await this.#setAside(reasonOf(error));
      return undefined;
    }
  }

  async #setAside(reason: string): Promise<void> {
    const aside = `${this.path}.unreadable`;
    await rename(this.path, aside).catch(() => {});
    log.warn(
      `the checkpoint ${this.path} can't be used (${reason}); kept as ${aside}. All logs are read again, and known ones recognised`,
    );
  }

  /** Saves what `state` answers, soon; `state` is asked when the file is written. */
  save(state: () => State): void {
    this.#next = state;
    const wait = Math.max(0, this.#writtenAt + WRITE_EVERY_MS - performance.now());
    this.#timer ??= setTimeout(() => void this.flush(), wait);
  }

  /** Saves now what `save` was given last. Trouble with the file is logged: a run can do without. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.then(() => this.#write());
    await this.#writing;
  }

  /** Saves what is still to be saved, and gives the lock back. */
  async close(): Promise<void> {
    await this.flush();
    await this.#lock.release();
  }

  async #write(): Promise<void> {
    const state = this.#next;
    this.#next = undefined;
    if (!state) return;
    this.#writtenAt = performance.now();
    try {
      await replaceFile(this.path, JSON.stringify({ version: VERSION, ...state() }));
    } catch (error) {
      log.warn(
        `the checkpoint ${this.path} could not be written (${reasonOf(error)}); a restart will read more logs again`,
      );
    }
  }
}

/** Replaces a file so that a crash leaves either the old or the new content. */
export async function replaceFile(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const aside = `${path}.tmp`;
  const file = await open(aside, 'w', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(aside, path);
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
