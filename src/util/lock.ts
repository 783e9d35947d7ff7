import { mkdir, open, readFile, stat, unlink, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { reasonOf, SidecarError } from './errors.ts';
import { log } from './log.ts';

const REFRESH_MS = 2_000;
/** A lock on another host counts as left behind when it was not refreshed for so long. */
const STALE_MS = 15_000;

/** Keeps a second process from doing the same work: from reading the same source into the same sink, if nothing else is said. */
export class Lock {
  readonly #path: string;
  readonly #does: string;
  #timer: NodeJS.Timeout | undefined;

  /** `does` ends a sentence about the process that holds the lock: what it does, and what to do about it. */
  constructor(
    path: string,
    does = 'reads this source into this sink. Stop it, or give this one a folder of its own with --state',
  ) {
    this.#path = path;
    this.#does = does;
  }

  /**
   * Takes the lock; one that a dead process left behind is taken over. Throws `SidecarError` (`config`) that names the
   * holder. Where the folder can't be written, it warns and goes on: two processes do no harm, only work twice.
   */
  async take(): Promise<void> {
    const mine = JSON.stringify({ pid: process.pid, host: hostname() });
    for (let tries = 0; tries < 3; tries++) {
      try {
        await mkdir(dirname(this.#path), { recursive: true });
        const file = await open(this.#path, 'wx', 0o600);
        await file.writeFile(mine);
        await file.close();
        this.#timer = setInterval(
          () => void utimes(this.#path, new Date(), new Date()).catch(() => {}),
          REFRESH_MS,
        );
        this.#timer.unref();
        return;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
          return log.warn(
            `the lock ${this.#path} can't be written (${reasonOf(error)}); a second process would not be noticed`,
          );
        }
      }
      const holder = await this.#holder();
      if (holder) {
        throw new SidecarError(
          'config',
          `another ml-log-sidecar (${holder}) ${this.#does}. If none runs, delete ${this.#path}`,
        );
      }
      await unlink(this.#path).catch(() => {});
    }
    log.warn(`the lock ${this.#path} can't be taken; a second process would not be noticed`);
  }

  /** Who holds the lock, in words; nobody where the holder is dead. */
  async #holder(): Promise<string | undefined> {
    try {
      const { pid, host } = JSON.parse(await readFile(this.#path, 'utf8'));
      const { mtimeMs } = await stat(this.#path);
      const alive =
        host === hostname() ? pid !== process.pid && isAlive(pid) : Date.now() - mtimeMs < STALE_MS;
      return alive ? `process ${pid} on ${host}` : undefined;
    } catch {
      return undefined;
    }
  }

  /** Gives the lock back. */
  async release(): Promise<void> {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    await unlink(this.#path).catch(() => {});
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
