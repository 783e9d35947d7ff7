import { SidecarError } from '../util/errors.ts';
import { formatTime } from '../util/time.ts';

/** What is looked at: ms since 1970, both ends in it. */
export interface TimeRange {
  from: number;
  to: number;
}

/** Throws `SidecarError` (`config`) where a range ends before it begins. */
export function checkRange(range: TimeRange): TimeRange {
  if (range.from <= range.to) return range;
  throw new SidecarError(
    'config',
    `the time range ends (${formatTime(range.to)}) before it begins (${formatTime(range.from)})`,
  );
}
