import { access, readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';

/** A path at which a log may lie. */
export interface Place {
  path: string;
  /** A logger may write to it: it is not a name that a rotation gives. */
  isLive: boolean;
  /** The configuration names it; otherwise it was found beside a file that it names, of which it is a rotated one. */
  isNamed: boolean;
}

const MAGIC = /[*?[]/;
const DATE = '\\d{4}-?\\d\\d-?\\d\\d[\\dTZ:_.+-]*';
const SUFFIX = `[-._](?:\\d[\\dTZ:_.+-]*|old|bak|prev)`;
const ROTATED = new RegExp(`.(?:${SUFFIX}|\\.gz|[-._]${DATE}\\.[a-zA-Z]+)(?:\\.gz)?$`);

/**
 * The files that patterns name, and those beside them that rotations have put aside. A pattern is a path, in which `*`
 * and `?` stand for anything but `/`, `[…]` for one of several characters, and `**` for any number of folders.
 */
export async function findPlaces(patterns: readonly string[]): Promise<Place[]> {
  const places = new Map<string, Place>();
  for (const pattern of patterns)
    for (const path of await expandPattern(pattern))
      places.set(path, { path, isLive: !ROTATED.test(basename(path)), isNamed: true });
  for (const { path, isLive } of [...places.values()]) {
    if (!isLive) continue;
    for (const beside of await listRotated(path))
      if (!places.has(beside)) places.set(beside, { path: beside, isLive: false, isNamed: false });
  }
  return [...places.values()];
}

/** Whether a pattern may name several files. */
export function isPattern(pattern: string): boolean {
  return MAGIC.test(pattern);
}

async function expandPattern(pattern: string): Promise<string[]> {
  if (!isPattern(pattern) || (await exists(pattern))) return [pattern];
  let found = [pattern.startsWith('/') ? '/' : ''];
  for (const part of pattern.split('/').filter((each) => each !== '')) {
    if (part === '**') found = (await Promise.all(found.map(withFoldersIn))).flat();
    else if (!isPattern(part)) found = found.map((folder) => join(folder, part));
    else {
      const matching = toRegExp(part);
      const names = await Promise.all(
        found.map(async (folder) => (await listFolder(folder)).filter((name) => matching.test(name))),
      );
      found = found.flatMap((folder, n) => names[n]!.map((name) => join(folder, name)));
    }
  }
  const files = await Promise.all(found.map(isFile));
  return [...new Set(found.filter((_, n) => files[n]))];
}

async function withFoldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder || '.', { withFileTypes: true }).catch(() => []);
  const inner = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'));
  const below = await Promise.all(inner.map(({ name }) => withFoldersIn(join(folder, name))));
  return [folder, ...below.flat()];
}

/** A name with `*`, `?` and `[…]`. What begins with a dot is only named by what does. */
function toRegExp(part: string): RegExp {
  const source = part.replace(/\[!?[^\]]+\]|[\s\S]/g, (token) => {
    if (token === '*') return '[^/]*';
    if (token === '?') return '[^/]';
    if (token.length > 1) return token.replace('[!', '[^').replaceAll('\\', '\\\\');
    return literally(token);
  });
  return new RegExp(`^${/^[*?[]/.test(part) ? '(?!\\.)' : ''}${source}$`);
}

/**
 * The files beside a log that rotations have made of it: `api.log.1`, `api.log-20261124`, `api-2026-11-24.log`, each
 * perhaps packed. A link is followed first, as Kubernetes has them.
 */
async function listRotated(path: string): Promise<string[]> {
  const real = await realpath(path).catch(() => path);
  const name = basename(real);
  const extension = extname(name);
  const stem = name.slice(0, name.length - extension.length);
  const rotated = new RegExp(
    `^${literally(name)}(?:${SUFFIX})?(?:\\.gz)?$|^${literally(stem)}[-._]${DATE}${literally(extension)}(?:\\.gz)?$`,
  );
  const names = await listFolder(dirname(real));
  return names.filter((each) => each !== name && rotated.test(each)).map((each) => join(dirname(real), each));
}

function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}

async function listFolder(folder: string): Promise<string[]> {
  return (await readdir(folder || '.').catch(() => [])).sort();
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isFile(),
    () => false,
  );
}
