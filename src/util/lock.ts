import { randomBytes } from 'node:crypto';
import { utimesSync } from 'node:fs';
import { mkdir, open, readdir, readFile, readlink, stat, unlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { reasonOf, SidecarError } from './errors.ts';
import { log } from './log.ts';

const REFRESH_MS = 5_000;
/** A holder whose process can't be looked at is taken for dead when it has not refreshed its lock for this long. */
const STALE_MS = 15_000;
const LOOK_EVERY_MS = 250;

/** A process, as the name of its lock file tells it. */
interface Holder {
  host: string;
  pid: number;
  /** When it started, in clock ticks since the machine did (`/proc/PID/stat`, field 22); 0 where there is no `/proc`. */
  started: number;
  /** Of its process numbers (`/proc/PID/ns/pid`): containers have their own; 0 where there is no `/proc`. */
  namespace: number;
}

/**
 * Keeps two processes from doing the same work. Each process that wants the lock puts a file of its own beside `path`, and
 * the one that gets it adds a second, named like the first with `.owner` behind. Of many that start at once and find the
 * lock of a dead process, exactly one gets it.
 */
export class Lock {
  readonly #path: string;
  readonly #does: string;
  #mine: string | undefined;
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
   * Takes the lock; one that a dead process left behind is taken over. A holder in another container, or on another
   * host, is watched for up to 15 s, to see whether it is alive. Throws `SidecarError` (`config`) that names the
   * holder. Where the folder can't be written, it warns and goes on.
   */
  async take(): Promise<void> {
    const me = await identifyProcess();
    const mine = `${this.#path}.${nameOf(me)}_${randomBytes(4).toString('hex')}`;
    try {
      await mkdir(dirname(this.#path), { recursive: true });
      await touch(mine);
    } catch (error) {
      return log.warn(
        `the lock ${this.#path} can't be written (${reasonOf(error)}); a second process would not be noticed`,
      );
    }
    this.#mine = mine;
    this.#timer = setInterval(() => refresh(mine), REFRESH_MS);
    this.#timer.unref();
    try {
      await this.#contend(mine, me);
    } catch (error) {
      await this.release();
      throw error;
    }
  }

  /** Waits until no other process contends; of those that do, the one whose name comes first goes on. */
  async #contend(mine: string, me: Holder): Promise<void> {
    for (;;) {
      const rivals = await this.#livingRivals(mine, me);
      const owner = rivals.find(({ isOwner }) => isOwner);
      if (owner) {
        const { holder, file } = owner;
        throw new SidecarError(
          'config',
          `another ml-log-sidecar (process ${holder.pid} on ${holder.host}) ${this.#does}. If none runs, delete ${file}*`,
        );
      }
      if (rivals.length === 0) {
        await touch(`${mine}.owner`);
        return;
      }
      if (rivals.some(({ file }) => file < mine)) {
        await unlink(mine).catch(() => {});
        await delay(LOOK_EVERY_MS * (1 + Math.random()));
        await touch(mine);
      } else await delay(LOOK_EVERY_MS / 10);
    }
  }

  /** The other processes that have a file here, without the dead ones, whose files are deleted. */
  async #livingRivals(mine: string, me: Holder) {
    const folder = dirname(this.#path);
    const names = await readdir(folder);
    const rivals: { file: string; holder: Holder; isOwner: boolean }[] = [];
    for (const name of names) {
      const file = join(folder, name);
      const holder = holderOf(name, basename(this.#path));
      if (holder === undefined || file === mine) continue;
      const owner = `${file}.owner`;
      if (await isAlive(holder, file, me)) {
        // Looked at again: it may have become the owner while it was watched.
        const isOwner = await stat(owner).then(
          () => true,
          () => false,
        );
        rivals.push({ file, holder, isOwner });
      } else for (const left of [owner, file]) await unlink(left).catch(() => {});
    }
    return rivals;
  }

  /** Gives the lock back. */
  async release(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    if (this.#mine === undefined) return;
    for (const file of [`${this.#mine}.owner`, this.#mine]) await unlink(file).catch(() => {});
    this.#mine = undefined;
  }
}

/** By this thread: to hand it to another, and to be woken by it, is most of what an idle process costs. */
function refresh(path: string): void {
  try {
    utimesSync(path, new Date(), new Date());
  } catch {
    // Whoever finds it stale takes over, as after a crash.
  }
}

async function touch(path: string): Promise<void> {
  await (await open(path, 'w', 0o600)).close();
}

async function identifyProcess(): Promise<Holder> {
  const namespace = await readlink('/proc/self/ns/pid').catch(() => '');
  return {
    host: hostname().replace(/[^a-zA-Z0-9.-]/g, '-'),
    pid: process.pid,
    started: (await startOf(process.pid)) ?? 0,
    namespace: Number(/\d+/.exec(namespace)?.[0] ?? 0),
  };
}

function nameOf({ host, pid, started, namespace }: Holder): string {
  return `${host}_${pid}_${started}_${namespace}`;
}

/** The process that a file belongs to; `undefined` for a file that is not a process's own lock `base`. */
function holderOf(file: string, base: string): Holder | undefined {
  if (!file.startsWith(`${base}.`)) return undefined;
  const match = /^([^_]+)_(\d+)_(\d+)_(\d+)_[0-9a-f]{8}$/.exec(file.slice(base.length + 1));
  if (!match) return undefined;
  const [, host, pid, started, namespace] = match;
  return { host: host!, pid: Number(pid), started: Number(started), namespace: Number(namespace) };
}

/** Where its number tells nothing here, since it runs elsewhere, a living process is known by its refreshing the file. */
async function isAlive(holder: Holder, file: string, me: Holder): Promise<boolean> {
  if (holder.host === me.host && holder.namespace === me.namespace) {
    const started = await startOf(holder.pid);
    // Without /proc, the number alone must do.
    return me.started === 0 ? isRunning(holder.pid) : started === holder.started;
  }
  const refreshed = (): Promise<number> =>
    stat(file).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0,
    );
  const first = await refreshed();
  // Another host's clock may be another; a container has its machine's.
  if (holder.host === me.host && Date.now() - first >= STALE_MS) return false;
  log.info(`looking whether process ${holder.pid} on ${holder.host}, which left ${file}, is alive`);
  for (let waited = 0; waited < STALE_MS; waited += LOOK_EVERY_MS) {
    await delay(LOOK_EVERY_MS);
    const now = await refreshed();
    if (now === 0) return false;
    if (now !== first) return true;
  }
  return false;
}

/** When a process of this namespace started, in clock ticks; `undefined` where none has this number. */
async function startOf(pid: number): Promise<number | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // The second field is the command in brackets, and may hold blanks and brackets itself.
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ');
  // A zombie has ended, but for its parent's notice.
  return fields === undefined || fields[0] === 'Z' ? undefined : Number(fields[19]);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
