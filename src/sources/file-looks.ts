import { stat } from 'node:fs/promises';
import { reasonOf, SidecarError } from '../util/errors.ts';
import { log as say } from '../util/log.ts';
import { type Look, lookAt } from './file-look.ts';
import { findPlaces, isPattern, type Place } from './file-paths.ts';

/** The files that patterns name, and those that rotations put beside them, as they were looked at last. */
export class FileLooks {
  readonly #patterns: readonly string[];
  readonly #looks = new Map<string, Look>();
  /** Why each file that is passed over can't be read. */
  readonly #told = new Map<string, string>();

  constructor(patterns: readonly string[]) {
    this.#patterns = patterns;
  }

  /**
   * Looks at all files; those that can be read, oldest first. `isStable`: none got another name meanwhile. `follow`: what is not
   * there, or can't be read, is waited for, which is told at the first look; otherwise it throws `SidecarError`.
   */
  async look(follow: boolean, isFirst: boolean): Promise<{ looks: Look[]; isStable: boolean }> {
    const places = await findPlaces(this.#patterns);
    if (!follow || isFirst) this.#requireNamed(places, follow);
    const found: Look[] = [];
    for (const place of places) {
      const look = await lookAt(place, this.#looks.get(place.path)).catch((error: unknown) => error);
      if (look instanceof Error) {
        this.#looks.delete(place.path);
        const isGone = (look as NodeJS.ErrnoException).code === 'ENOENT';
        if (!(isGone && follow)) this.#tell(place, reasonOf(look), 'unreachable', follow);
        else if (isFirst && place.isNamed) say.info(`${place.path} is not there yet: waiting for it`);
      } else {
        const { problem } = look as Look;
        this.#looks.set(place.path, look as Look);
        if (problem === undefined) found.push(look as Look);
        else this.#tell(place, problem, 'config', follow);
      }
    }
    for (const path of this.#looks.keys())
      if (!places.some((place) => place.path === path)) this.#looks.delete(path);
    const byInode = new Map(found.map((look) => [`${look.device} ${look.inode}`, look]));
    const after = await findPlaces(this.#patterns);
    const isStable = listNames(after) === listNames(places) && byInode.size === found.length;
    return { looks: [...byInode.values()].sort(byAge), isStable };
  }

  #requireNamed(places: readonly Place[], follow: boolean): void {
    for (const pattern of this.#patterns) {
      if (!isPattern(pattern) || places.some(({ isNamed }) => isNamed)) continue;
      const says = `no file is named by ${pattern}`;
      if (!follow) throw new SidecarError('unreachable', `${says}. Give another with --path`);
      say.info(`${says} yet: waiting for one`);
    }
  }

  /** What is named, and can't be read, ends a run that ends by itself; all else is passed over, and told once. */
  #tell({ path, isNamed }: Place, reason: string, code: 'config' | 'unreachable', follow: boolean): void {
    const says = `the log file ${path} can't be read: ${reason}`;
    if (isNamed && !follow && this.#patterns.includes(path))
      throw new SidecarError(code, `${says}. Give another with --path`);
    if (this.#told.get(path) === reason) return;
    this.#told.set(path, reason);
    say.warn(`${says}. It is passed over until it changes`);
  }

  /** Whether all files have the names that they had when they were looked at. */
  async areStill(looks: readonly Look[]): Promise<boolean> {
    const places = await findPlaces(this.#patterns);
    const inodes = await Promise.all(
      places.map(({ path }) =>
        stat(path).then(
          ({ ino, size }) => (size > 0 ? ino : 0),
          () => 0,
        ),
      ),
    );
    const known = new Set(looks.map(({ inode }) => inode));
    return places.length === this.#looks.size && inodes.every((inode) => inode === 0 || known.has(inode));
  }
}

function listNames(places: readonly Place[]): string {
  return places.map(({ path }) => path).join('\0');
}

/** The oldest first: what was put aside before what is written to, and by the time of the last line. */
function byAge(one: Look, other: Look): number {
  if (one.isLive !== other.isLive) return one.isLive ? 1 : -1;
  return (
    one.modifiedMs - other.modifiedMs || rank(one.path) - rank(other.path) || (one.path < other.path ? -1 : 1)
  );
}

/** Of rotated files with numbers, `.2` is older than `.1`. */
function rank(path: string): number {
  return -Number(/[-._](\d{1,5})(?:\.gz)?$/.exec(path)?.[1] ?? 0);
}
