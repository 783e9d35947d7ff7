import { readWrittenDate } from './timestamp.ts';

/** How long a period one index holds: all time, a day, or a month. */
export const ROTATIONS = ['none', 'daily', 'monthly'] as const;
export type Rotation = (typeof ROTATIONS)[number];

/** What the name of an index ends with that holds the logs that name no time. */
export const UNDATED = '-undated';

/** Elasticsearch refuses such names; to some of its APIs a comma or a star would name other indices besides. */
const NOT_IN_INDEX_NAMES = /^[-_+.]|[\\/*?"<>|\s,#:\p{Lu}]/u;

/** Whether `name` can name one index, and names nothing else. */
export function isIndexName(name: string): boolean {
  return name !== '' && !NOT_IN_INDEX_NAMES.test(name);
}

const PERIOD = /^-(\d{4})\.(\d\d)(?:\.(\d\d))?$/;

/**
 * What is added to an index's name for a log whose timestamp is written so: `-2026.11.24`, `-2026.11`, or nothing.
 */
export type SuffixReader = (written: string) => string;

/**
 * Makes a reader of suffixes; `dayFirst`: see `createTimestampReader`. A suffix follows from the timestamp as it is
 * written, in whatever zone that is: so do ids, and an id must always meet its own index again.
 */
export function createSuffixReader(rotation: Rotation, dayFirst = false): SuffixReader {
  if (rotation === 'none') return () => '';
  const length = rotation === 'daily' ? 10 : 7;
  return (written) => {
    const date = readWrittenDate(written, dayFirst);
    return date === undefined ? UNDATED : `-${date.slice(0, length).replaceAll('-', '.')}`;
  };
}

/** What Elasticsearch finds the periods of `name` by, of any rotation, and perhaps others: see `belongsTo`. */
export function listPeriodPatterns(name: string): string[] {
  return [`${name}-*.*`, name + UNDATED];
}

/**
 * The patterns of a template for the indices of `name`. They end as its periods do, so that a copy which somebody
 * names `…-2026.11-old` does not become one of them.
 */
export function listTemplatePatterns(name: string, rotation: Rotation): string[] {
  if (rotation === 'none') return [name];
  const ends = Array.from({ length: rotation === 'daily' ? 31 : 12 }, (_, n) =>
    String(n + 1).padStart(2, '0'),
  );
  return [...ends.map((end) => `${name}-*.${end}`), name + UNDATED];
}

/** Whether `index` is `name` itself, one of its days or months, or holds its logs without a time. */
export function belongsTo(name: string, index: string): boolean {
  if (!index.startsWith(name)) return false;
  const suffix = index.slice(name.length);
  return suffix === '' || suffix === UNDATED || PERIOD.test(suffix);
}

/** Whether this rotation makes such an index of `name`. */
export function fits(name: string, index: string, rotation: Rotation): boolean {
  const match = PERIOD.exec(index.slice(name.length));
  if (rotation === 'none') return index === name;
  return match ? (match[3] === undefined) === (rotation === 'monthly') : index !== name;
}

/**
 * When the period of `index` ends, in ms since 1970, as if it were in UTC; `undefined` for an index without an end.
 */
export function findPeriodEnd(name: string, index: string): number | undefined {
  const match = PERIOD.exec(index.slice(name.length));
  if (!match) return undefined;
  const [, year, month, day] = match;
  return day === undefined ? Date.UTC(+year!, +month!, 1) : Date.UTC(+year!, +month! - 1, +day + 1);
}
