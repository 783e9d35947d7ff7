import { setTimeout as delay } from 'node:timers/promises';
import type { Json, JsonObject } from '../util/json.ts';
import type { Mark } from './file-cursor.ts';
import { ASIDE_MS, FileLog, type SavedLog, savedLogs } from './file-log.ts';
import { isCopy, type Look, printOf, UnsettledError } from './file-look.ts';
import { FileLooks } from './file-looks.ts';
import type { Gap } from './source.ts';

/** How long, and how many times in a row, a log is missed before it counts as gone. */
const MISSED_MS = 1_000;
const LEAST_MISSES = 5;
/** In a run that ends by itself, files are looked at again after this many ms while one is missed, at most this often. */
const RETRY_MS = 100;
const MOST_TRIES = 50;

/** Which file holds which log: found out anew at each look, by what is in the files. */
export class FileLogs {
  readonly #patterns: readonly string[];
  readonly #onGap: (gap: Gap) => void;
  readonly #logs = new Map<string, FileLog>();
  /** How far each was handed on. */
  readonly #handed = new Map<string, SavedLog>();
  readonly #files: FileLooks;
  #nextId = 1;
  #isFirst: boolean;
  /** What is to be saved has changed since `position` was asked for. */
  isChanged = false;

  constructor(patterns: readonly string[], position: unknown, onGap: (gap: Gap) => void) {
    this.#patterns = patterns;
    this.#files = new FileLooks(patterns);
    this.#onGap = onGap;
    const saved = savedLogs(position);
    this.#isFirst = this.isChanged = saved === undefined;
    for (const [id, each] of Object.entries(saved ?? {})) {
      this.#logs.set(id, new FileLog(id, each));
      this.#handed.set(id, each);
      this.#nextId = Math.max(this.#nextId, Number(id) + 1);
    }
  }

  /** Where to go on, behind what was handed on. */
  get position(): Json {
    this.isChanged = false;
    return { logs: Object.fromEntries(this.#handed) } as unknown as JsonObject;
  }

  /** An entry of this log, with this mark behind it, is handed on. */
  handOn(log: FileLog, mark: Mark): void {
    const { id, inode, isSkipped } = log;
    this.#handed.set(id, { ...mark, inode, isDone: this.#isDone(log, mark.end), isSkipped });
  }

  /**
   * Looks at all files, and returns the logs that there are, oldest first; those without a file, which are read from the
   * open one, before them. `follow`: what is not there, or can't be read, is waited for; otherwise it throws.
   */
  async look(follow: boolean): Promise<FileLog[]> {
    let order: ReadonlyMap<unknown, number> = new Map();
    for (let tries = 0; ; tries++) {
      const { looks, isStable } = await this.#files.look(follow, this.#isFirst);
      order = new Map(looks.map((look, n) => [look, n]));
      const isSettled = await this.#assign(looks, isStable).catch((error: unknown) => {
        if (error instanceof UnsettledError) return false;
        throw error;
      });
      if (isSettled || tries === (follow ? 5 : MOST_TRIES)) break;
      // A rotation that is under way is over soon.
      await delay(follow ? 10 : RETRY_MS);
    }
    this.#isFirst = false;
    for (const each of this.#logs.values()) {
      this.#note(each);
      await each.rest();
    }
    const place = ({ look }: FileLog): number => order.get(look) ?? -1;
    return [...this.#logs.values()].sort((one, other) => place(one) - place(other));
  }

  /** Forgets logs that are over: their files are gone, and all of them was handed on. */
  async forget(over: readonly FileLog[]): Promise<void> {
    for (const log of over) {
      await log.release();
      this.#logs.delete(log.id);
      this.isChanged = this.#handed.delete(log.id) || this.isChanged;
    }
  }

  async close(): Promise<void> {
    for (const each of this.#logs.values()) await each.release();
  }

  /**
   * Finds each log's file, and a log for each file: by what is in them first, and then by name and inode. Returns whether
   * nothing is missed.
   */
  async #assign(looks: readonly Look[], isStable: boolean): Promise<boolean> {
    const free = new Set(looks.filter(({ size, head }) => size > 0 && head.length > 0));
    const open = new Set<FileLog>();
    for (const each of this.#logs.values()) {
      if (each.look && free.delete(each.look)) continue;
      open.add(each);
    }
    const take = async (log: FileLog, look: Look, isCut = false): Promise<void> => {
      if (isCut) await log.cut(look);
      else await log.bind(look);
      open.delete(log);
      free.delete(look);
    };
    for (const isSame of [true, false])
      for (const log of open)
        for (const look of free)
          if ((look.inode === log.inode) === isSame && (await log.heldBy(look)) === 'whole') {
            await take(log, look);
            break;
          }
    for (const log of open)
      for (const look of free)
        if ((await log.heldBy(look)) === 'beginning') {
          if (look.isLive) this.#tellGap(`${look.path} was cut to ${look.size} bytes: reading goes on there`);
          await take(log, look, look.isLive);
          if (look.isLive) this.#handOnAll(log);
          break;
        }
    const missed = [...open];
    // Those that are written to first: others may be copies of them, on the way to a rotated name.
    let newer = false;
    for (const look of [...free].sort((one, other) => Number(other.isLive) - Number(one.isLive)))
      newer = (await this.#addNew(look)) || newer;
    // Files that change their names meanwhile may not have been seen.
    if (!isStable || (missed.length > 0 && !(await this.#files.areStill(looks)))) return false;
    for (const log of missed) await this.#miss(log, newer);
    return !missed.some(({ isOver }) => !isOver);
  }

  async #addNew(look: Look): Promise<boolean> {
    let news = look;
    for (const log of this.#logs.values()) {
      if (!log.look || look.isLive) continue;
      if (await isCopy(look, log.look)) return false;
      // Both begin alike, and differ further on: what was read was put aside, and another was begun in its place.
      if (log.look.isLive && (await log.heldBy(look)) === 'whole') {
        news = log.look;
        await log.bind(look);
        break;
      }
    }
    const log = new FileLog(String(this.#nextId++));
    if (this.#isFirst && !news.isNamed) await this.#skip(log, news);
    else await log.bind(news);
    this.#logs.set(log.id, log);
    return !look.isLive;
  }

  /** What was put aside before the first run, and is not named, is only read where it still grows. */
  async #skip(log: FileLog, look: Look): Promise<void> {
    log.isSkipped = look.isPacked;
    if (look.isPacked) log.cursor.resume(look.head.length, look.head, Buffer.alloc(0));
    else await log.cut(look);
    await log.bind(look);
    this.#handOnAll(log);
  }

  /** Nothing that was read of this log is left to be handed on. */
  #handOnAll(log: FileLog): void {
    const { at, head, tail } = log.cursor;
    this.handOn(log, { end: at, head: printOf(head), tail: printOf(tail) });
    this.isChanged = true;
  }

  /** No file of any name holds this log now; it may still be open. `newer`: later ones were put aside. */
  async #miss(log: FileLog, newer: boolean): Promise<void> {
    const { look, name = this.#patterns.join(', ') } = log;
    log.name = look?.path ?? name;
    log.isOutrun ||= newer && look !== undefined;
    log.look = undefined;
    // Its file may get another name at this moment.
    log.missedSince ??= Date.now();
    const missedMs = ++log.misses < LEAST_MISSES ? 0 : Date.now() - log.missedSince;
    const isDone = this.#handed.get(log.id)?.isDone === true;
    if (await log.isHeldOpen()) {
      log.isOver = Math.min(missedMs, Date.now() - log.grownAt) >= ASIDE_MS;
      // It was read to its end; another between it and those that there are may have been deleted, too.
      if (log.isOver && log.isOutrun && !isDone)
        this.#tellGap(`${log.name} was deleted, and its successor renamed, before that was seen`);
      return;
    }
    await log.release();
    log.isOver = missedMs >= MISSED_MS;
    // What was not read from was copied, and is found in the copy.
    if (log.isOver && !isDone && log.at > 0)
      this.#tellGap(
        `${log.name}: a file was truncated or deleted since it was read last, and none beside it goes on with what was in it`,
      );
  }

  #tellGap(what: string): void {
    const then =
      'logs may be gone unread; how many cannot be known. If they are in another folder, name that with --path, too; otherwise keep rotated files for longer';
    this.#onGap({ what: `${what}: ${then}`, atLeast: 0 });
  }

  /** Keeps what was found out about the file of a log that is saved. */
  #note(log: FileLog): void {
    const handed = this.#handed.get(log.id);
    if (!handed || !log.look) return;
    const isDone = this.#isDone(log, handed.end);
    if (handed.inode === log.inode && handed.isDone === isDone) return;
    this.#handed.set(log.id, { ...handed, inode: log.inode, isDone });
    this.isChanged = true;
  }

  #isDone({ look, isSkipped }: FileLog, end: number): boolean {
    return look !== undefined && !look.isLive && (isSkipped || look.size === end % 2 ** 32);
  }
}
