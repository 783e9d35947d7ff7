import { SidecarError } from './errors.ts';

const UNITS: Readonly<Record<string, number>> = {
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** A duration such as `90m`, `12h`, `30d` or `4w`, in ms. Throws `SidecarError` (`config`) that names `flag`. */
export function durationMs(text: string, flag: string): number {
  const [, count, unit] = /^(\d{1,6})([mhdw])$/.exec(text) ?? [];
  const ms = Number(count) * (UNITS[unit ?? ''] ?? Number.NaN);
  if (!(ms > 0)) {
    throw new SidecarError(
      'config',
      `${flag}: "${text}" is no duration; write a number and m, h, d or w, such as 12h or 30d`,
    );
  }
  return ms;
}
