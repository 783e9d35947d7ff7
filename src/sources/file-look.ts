import { hash } from 'node:crypto';
import type { Stats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { gunzipSync, constants as zlib } from 'node:zlib';
import type { Place } from './file-paths.ts';

/** A file is known by this many bytes at its beginning, or by all of a shorter one. */
export const HEAD_BYTES = 1024;
/** And by as many as these before the place up to which it was read. */
export const TAIL_BYTES = 64;
/** How long what is followed must be still, in ms, before its last entry, which more lines might continue, counts as whole. */
export const STILL_MS = 1_000;
/** So much of a packed file is unpacked to see its beginning. */
const PACKED_HEAD = 8 << 10;

/** A file, as it was when it was looked at. */
export interface Look extends Place {
  inode: number;
  device: number;
  /** Its size as it lies there. */
  bytes: number;
  /** In bytes; of a packed one once it is unpacked, modulo 4 GiB. */
  size: number;
  modifiedMs: number;
  /** Its first bytes, unpacked. */
  head: Buffer;
  /** It is packed by gzip. */
  isPacked: boolean;
  /** Why it can't be read, and what to do. */
  problem?: string;
}

/** A file was renamed or replaced while it was looked at: what holds what has to be looked at again. */
export class UnsettledError extends Error {
  override name = 'UnsettledError';
}

/** Looks at a file; returns `earlier`, the last look, where nothing has changed. Rejects where it can't be opened. */
export async function lookAt(place: Place, earlier: Look | undefined): Promise<Look> {
  if (earlier && isUnchanged(earlier, await stat(place.path))) return earlier;
  const file = await open(place.path, 'r');
  try {
    const stats = await file.stat();
    if (stats.isDirectory()) throw new Error('it is a folder: name files in it, such as folder/*.log');
    const { ino: inode, dev: device, mtimeMs: modifiedMs, size: bytes } = stats;
    const head = await readAt(file, 0, HEAD_BYTES);
    const look = { ...place, inode, device, modifiedMs, bytes, size: bytes, head, isPacked: false };
    if (!isGzip(head)) return withProblem(look);
    const trailer = bytes > 18 ? (await readAt(file, bytes - 4, 4)).readUInt32LE() : 0;
    const beginning = unpackHead(await readAt(file, 0, PACKED_HEAD));
    return withProblem({ ...look, size: trailer, isPacked: true, head: beginning });
  } finally {
    await file.close();
  }
}

function isUnchanged({ inode, device, modifiedMs, bytes }: Look, stats: Stats): boolean {
  const isSame = stats.ino === inode && stats.dev === device;
  return isSame && stats.mtimeMs === modifiedMs && stats.size === bytes;
}

/** Opens the file that was looked at. Throws `UnsettledError` where its name has become another's. */
export async function openAgain({ path, inode, device }: Look): Promise<FileHandle> {
  const file = await open(path, 'r').catch((cause) => {
    throw new UnsettledError(`${path} is gone`, { cause });
  });
  const { ino, dev } = await file.stat();
  if (ino === inode && dev === device) return file;
  await file.close();
  throw new UnsettledError(`${path} was replaced`);
}

/** As many as `length` bytes from a place on. */
export async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}

/** As many as `length` bytes before the place `end` of a file. Throws `UnsettledError`. */
export async function readBefore(look: Look, end: number, length: number): Promise<Buffer> {
  const file = await openAgain(look);
  try {
    const from = Math.max(0, end - length);
    return await readAt(file, from, end - from);
  } finally {
    await file.close();
  }
}

/** Whether a file may be a copy of another, perhaps a packed one, or one that is still being made. */
export async function isCopy(copy: Look, of: Look): Promise<boolean> {
  if (!of.head.subarray(0, copy.head.length).equals(copy.head)) return false;
  if (copy.isPacked || of.isPacked) return true;
  if (copy.size > of.size) return false;
  const [mine, its] = await Promise.all([copy, of].map((look) => readBefore(look, copy.size, TAIL_BYTES)));
  return mine!.equals(its!);
}

/** A short hash of bytes, which also tells how many they are. */
export function printOf(bytes: Buffer): string {
  return `${bytes.length}:${hash('sha1', bytes, 'base64').slice(0, 11)}`;
}

/** Whether bytes begin what gzip has packed. */
export function isGzip(head: Buffer): boolean {
  return head[0] === 0x1f && head[1] === 0x8b;
}

function unpackHead(bytes: Buffer): Buffer {
  try {
    return gunzipSync(bytes, { finishFlush: zlib.Z_SYNC_FLUSH }).subarray(0, HEAD_BYTES);
  } catch {
    return Buffer.alloc(0);
  }
}

const PACKINGS: readonly [magic: string, name: string, command: string][] = [
  ['28b52ffd', 'zstd', 'zstd -d'],
  ['fd377a585a00', 'xz', 'unxz'],
  ['425a68', 'bzip2', 'bunzip2'],
  ['504b0304', 'zip', 'unzip'],
];

function withProblem(look: Look): Look {
  const problem = problemOf(look.head);
  return problem === undefined ? look : { ...look, problem };
}

/** Why bytes are not a log's, and what to do; `undefined` for a log's. */
export function problemOf(head: Buffer): string | undefined {
  const packing = PACKINGS.find(([magic]) => head.toString('hex', 0, magic.length / 2) === magic);
  if (packing)
    return `it is packed by ${packing[1]}: unpack it first (${packing[2]}), or on the way to --path -, or have logs packed by gzip`;
  // A logger that does not append leaves a hole where its file was truncated.
  const from = head.findIndex((byte) => byte !== 0);
  if (from < 0) return undefined;
  const text = head.subarray(from);
  const isUtf16 = /^(?:\xff\xfe|\xfe\xff)|^(?:[^\0]\0){4}|^(?:\0[^\0]){4}/.test(
    head.toString('latin1', 0, 8),
  );
  if (isUtf16)
    return 'it is UTF-16: convert it first (iconv -f UTF-16 -t UTF-8), or have it written as UTF-8';
  const controls = text.reduce((sum, byte) => sum + (isControl(byte) ? 1 : 0), 0);
  return controls > text.length / 20 ? 'it is binary, not lines of text' : undefined;
}

/** What texts hardly hold: controls other than blanks, line ends and colours. */
function isControl(byte: number): boolean {
  return byte < 0x20 && (byte < 0x08 || byte > 0x0d) && byte !== 0x1b;
}
