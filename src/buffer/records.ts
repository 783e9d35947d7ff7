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

/** What stands in the bytes of a file of records. */
export interface ReadRecords {
  records: StoredRecord[];
  damages: Damage[];
  /** The byte behind the last sound record: what follows is a record that a kill left unfinished, or damage. */
  end: number;
}

const MARK = Buffer.from('\x93mlr', 'latin1');
const PREFIX = 16;

/** The bytes of a record. */
export function writeRecord(head: object, body: Buffer = Buffer.alloc(0)): Buffer {
  const json = Buffer.from(JSON.stringify(head));
  const prefix = Buffer.alloc(PREFIX);
  MARK.copy(prefix);
  prefix.writeUInt32LE(json.length, 4);
  prefix.writeUInt32LE(body.length, 8);
  prefix.writeUInt32LE(crc32(body, crc32(json)), 12);
  return Buffer.concat([prefix, json, body]);
}

/** Reads the records in a file's bytes. Behind damage it goes on at the next record that is sound. */
export function readRecords(bytes: Buffer): ReadRecords {
  const records: StoredRecord[] = [];
  const damages: Damage[] = [];
  let end = 0;
  for (let at = bytes.indexOf(MARK); at >= 0; ) {
    const found = recordAt(bytes, at);
    if (found) {
      if (at > end) damages.push({ from: end, to: at });
      records.push(found.record);
      end = found.end;
    }
    at = bytes.indexOf(MARK, found ? end : at + 1);
  }
  return { records, damages, end };
}

function recordAt(bytes: Buffer, at: number): { record: StoredRecord; end: number } | undefined {
  if (at + PREFIX > bytes.length) return undefined;
  const headEnd = at + PREFIX + bytes.readUInt32LE(at + 4);
  const end = headEnd + bytes.readUInt32LE(at + 8);
  if (end > bytes.length || crc32(bytes.subarray(at + PREFIX, end)) !== bytes.readUInt32LE(at + 12))
    return undefined;
  try {
    const head = JSON.parse(bytes.toString('utf8', at + PREFIX, headEnd));
    return isObject(head) ? { record: { head, body: bytes.subarray(headEnd, end) }, end } : undefined;
  } catch {
    return undefined;
  }
}
