import { SidecarError } from '../util/errors.ts';

/** What is looked at: ms since 1970, both ends in it. */
export interface TimeRange {
  from: number;
  to: number;
}

const UNITS: Record<string, number> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/**
 * Reads a time as Kibana's time filter takes it: `now`, `now-15m` (s, m, h, d, w), or ISO 8601 (`2026-11-24`,
 * `2026-11-24T19:00`), in UTC where it names no zone. Throws `SidecarError` (`config`) that begins with `name`.
 */
export function readTime(text: string, name: string, now: number = Date.now()): number {
  const relative = /^now(?:-(\d{1,6})([smhdw]))?$/.exec(text);
  if (relative) return now - Number(relative[1] ?? 0) * (UNITS[relative[2] ?? 's'] as number);
  const iso = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?)?$/.exec(text);
  const ms = iso ? Date.parse(text.length === 10 || iso[1] ? text : `${text}Z`) : Number.NaN;
  if (Number.isNaN(ms)) {
    throw new SidecarError(
      'config',
      `${name}: "${text}" is no time; write it as 2026-11-24, 2026-11-24T19:00:00Z, now, or now-24h (s, m, h, d, w)`,
    );
  }
  return ms;
}

/** Throws `SidecarError` (`config`) where a range ends before it begins. */
export function checkRange(range: TimeRange): TimeRange {
  if (range.from <= range.to) return range;
  throw new SidecarError(
    'config',
    `the time range ends (${shown(range.to)}) before it begins (${shown(range.from)})`,
  );
}

/** `2026-11-24 19:25:11 UTC`. */
export function shown(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
