import type { Entry } from './entry.ts';
import { createContentKey, createScopedKey, type LogEvent } from './event.ts';
import { EntryError, type Parsed } from './parse.ts';
import type { Batch } from './sources/source.ts';
import { reasonOf } from './util/errors.ts';

/** An entry with its identity, which it keeps from now on, and how it was read until plugins have run, or why it can't be. */
export interface Log {
  entry: Entry;
  id: string;
  /** When it was read first, in ms since 1970. */
  readAt: number;
  parsed?: Parsed | undefined;
  reason?: string;
}

/** Reads an entry; throws for what is not a log. */
export type Parse = (entry: Entry) => Parsed;

/** Tells copies apart: see `Journal.count`. */
export interface CopyCounter {
  count(keys: Buffer, again?: boolean): number[];
}

/** The first half of each content's key; no more is needed to count copies. */
const KEY_DIGITS = 16;

/**
 * Gives each entry of a batch its identity: the key of its content, or of its content and scope, and the number of the
 * copy. Returns the keys that were counted, too.
 */
export function identify(batch: Batch, parse: Parse, copies: CopyCounter): { logs: Log[]; keys: Buffer } {
  const { entries, scopes, known } = batch;
  const readAt = Date.now();
  const logs = entries.map((entry) => readLog(entry, readAt, parse));
  if (scopes) {
    for (const [n, each] of logs.entries()) each.id = createScopedKey(scopes[n]!, each.id);
    return { logs, keys: Buffer.alloc(0) };
  }
  // Two numbers of 32 bits each, the lower byte first.
  const keys = Buffer.from(logs.map(({ id }) => id.slice(0, KEY_DIGITS)).join(''), 'hex').swap32();
  const before = copies.count(keys, known);
  logs.forEach((each, n) => {
    if (before[n]! > 0) each.id += `-${before[n]}`;
  });
  return { logs, keys };
}

/** Reads an entry again that was given its identity before, when it was read first. */
export function readAgain(entry: Entry, id: string, readAt: number, parse: Parse): Log {
  try {
    return { entry, id, readAt, parsed: parse(entry) };
  } catch (error) {
    return { entry, id, readAt, reason: reasonOf(error) };
  }
}

/** The event of a log; `undefined` where it can't be read: `reason` says why. */
export function createEvent(log: Log): LogEvent | undefined {
  try {
    return log.parsed?.createEvent(log.id, log.readAt);
  } catch (error) {
    log.reason = reasonOf(error);
    return undefined;
  }
}

function readLog(entry: Entry, readAt: number, parse: Parse): Log {
  try {
    const parsed = parse(entry);
    return { entry, id: parsed.key, readAt, parsed };
  } catch (error) {
    // A log that is only too large keeps the identity that it has under another limit.
    const told = error instanceof EntryError ? error.key : undefined;
    const text = typeof entry === 'string' ? entry : JSON.stringify(entry);
    const id = told ?? createContentKey('', '', text, undefined);
    return { entry, id, readAt, reason: reasonOf(error) };
  }
}
