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
