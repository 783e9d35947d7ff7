import { isObject, type Json } from './util/json.ts';

/** A time as it is written. */
export interface WrittenTime {
  /** What the clock on the wall showed, as if it were in UTC, in ms since 1970; the fraction of its second aside. */
  wall: number;
  /** Digits behind the second, perhaps none. */
  fraction: string;
  /** The zone's offset from UTC in ms; `undefined` where none is named. */
  offset: number | undefined;
  /** It names its year. */
  hasYear: boolean;
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
/** Hours from UTC, of the zones that RFC 2822 names. */
const ZONES: Record<string, number> = {
  EST: -5,
  EDT: -4,
  CST: -6,
  CDT: -5,
  MST: -7,
  MDT: -6,
  PST: -8,
  PDT: -7,
};
const DAY_MS = 86_400_000;

const NAME = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*';
const MONTH = '(?<month>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*';
const CLOCK =
  '(?<h>\\d\\d?):(?<m>\\d\\d)(?::(?<s>\\d\\d)(?:[.,:](?<f>\\d+))?)?(?: ?(?<half>[AaPp])[Mm](?!\\w))?';
const ZONE =
  '(?<zone>\\s?(?:UTC|GMT|UT|Z|z)(?!\\w)|[+\\u2212-]\\d\\d(?::?[0-5]\\d)?(?:Z|\\[[\\w/]+\\])?(?!\\d)|\\s[+\\u2212-]\\d\\d:?[0-5]\\d(?:\\s(?:UTC|GMT))?(?!\\d))?';

/** Forms that a line of text may begin with, too. */
const IN_TEXT = [
  // ISO 8601, and as Python, Go, PostgreSQL and Airflow write it.
  `(?<y>\\d{4})-(?<M>\\d\\d)-(?<d>\\d\\d)(?:[Tt_]|,? +)${CLOCK}${ZONE}`,
  `(?<y>\\d{4})[/.](?<M>\\d\\d)[/.](?<d>\\d\\d),? +${CLOCK}${ZONE}`,
  // ISO 8601 without separators, of weeks and of days of the year.
  `(?<y>\\d{4})(?<M>\\d\\d)(?<d>\\d\\d)[Tt](?<h>\\d\\d)(?:(?<m>\\d\\d)(?:(?<s>\\d\\d))?)?(?:[.,](?<f>\\d+))?${ZONE}`,
  `(?<y>\\d{4})-?W(?<week>\\d\\d)-?(?<weekday>[1-7])[Tt](?<h>\\d\\d)(?::?(?<m>\\d\\d)(?::?(?<s>\\d\\d))?)?(?:[.,](?<f>\\d+))?${ZONE}`,
  `(?<y>\\d{4})-?(?<yearday>\\d{3})[Tt](?<h>\\d\\d)(?::?(?<m>\\d\\d)(?::?(?<s>\\d\\d))?)?(?:[.,](?<f>\\d+))?${ZONE}`,
  // Access logs, Django; RFC 2822, HTTP; `ctime`; syslog.
  `(?<d>\\d\\d)/${MONTH}/(?<y>\\d{4})[: ]${CLOCK}${ZONE}`,
  `(?:${NAME}, ?)?(?<d>\\d{1,2})[ -]${MONTH}[ -](?<y>\\d{4}|\\d\\d) ${CLOCK}(?: (?<named>[ECMP][SD]T)|${ZONE})`,
  `(?:${NAME} )?${MONTH} +(?<d>\\d{1,2}) ${CLOCK}${ZONE} (?<y>\\d{4})`,
  `${MONTH} +(?<d>\\d{1,2}),? (?<y>\\d{4}),? ${CLOCK}${ZONE}`,
  `${MONTH} +(?<d>\\d{1,2}) ${CLOCK}`,
  `(?<M>\\d\\d)-(?<d>\\d\\d) ${CLOCK}`,
];
/** The day before the month, which the month before the day can't be told from: a time only where that is configured. */
const DAY_FIRST = `(?<d>\\d{1,2})[/.-](?<M>\\d{1,2})[/.-](?<y>\\d{4})[T,]? *${CLOCK}${ZONE}`;
/** Forms that are a time only where one is due. */
const ALONE = [
  `(?<y>\\d{4})-(?<M>\\d\\d)-(?<d>\\d\\d)`,
  // ISO 8601 down to the hour, or with a fraction of its minute or hour.
  `(?<y>\\d{4})-(?<M>\\d\\d)-(?<d>\\d\\d)[Tt ](?<h>\\d\\d)(?::?(?<m>\\d\\d)(?::?(?<s>\\d\\d))?)?(?:[.,](?<f>\\d+))?${ZONE}`,
  // absl, PyTorch and Tornado.
  `(?<M>\\d\\d?)(?<d>\\d\\d) ${CLOCK}`,
  `(?<y>\\d\\d)(?<M>\\d\\d)(?<d>\\d\\d) ${CLOCK}`,
];

const whole = (form: string): RegExp => new RegExp(`^(?:${form})$`);
const WHOLE = [...IN_TEXT, ...ALONE].map(whole);
const WHOLE_DAY_FIRST = whole(DAY_FIRST);
const BEGINNING = [...IN_TEXT, DAY_FIRST].map((form) => new RegExp(`(?:${form})(?!\\w|[:.,]\\d)`, 'y'));
const EPOCH = /^(\d{8,19})(?:[.,](\d{1,9})\d*)?$/;

/** Reads a time; `dayFirst`: `02/03/2026` is in March. Returns `undefined` for what is not a time, or an impossible one. */
export function readWritten(text: string, dayFirst: boolean): WrittenTime | undefined {
  if (text.length > 64) return undefined;
  const epoch = EPOCH.exec(text);
  if (epoch && text.length !== 8) return readEpoch(epoch[1]!, epoch[2] ?? '');
  for (const form of WHOLE) {
    const match = form.exec(text);
    if (match) return fromParts(match.groups!);
  }
  const match = dayFirst ? WHOLE_DAY_FIRST.exec(text) : null;
  return match ? fromParts(match.groups!) : undefined;
}

/**
 * A JSON value that is a time, as it is written: a text, a number since 1970, Google's `{seconds, nanos}`, log4j's
 * `{epochSecond, nanoOfSecond}`, or MongoDB's `{$date}`; `undefined` for any other.
 */
export function timeOf(value: Json): string | undefined {
  if (isObject(value)) {
    const {
      $date,
      epochSecond,
      nanoOfSecond = 0,
      seconds = epochSecond,
      nanos = nanoOfSecond,
      ...others
    } = value;
    // What else stands in it would be lost.
    if (Object.keys(others).length > 0) return undefined;
    if ($date !== undefined) return timeOf($date);
    const text = seconds === undefined ? undefined : `${seconds}.${String(nanos).padStart(9, '0')}`;
    return text === undefined ? undefined : timeOf(text);
  }
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const text = String(value);
  return readWritten(text, true) === undefined ? undefined : text;
}

/** Where a time that stands at `at` in a text ends; -1 where none stands there. Whether it is possible is not looked at. */
export function timeEnd(text: string, at: number): number {
  const first = text.charCodeAt(at);
  const digit = first >= 0x30 && first <= 0x39;
  if (!digit && !(first >= 0x41 && first <= 0x57)) return -1;
  for (const form of BEGINNING) {
    form.lastIndex = at;
    if (form.test(text)) return form.lastIndex;
  }
  return -1;
}

/** Seconds, ms, µs or ns since 1970, told by how many they are. */
function readEpoch(digits: string, decimals: string): WrittenTime {
  const seconds =
    digits.length <= 11 ? digits.length : digits.length <= 14 ? -3 : digits.length <= 17 ? -6 : -9;
  const whole = digits.slice(0, seconds);
  const fraction = seconds < 0 ? digits.slice(seconds) : '';
  return { wall: Number(whole) * 1000, fraction: fraction + decimals, offset: 0, hasYear: true };
}

function fromParts(parts: Record<string, string | undefined>): WrittenTime | undefined {
  const { h = '0', m, s, f = '', half } = parts;
  const hour = hourOf(+h, half);
  const minute = +(m ?? 0);
  const second = +(s ?? 0);
  const year = yearOf(parts.y);
  const day = dayOf(parts, year);
  if (day === undefined || hour > 24 || minute > 59 || second > 60) return undefined;
  if (hour === 24 && minute + second > 0) return undefined;
  // A leap second is the first of the next minute, as POSIX counts.
  if (second === 60 && minute !== 59) return undefined;
  let wall = day + ((hour * 60 + minute) * 60 + second) * 1000;
  let fraction = f;
  if (s === undefined && f !== '') {
    const ms = Math.round(Number(`0.${f}`) * (m === undefined ? 3_600_000 : 60_000));
    wall += ms - (ms % 1000);
    fraction = String(ms % 1000).padStart(3, '0');
  }
  const offset = offsetOf(parts);
  if (Number.isNaN(offset)) return undefined;
  if (parts.y === undefined && wall > Date.now() + DAY_MS) wall = lastYear(wall);
  return { wall, fraction, offset, hasYear: parts.y !== undefined };
}

/** Of 24, where the half of the day is named; more than 24 for an hour that a half does not have. */
function hourOf(hour: number, half: string | undefined): number {
  if (half === undefined) return hour;
  if (hour < 1 || hour > 12) return Number.POSITIVE_INFINITY;
  return (hour % 12) + (half.toLowerCase() === 'p' ? 12 : 0);
}

/** Of two digits, the one nearest to 2000; of none, this one. */
function yearOf(written: string | undefined): number {
  if (written === undefined) return new Date().getUTCFullYear();
  return written.length === 4 ? +written : +written + (+written < 70 ? 2000 : 1900);
}

function lastYear(wall: number): number {
  const date = new Date(wall);
  return date.setUTCFullYear(date.getUTCFullYear() - 1);
}

/** Midnight of the day, in ms; `undefined` for a day that never was. */
function dayOf(
  { M, month, d, week, weekday, yearday }: Record<string, string | undefined>,
  year: number,
): number | undefined {
  if (week !== undefined) {
    const fourth = Date.UTC(year, 0, 4);
    const monday = fourth - ((new Date(fourth).getUTCDay() + 6) % 7) * DAY_MS;
    return +week >= 1 && +week <= 53 ? monday + ((+week - 1) * 7 + +weekday! - 1) * DAY_MS : undefined;
  }
  if (yearday !== undefined) {
    const day = Date.UTC(year, 0, +yearday);
    return new Date(day).getUTCFullYear() === year ? day : undefined;
  }
  const monthIndex = month === undefined ? +M! - 1 : MONTHS.indexOf(month.toLowerCase());
  const day = Date.UTC(year, monthIndex, +d!);
  const date = new Date(day);
  // `Date.UTC` rolls 2026-02-30 over into March, and takes the year 50 for 1950.
  const same =
    date.getUTCFullYear() === year && date.getUTCMonth() === monthIndex && date.getUTCDate() === +d!;
  return same ? day : undefined;
}

/** In ms; `NaN` for a zone that none is so far off. */
function offsetOf({ zone, named }: Record<string, string | undefined>): number | undefined {
  if (named !== undefined) return ZONES[named]! * 3_600_000;
  const [, sign, hours, minutes = '0'] = /([+\u2212-])(\d\d):?(\d\d)?/.exec(zone ?? '') ?? [];
  if (sign === undefined) return zone === undefined ? undefined : 0;
  if (+hours! > 14) return Number.NaN;
  return (sign === '+' ? 1 : -1) * (+hours! * 60 + +minutes) * 60_000;
}
