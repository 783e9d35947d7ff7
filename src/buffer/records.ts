import { crc32 } from 'node:zlib';
import { isObject, type JsonObject } from '../util/json.ts';

/**
 * A record: the mark, the length of its head and of its body, the CRC-32 of all that follows (4 bytes each, little-endian),
 * then the head, a JSON object, and the body.
 */
export interface StoredRecord<Head = JsonObject> {
  head: Head;
  body: Buffer;
}

/** Bytes of a file that hold no sound record, and so are not believed. */
export interface Damage {
  from: number;
  to: number;
}

const MARK = Buffer.from('\x93mlr', 'latin1');
/** Bytes of a record before its head: they tell how long it is. */
export const PREFIX = 16;

/** The bytes of a record up to its body. */
export function writeHead(head: object, body: Buffer): Buffer {
  const json = Buffer.from(JSON.stringify(head));
  const prefix = Buffer.alloc(PREFIX);
  MARK.copy(prefix);
  prefix.writeUInt32LE(json.length, 4);
  prefix.writeUInt32LE(body.length, 8);
  prefix.writeUInt32LE(crc32(body, crc32(json)), 12);
  return Buffer.concat([prefix, json]);
}

/** The bytes of a record. */
export function writeRecord(head: object, body: Buffer = Buffer.alloc(0)): Buffer {
  return Buffer.concat([writeHead(head, body), body]);
}

/** A record, and the bytes where it begins and ends. */
export interface FoundRecord {
  record: StoredRecord;
  from: number;
  end: number;
}

/** The first sound record at the byte `from` or behind it. */
export function findRecord(bytes: Buffer, from: number): FoundRecord | undefined {
  for (let at = bytes.indexOf(MARK, from); at >= 0; at = bytes.indexOf(MARK, at + 1)) {
    const found = readRecordAt(bytes, at);
    if (found) return found;
  }
  return undefined;
}

/** How many bytes the record has that begins with these, by its own word; 0 where none begins here. */
export function recordLength(bytes: Buffer): number {
  if (bytes.length < PREFIX || !bytes.subarray(0, MARK.length).equals(MARK)) return 0;
  return PREFIX + bytes.readUInt32LE(4) + bytes.readUInt32LE(8);
}

/** The sound record that begins at a byte. */
export function readRecordAt(bytes: Buffer, from: number): FoundRecord | undefined {
  const length = recordLength(bytes.subarray(from, from + PREFIX));
  const end = from + length;
  if (length === 0 || end > bytes.length) return undefined;
  if (crc32(bytes.subarray(from + PREFIX, end)) !== bytes.readUInt32LE(from + 12)) return undefined;
  const headEnd = from + PREFIX + bytes.readUInt32LE(from + 4);
  try {
    const head = JSON.parse(bytes.toString('utf8', from + PREFIX, headEnd));
    return isObject(head) ? { record: { head, body: bytes.subarray(headEnd, end) }, from, end } : undefined;
  } catch {
    return undefined;
  }
}
