import { isOwnId } from '../event.ts';
import { defaultFormats } from '../formats/shipped.ts';
import { createEventParser } from '../parse.ts';
import { createTimestampReader } from '../timestamp.ts';
import { canonicalJson } from '../util/canonical-json.ts';
import { isObject, type Json, type JsonObject } from '../util/json.ts';

/** A stored document. */
export interface Stored {
  /** The index that it is in. */
  index: string;
  id: string;
  body: JsonObject;
  /** Its version, for a deletion that spares it if it has changed since. */
  version: { seqNo: number; primaryTerm: number };
}

/** A document that may go, and the id of one that says the same and stays. */
export interface Copy {
  document: Stored;
  of: string;
}

/** What was found among the documents of one instant. */
export interface Copies {
  /** Of a log that is here under an id of this program; it has a transaction id. */
  held: Copy[];
  /** The same, but of a log without: such logs may be written twice in truth. */
  plain: Copy[];
  /** Of a log with a transaction id, which only other pipelines hold: all but one. */
  repeated: Copy[];
  /** The like without a transaction id: whether they are copies can't be told. */
  undecided: number;
  /** Logs that only other pipelines hold, each counted once. */
  foreignOnly: number;
}

const readTimestamp = createTimestampReader('UTC');
const parse = createEventParser({ formats: defaultFormats() });

/** Tells what the documents of one instant are to each other; `identity`: see `IndexDefinition`. */
export function judgeCopies(documents: readonly Stored[], identity: readonly string[]): Copies {
  const copies: Copies = { held: [], plain: [], repeated: [], undecided: 0, foreignOnly: 0 };
  const groups = new Map<string, { own: Stored[]; foreign: Stored[] }>();
  for (const document of documents) {
    const own = isOwnId(document.id);
    const key = createGroupKey(document.body, identity);
    if (key === undefined) {
      if (!own) copies.foreignOnly++;
      continue;
    }
    const group = groups.get(key) ?? { own: [], foreign: [] };
    groups.set(key, group);
    (own ? group.own : group.foreign).push(document);
  }
  for (const { own, foreign } of groups.values())
    if (foreign.length > 0) judgeGroup(own, foreign, identity, copies);
  return copies;
}

function judgeGroup(
  own: readonly Stored[],
  foreign: readonly Stored[],
  identity: readonly string[],
  copies: Copies,
): void {
  // Real copies have equal bodies: of each body, one is enough to compare with.
  const bodies = new Map(own.map((document) => [canonicalJson(document.body), document]));
  const named = identity.includes('transaction_id');
  const left = new Map<string, Stored>();
  for (const document of foreign) {
    const same = [...bodies.values()].find(({ body }) => haveEqualValues(body, document.body, named));
    const called = transactionOf(document.body) !== undefined;
    if (same) {
      (called ? copies.held : copies.plain).push({ document, of: same.id });
      continue;
    }
    const body = canonicalJson(document.body);
    const first = left.get(body);
    if (!first) {
      left.set(body, document);
      copies.foreignOnly++;
    } else if (called) copies.repeated.push({ document, of: first.id });
    else copies.undecided++;
  }
}

/** What identifies a document among those of its instant; `undefined` where it lacks a part of that. */
function createGroupKey(body: JsonObject, identity: readonly string[]): string | undefined {
  const parts: Json[] = [parseTime(body.timestamp)];
  for (const field of identity) {
    const value = body[field];
    if (value === undefined || value === null) return undefined;
    parts.push(trimDocument(value));
  }
  return canonicalJson(parts);
}

/** Elasticsearch knows milliseconds; a log may name microseconds. */
function parseTime(timestamp: Json | undefined): Json {
  return typeof timestamp === 'string' ? (readTimestamp(timestamp) ?? timestamp) : (timestamp ?? null);
}

/** White space at a text's end differs between the roads that one log can take. */
function trimDocument(value: Json): Json {
  return typeof value === 'string' ? value.trimEnd() : value;
}

/**
 * Whether two documents say the same in every field that both have. `named`: they are of one transaction, and then
 * objects, too, need agree only where both have a key: pipelines rename inputs each in their own way.
 */
function haveEqualValues(own: JsonObject, foreign: JsonObject, named: boolean): boolean {
  return Object.entries(foreign).every(([field, value]) => {
    const mine = own[field];
    if (value === null || mine === null || mine === undefined || field === 'timestamp') return true;
    if (named && isObject(mine) && isObject(value)) return haveEqualValues(mine, value, named);
    return canonicalJson(trimDocument(mine)) === canonicalJson(trimDocument(value));
  });
}

/** The transaction id that a document names, in a field or in its message. */
function transactionOf({
  transaction_id: id,
  level = null,
  message = null,
  data = null,
}: JsonObject): string | undefined {
  if (typeof id === 'string') return id;
  try {
    return parse({ level, message, data }).createEvent().transactionId;
  } catch {
    return undefined;
  }
}
