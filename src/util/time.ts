import { SidecarError } from './errors.ts';

const UNITS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

const DURATION = /^(\d{1,6})([smhdw])$/;
const ISO = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?)?$/;

/**
 * Reads a duration such as `90s`, `30m`, `12h`, `30d` or `4w`; returns ms. Throws `SidecarError` (`config`) that begins
 * with `name`.
 */
export function readDuration(text: string, name: string): number {
  const ms = durationMs(text);
  if (ms !== undefined) return ms;
  throw new SidecarError(
    'config',
    `${name}: "${text}" is not a duration; write a number and s, m, h, d or w, such as 12h or 30d`,
  );
}

/**
 * Reads a point in time, in ms since 1970: `24h` (24 hours before `end`; s, m, h, d or w), `now`, `now-24h`, a date
 * (`2026-11-24`), or ISO 8601 with or without a zone (`2026-11-24T19:30`, `2026-11-24T19:30:00+01:00`); UTC where no zone
 * is named. Throws `SidecarError` (`config`) that begins with `name`.
 */
export function readTime(text: string, name: string, now: number = Date.now(), end: number = now): number {
  const before = durationMs(text);
  if (before !== undefined) return end - before;
  if (text === 'now') return now;
  const sinceNow = text.startsWith('now-') ? durationMs(text.slice(4)) : undefined;
  if (sinceNow !== undefined) return now - sinceNow;
  const iso = ISO.exec(text);
  const ms = iso ? Date.parse(text.length === 10 || iso[1] ? text : `${text}Z`) : Number.NaN;
  if (!Number.isNaN(ms)) return ms;
  throw new SidecarError(
    'config',
    `${name}: "${text}" is not a time; write 24h (24 hours ago; s, m, h, d or w), now-24h, 2026-11-24, or 2026-11-24T19:30:00Z`,
  );
}

/** `2026-11-24 19:25:11 UTC`. */
export function formatTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

function durationMs(text: string): number | undefined {
  const [, count, unit] = DURATION.exec(text) ?? [];
  const ms = Number(count) * (UNITS[unit ?? ''] ?? Number.NaN);
  return ms > 0 ? ms : undefined;
}
