import { hash } from 'node:crypto';

/** A short hash of one raw entry; windows are compared by these, and checkpoints keep them. */
export function fingerprint(entry: string): string {
  return hash('sha1', entry, 'base64').slice(0, 11);
}

/** How a window lies to the one before it. */
export interface Alignment {
  /** How many of its newest entries are new. */
  fresh: number;
  /** How many entries both have. */
  shared: number;
  /** Another reading was possible too: the window repeats itself. */
  ambiguous: boolean;
  /** How many entries, the newest of before, are gone. */
  gone?: number;
}

/**
 * Aligns two views of a list that grows at its front and is cut at its end, both newest first; `undefined`
 * where they share nothing. Of several readings, the one with the fewest new entries is taken.
 * Compared are sequences, so that identical entries stay apart. `least` is how many entries are
 * known to be new at the least.
 */
export function align(before: readonly string[], now: readonly string[], least = 0): Alignment | undefined {
  let found: Alignment | undefined;
  for (let fresh = least; fresh < now.length; fresh++) {
    const shared = Math.min(now.length - fresh, before.length);
    let at = 0;
    while (at < shared && now[fresh + at] === before[at]) at++;
    if (at < shared || shared === 0) continue;
    if (found) return { ...found, ambiguous: true };
    found = { fresh, shared, ambiguous: false };
  }
  return found;
}

/** A repetition of fewer different entries may be a coincidence. */
const LEAST_REPEATED = 32;

/**
 * Aligns views of a list that came back as it once was, such as a Redis restored from its last snapshot, and may
 * have grown since: behind the new entries, `now` repeats `before` without its newest ones, up to the end of either.
 * The longest repetition is taken; `undefined` where none is longer than a coincidence.
 */
export function alignRestored(before: readonly string[], now: readonly string[]): Alignment | undefined {
  const enough = Math.min(LEAST_REPEATED, Math.max(4, before.length >> 1));
  let found: Alignment | undefined;
  const compare = (beforeEnd: number, nowEnd: number): void => {
    const most = Math.min(beforeEnd, nowEnd);
    let shared = 0;
    while (shared < most && before[beforeEnd - shared - 1] === now[nowEnd - shared - 1]) shared++;
    if (shared < enough || shared <= (found?.shared ?? 0)) return;
    if (new Set(now.slice(nowEnd - shared, nowEnd)).size < enough) return;
    found = { fresh: nowEnd - shared, shared, ambiguous: false, gone: beforeEnd - shared };
  };
  for (let end = now.length; end > (found?.shared ?? 0); end--) compare(before.length, end);
  for (let end = before.length; end > (found?.shared ?? 0); end--) compare(end, now.length);
  return found;
}
