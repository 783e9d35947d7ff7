import { readCall } from './api-call.ts';
import type { Entry } from './entry.ts';
import { createContentKey, type LogEvent } from './event.ts';
import { mergeMembers } from './formats/members.ts';
import { normalizeLevel, UNKNOWN_LEVEL } from './level.ts';
import type { Envelope, LogParts } from './plugin.ts';
import { createTimestampReader, type TimestampReader } from './timestamp.ts';
import { reasonOf } from './util/errors.ts';
import {
  isDeeperThan,
  isObject,
  type JsonObject,
  MAX_DEPTH,
  parseJson,
  setOwn,
  textOf,
} from './util/json.ts';
import { log } from './util/log.ts';

/** Why an entry is not a log; it becomes a dead letter. */
export class EntryError extends Error {
  override name = 'EntryError';
  /** The key of its content, where that could be told all the same: what it is known by when another limit lets it pass. */
  readonly key: string | undefined;

  constructor(message: string, options: { key?: string; cause?: unknown } = {}) {
    super(message, options);
    this.key = options.key;
  }
}

/** A format, ready to read. */
export interface Format {
  name: string;
  parse: (entry: Entry) => LogParts | Envelope | undefined;
}

/** What parsing needs to know. */
export interface ParseOptions {
  /** By default times without a zone are UTC. */
  readTimestamp?: TimestampReader;
  /** An entry of more bytes of UTF-8 is refused; by default none is. */
  maxEntryBytes?: number;
  /** Asked in this order; the first that answers wins. */
  formats: readonly Format[];
}

/** An entry that was read. Its event is made where it is wanted: what is kept in the buffer needs the key alone. */
export interface Parsed {
  /** The name of the format that read it; none where none did. */
  readonly format: string | undefined;
  /** `createContentKey` of it, computed each time. */
  readonly key: string;
  /** A new event of it, with this identity or, without one, with its key; `readAt`, in ms since 1970, is by default now. */
  createEvent(id?: string, readAt?: number): LogEvent;
}

/** Envelopes in envelopes are opened so far. */
const MOST_ENVELOPES = 3;

/**
 * Makes the stage that reads entries. What no format reads becomes an event, too, whose message is the entry. It throws
 * `EntryError` where an entry is too large, or an object nested too deep, and where a format throws.
 */
export function createEventParser({
  readTimestamp = createTimestampReader('UTC'),
  maxEntryBytes = Number.POSITIVE_INFINITY,
  formats,
}: ParseOptions): (entry: Entry) => Parsed {
  const createEvent = eventMaker(readTimestamp);
  return (entry) => {
    if (typeof entry !== 'string' && isDeeperThan(entry, MAX_DEPTH))
      throw new EntryError(`the entry nests deeper than ${MAX_DEPTH} levels`);
    const parsed = new ReadParts(readByFormats(entry, formats, MOST_ENVELOPES), createEvent);
    refuseTooLarge(typeof entry === 'string' ? entry : JSON.stringify(entry), parsed, maxEntryBytes);
    return parsed;
  };
}

type EventMaker = (read: ReadEntry, id: string, readAt: number) => LogEvent;

class ReadParts implements Parsed {
  readonly #read: ReadEntry;
  readonly #createEvent: EventMaker;

  constructor(read: ReadEntry, createEvent: EventMaker) {
    this.#read = read;
    this.#createEvent = createEvent;
  }

  get format(): string | undefined {
    return this.#read.format;
  }

  get key(): string {
    const { time, level, message, data } = this.#read.parts;
    return createContentKey(textOf(time) ?? '', textOf(level) ?? UNKNOWN_LEVEL, message, data);
  }

  createEvent(id = this.key, readAt = Date.now()): LogEvent {
    return this.#createEvent(this.#read, id, readAt);
  }
}

function refuseTooLarge(text: string, parsed: Parsed, maxEntryBytes: number): void {
  if (text.length * 3 <= maxEntryBytes) return;
  const bytes = Buffer.byteLength(text);
  if (bytes <= maxEntryBytes) return;
  throw new EntryError(`the entry has ${bytes} bytes; limits.entry_bytes allows ${maxEntryBytes}`, {
    key: parsed.key,
  });
}

interface ReadEntry {
  parts: LogParts;
  format: string | undefined;
  /** What an envelope carried. */
  extra?: JsonObject | undefined;
  readAt?: string | undefined;
}

function readByFormats(entry: Entry, formats: readonly Format[], envelopes: number): ReadEntry {
  const text = typeof entry === 'string' ? withoutColours(entry) : undefined;
  const value = text === undefined ? (entry as JsonObject) : contentOf(text);
  for (const { name, parse } of formats) {
    const answer = askFormats(name, parse, value);
    if (answer === undefined) continue;
    if (!('entry' in answer))
      return { parts: typeof value === 'string' ? answer : readPlainText(answer), format: name };
    if (envelopes === 0) break;
    return unwrapEnvelope(answer, name, readByFormats(answer.entry, formats, envelopes - 1));
  }
  return { parts: { message: text ?? JSON.stringify(entry) }, format: undefined };
}

/** Colours may stand in JSON's strings, too. */
function readPlainText(parts: LogParts): LogParts {
  const message = withoutColours(parts.message);
  return message === parts.message ? parts : { ...parts, message };
}

function askFormats(name: string, parse: Format['parse'], entry: Entry): LogParts | Envelope | undefined {
  try {
    return parse(entry);
  } catch (cause) {
    throw new EntryError(`format ${name}: ${reasonOf(cause)}`, { cause });
  }
}

function unwrapEnvelope(envelope: Envelope, name: string, inner: ReadEntry): ReadEntry {
  const { time, level, logger, data } = envelope;
  const { parts, format, readAt = envelope.readAt } = inner;
  // Whose log it is, where the log has another name for that.
  const program =
    logger === undefined || parts.logger === undefined || parts.logger === logger ? {} : { program: logger };
  const extra = mergeMembers({ ...data, ...program }, 'data', inner.extra);
  return {
    parts: {
      ...parts,
      time: parts.time ?? time,
      level: parts.level ?? level,
      logger: parts.logger ?? logger,
    },
    format: format === undefined ? name : `${name}, ${format}`,
    extra,
    readAt,
  };
}

/** What formats are asked about: an object where the text is one's JSON, the text in a JSON string, or the text. */
function contentOf(text: string): Entry {
  const trimmed = isBlank(text.charCodeAt(0)) ? text.trimStart() : text;
  const first = trimmed[0];
  if (first === '{' || first === '"') {
    const value = parseJson(trimmed);
    if (typeof value === 'string') return value;
    // A line that is nothing but metrics is a message.
    if (isObject(value) && !isObject(value.performance_metrics)) return value;
  }
  return trimmed;
}

const ESCAPE = '\u001b';
/** Colours and other orders to a terminal (ECMA-48). */
const ORDERS = new RegExp(
  `${ESCAPE}(?:\\[[0-?]*[ -/]*[@-~]|\\][^\\u0007${ESCAPE}]*(?:\\u0007|${ESCAPE}\\\\))`,
  'g',
);

/** A text without what is there for terminals and editors only. */
function withoutColours(text: string): string {
  let plain = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  if (plain.includes(ESCAPE)) plain = plain.replace(ORDERS, '');
  if (plain.includes('\r')) plain = plain.replaceAll('\r\n', '\n');
  return plain;
}

function isBlank(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d);
}

/** A level that is not among the known ones as they stand. */
function nameLevel(written: string): string {
  const plain = withoutColours(written).trim();
  return plain === '' ? UNKNOWN_LEVEL : (normalizeLevel(plain) ?? plain);
}

/** Makes events of parts. It tells, once, of a time that can't be read. */
function eventMaker(readTimestamp: TimestampReader): EventMaker {
  let told = false;
  return ({ parts, extra, readAt: shippedAt }, id, readAt) => {
    const { logger, message, data } = parts;
    const written = textOf(parts.time) ?? '';
    const level = textOf(parts.level) ?? UNKNOWN_LEVEL;
    const timestamp = written === '' ? undefined : readTimestamp(written);
    const event: LogEvent = {
      id,
      written,
      timestamp: timestamp ?? readTimestamp(shippedAt ?? '') ?? new Date(readAt).toISOString(),
      level: parts.severity ?? normalizeLevel(level) ?? nameLevel(level),
      logger,
      message,
      data,
      transactionId: undefined,
      httpMethod: undefined,
      httpPath: undefined,
      statusCode: undefined,
      executionTimeMs: undefined,
      input: undefined,
      result: undefined,
      metrics: undefined,
    };
    if (extra !== undefined) event.data = mergeMembers(extra, 'data', data);
    if (timestamp === undefined && written !== '') {
      event.data = { ...event.data };
      if (!Object.hasOwn(event.data, 'timestamp')) setOwn(event.data, 'timestamp', written);
      if (!told)
        log.warn(
          `the time "${written.slice(0, 64)}" can't be read: its log, and others like it, have the time they were read at, and keep what was written in data.timestamp. docs/formats.md lists the forms that can be read`,
        );
      told = true;
    }
    readCall(event);
    return event;
  };
}
