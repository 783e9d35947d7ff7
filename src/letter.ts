import { hash } from 'node:crypto';
import type { Entry } from './entry.ts';
import { isObject } from './util/json.ts';

/** An entry or document that could not be stored, and why. */
export interface DeadLetter {
  /** Where it failed: reading the entry, in a plugin, or at the sink. */
  stage: 'parse' | 'plugin' | 'sink';
  /** The plugin that failed, or the index that refused. */
  at: string;
  reason: string;
  /** The id of the event, or of the document that was refused: a replay stores it under that one. */
  id: string;
  /** As the source gave it. */
  entry: Entry;
}

/** A dead letter as it is kept: one JSON object on a line. */
export interface KeptLetter extends Omit<DeadLetter, 'id'> {
  /** Tells it from every other, see `createKey`; letters written by hand may have none. */
  key?: string;
  id?: string;
  /** When it was written, ISO 8601 in UTC. */
  time: string;
}

/** Dead letters that say the same. */
export interface ReasonGroup {
  count: number;
  stage: string;
  at: string;
  reason: string;
  /** When the first and the last of them were written. */
  first: string;
  last: string;
}

const KEY_LENGTH = 11;
const KEY = /^\{"key":"([^"]{11})"/;
/** How much of an entry is kept whose JSON would be longer than a string can be, in UTF-16 units. */
const KEPT_OF_HUGE = 1 << 20;

/** What is one letter however often it happens: the same log, or document, refused at the same place. */
export function createKey({ stage, at, id }: Pick<DeadLetter, 'stage' | 'at' | 'id'>): string {
  return hash('sha256', `${stage}\0${at}\0${id}`, 'base64url').slice(0, KEY_LENGTH);
}

/** The key in the beginning of a letter's line. */
export function readKey(line: string): string | undefined {
  return KEY.exec(line)?.[1];
}

/** A letter's line, its end included. An entry whose JSON no string can hold is cut, and the reason says so. */
export function writeLetter(letter: Omit<KeptLetter, 'key'> & { id: string }): string {
  const { time, stage, at, reason, id, entry } = letter;
  const key = createKey(letter);
  try {
    return `${JSON.stringify({ key, time, stage, at, reason, id, entry })}\n`;
  } catch {
    const text = typeof entry === 'string' ? entry.slice(0, KEPT_OF_HUGE) : '';
    const cut = `${reason}. Only the first ${text.length} characters of the entry are kept`;
    return `${JSON.stringify({ key, time, stage, at, reason: cut, id, entry: text })}\n`;
  }
}

/** The letter in a line; `undefined` where it can't be read. */
export function parseLetter(text: string): KeptLetter | undefined {
  try {
    const letter = JSON.parse(text);
    return isObject(letter) && 'entry' in letter ? (letter as unknown as KeptLetter) : undefined;
  } catch {
    return undefined;
  }
}

/** Letters by stage, place and reason, the most frequent first. Ids and quoted values, which differ from letter to letter, are `…`. */
export function groupByReason(letters: Iterable<KeptLetter>): ReasonGroup[] {
  const groups = new Map<string, ReasonGroup>();
  for (const { stage, at, reason, time } of letters) {
    const general = reason.replace(/[0-9a-f]{32}(-\d+)?(\.\d+)?/g, '…').replace(/'[^']*'/g, "'…'");
    const key = `${stage} ${at} ${general}`;
    const group = groups.get(key) ?? { count: 0, stage, at, reason: general, first: time, last: time };
    groups.set(key, { ...group, count: group.count + 1, last: time });
  }
  return [...groups.values()].sort((a, b) => b.count - a.count);
}
