import { readWritten } from './time-forms.ts';
import { SidecarError } from './util/errors.ts';

/**
 * ISO 8601 as most loggers write it: a space or a `T`, a fraction of up to nine digits behind a dot or (Python's
 * `asctime`) a comma, and perhaps a zone.
 */
const ISO =
  /^(\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d)?)(?:(?<=:\d\d:\d\d)[.,](\d{1,9}))?\s?(Z|[+-](?:0\d|1[0-4]):?[0-5]\d)?$/;

const DAY_MS = 86_400_000;

/**
 * Turns a timestamp as written into ISO 8601 in UTC, `2026-11-24T19:26:39.000Z`, keeping a finer fraction of up to nine
 * digits; `undefined` for what is not a time.
 */
export type TimestampReader = (written: string) => string | undefined;

/**
 * Makes a reader of timestamps. Those that name no zone are read in `zone`, an IANA name such as
 * `Europe/Paris`. An hour that a zone repeats in autumn is read as its first pass, one that it skips in spring as
 * if the clock had not been changed yet. `dayFirst`: `02/03/2026` is a day in March, and otherwise no time.
 * Throws `SidecarError` (`config`) for an unknown zone.
 */
export function createTimestampReader(zone: string, dayFirst = false): TimestampReader {
  const offsetOf = findZoneOffset(zone);
  const readIso = createIsoReader(offsetOf);
  let last = '';
  let lastRead: string | undefined;
  return (written) => {
    // A second holds many logs: most timestamps are the one before.
    if (written !== last) {
      lastRead = readIso(written) ?? readOther(written, offsetOf, dayFirst);
      last = written;
    }
    return lastRead;
  };
}

/** The date that a timestamp is written with, `2026-11-24`, whatever zone it is in; `undefined` where it names none. */
export function readWrittenDate(written: string, dayFirst = false): string | undefined {
  if (readIsoDate(written) !== undefined) return written.slice(0, 10);
  const time = readWritten(written, dayFirst);
  return time?.hasYear ? new Date(time.wall).toISOString().slice(0, 10) : undefined;
}

/** Makes a reader of the form that most logs have; `undefined` for all others. */
function createIsoReader(offsetOf: (utc: number) => number): TimestampReader {
  let last = '';
  let lastZone: string | undefined;
  let start: string | undefined;
  return (written) => {
    const match = ISO.exec(written);
    if (!match) return undefined;
    const [, second, fraction = '', zone] = match;
    // Others differ from the one before by their fraction alone.
    if (second !== last || zone !== lastZone) {
      start = readSecond(second!, zone, offsetOf);
      last = second!;
      lastZone = zone;
    }
    return start === undefined ? undefined : `${start}${fraction.padEnd(3, '0')}Z`;
  };
}

/** A second in UTC, as ISO 8601 begins it: `2026-11-24T19:26:39.` */
function readSecond(
  written: string,
  zone: string | undefined,
  offsetOf: (utc: number) => number,
): string | undefined {
  const [year, month, day, hour, minute, second = '00'] = written.split(/[-T :]/);
  const wall = Date.UTC(+year!, +month! - 1, +day!, +hour!, +minute!, +second);
  // Date.UTC rolls 2026-02-30 over into March, and 12:00:75 into the next minute: such a text is not a time.
  if (!new Date(wall).toISOString().startsWith(`${year}-${month}-${day}T${hour}:${minute}:${second}.`))
    return undefined;
  return written8601(wall - (zone === undefined ? offsetOf(wall) : parseFixedOffset(zone)), '')?.slice(0, 20);
}

const readIsoDate = createIsoReader(() => 0);

/** Any other form. */
function readOther(
  written: string,
  offsetOf: (utc: number) => number,
  dayFirst: boolean,
): string | undefined {
  const time = readWritten(written, dayFirst);
  return time && written8601(time.wall - (time.offset ?? offsetOf(time.wall)), time.fraction);
}

function written8601(utc: number, fraction: string): string | undefined {
  const text = new Date(utc).toISOString();
  // Beyond the year 9999, or before 0, ISO 8601 has other forms.
  return text.length === 24 ? `${text.slice(0, 20)}${fraction.slice(0, 9).padEnd(3, '0')}Z` : undefined;
}

/** `+02:00` in ms. */
function parseFixedOffset(zone: string): number {
  if (zone === 'Z') return 0;
  const minutes = +zone.slice(1, 3) * 60 + +zone.slice(-2);
  return (zone[0] === '-' ? -minutes : minutes) * 60_000;
}

/** A function from wall-clock time (as if it were UTC, in ms) to the zone's offset at that time, in ms. */
function findZoneOffset(zone: string): (wall: number) => number {
  if (zone === 'UTC') return () => 0;
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
  } catch (cause) {
    throw new SidecarError('config', `"${zone}" is not a time zone: give an IANA name such as Europe/Paris`, {
      cause,
    });
  }
  const at = (utc: number): number => {
    const name = format.formatToParts(utc).find((part) => part.type === 'timeZoneName')?.value ?? 'GMT';
    return name === 'GMT' ? 0 : parseFixedOffset(name.slice(3));
  };
  const byQuarter = new Map<number, number>();
  return (wall) => {
    // Zones change at quarters of an hour at the finest, and asking Intl costs microseconds.
    const quarter = Math.floor(wall / 900_000);
    let offset = byQuarter.get(quarter);
    if (offset === undefined) {
      const before = at(wall - DAY_MS);
      const after = at(wall + DAY_MS);
      offset = at(wall - before) !== before && at(wall - after) === after ? after : before;
      if (byQuarter.size > 1000) byQuarter.clear();
      byQuarter.set(quarter, offset);
    }
    return offset;
  };
}
