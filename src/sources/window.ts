import { hash } from 'node:crypto';

/** A short hash of one raw entry; windows are compared by these, and journals keep them. */
export function fingerprint(entry: string): string {
  return hash('sha1', entry, 'base64').slice(0, 11);
}

/** How a window relates to an earlier one; both are newest first. */
export interface Alignment {
  /** Places in the window, ascending, of the entries that are new. */
  fresh: number[];
  /** How many entries both have. */
  shared: number;
  /** There was another reading: the window repeats itself. */
  ambiguous: boolean;
  /** How many of the earlier window's newest entries are gone. */
  gone: number;
  /** The place in the earlier window behind the last entry that both have. */
  end: number;
  /**
   * Where an entry of the earlier window is now, or would be if the later one reached so far; `undefined` for one that is gone.
   */
  locate(place: number): number | undefined;
}

/**
 * Aligns a window with an earlier one under the rules for a list that only grows at its front and is cut at its end;
 * `undefined` where these don't explain it. Of several readings, the one with the fewest new entries is taken.
 * Sequences are compared, so that identical entries stay apart. `least` is the minimum number of new entries. Takes time
 * proportional to the window, whatever it holds (Knuth, Morris, Pratt).
 */
export function alignGrown(
  before: readonly string[],
  now: readonly string[],
  least = 0,
): Alignment | undefined {
  const size = Math.min(before.length, now.length - least);
  if (size <= 0) return undefined;
  const shorter = bordersOf(before, size);
  const readings: { fresh: number; shared: number }[] = [];
  let shared = 0;
  for (let at = least; at < now.length; at++) {
    while (shared > 0 && (shared === size || before[shared] !== now[at])) shared = shorter[shared - 1]!;
    if (before[shared] === now[at]) shared++;
    if (shared === before.length && readings.length < 2) readings.push({ fresh: at + 1 - shared, shared });
  }
  if (shared === before.length) shared = shorter[shared - 1]!;
  for (; shared > 0 && readings.length < 2; shared = shorter[shared - 1]!)
    readings.push({ fresh: now.length - shared, shared });
  const [best] = readings;
  return (
    best && {
      fresh: Array.from({ length: best.fresh }, (_, n) => n),
      shared: best.shared,
      ambiguous: readings.length > 1,
      gone: 0,
      end: best.shared,
      locate: (place) => place + best.fresh,
    }
  );
}

/** Of each beginning of the first `size`: the length of the longest shorter beginning that it also ends with. */
function bordersOf(prints: readonly string[], size: number): Uint32Array {
  const borders = new Uint32Array(size);
  for (let at = 1, length = 0; at < size; at++) {
    while (length > 0 && prints[at] !== prints[length]) length = borders[length - 1]!;
    if (prints[at] === prints[length]) length++;
    borders[at] = length;
  }
  return borders;
}

/** More entries in common than this can't be a coincidence. */
const ENOUGH_SHARED = 32;

/**
 * Aligns a window with an earlier one by their differences, whatever happened between them: entries taken out or edited
 * anywhere, the list back as it once was, cut, replaced in part. What is only in the window is new. `isWhole`: the
 * earlier window was all there was, so that what now follows the last common entry is new too; except where the
 * newest are gone and the oldest are not: then the list is an older copy, which reached further back. `undefined` where they share no more
 * than coincidence would explain: 32 different entries, or more than half, are enough.
 */
export function alignByDifferences(
  before: readonly string[],
  now: readonly string[],
  isWhole: boolean,
): Alignment | undefined {
  const places = new Int32Array(now.length).fill(-1);
  matchUniqueLines(before, now, places, [0, before.length, 0, now.length]);
  const kept: number[] = [];
  places.forEach((place, at) => {
    if (place >= 0) kept.push(at);
  });
  const least = Math.min(ENOUGH_SHARED, (Math.min(before.length, now.length) >> 1) + 1);
  if (kept.length < least || new Set(kept.map((at) => now[at])).size < least) return undefined;
  const gone = places[kept[0]!]!;
  const last = kept.at(-1)!;
  const reachesBack = gone > 0 && places[last]! + 1 === before.length;
  const end = isWhole && !reachesBack ? now.length : last;
  const fresh: number[] = [];
  for (let at = 0; at < end; at++) if (places[at]! < 0) fresh.push(at);
  const located = new Map(kept.map((at) => [places[at]!, at]));
  const locate = (place: number): number | undefined =>
    place < before.length ? located.get(place) : place - places[last]! + last;
  return { fresh, shared: kept.length, ambiguous: false, gone, end: places[last]! + 1, locate };
}

/** Part of two windows: from and to in the earlier one, from and to in the later one. */
type Range = [beforeFrom: number, beforeTo: number, nowFrom: number, nowTo: number];

/**
 * Patience diff: what both hold exactly once joins them, and whatever stands next to it in both; what lies between
 * is compared in the same way. Notes each match's place in the earlier window. Nothing is matched that only
 * repeated lines speak for.
 */
function matchUniqueLines(
  before: readonly string[],
  now: readonly string[],
  places: Int32Array,
  [beforeFrom, beforeTo, nowFrom, nowTo]: Range,
): void {
  const anchors = longestAscending(uniquePairs(before, now, [beforeFrom, beforeTo, nowFrom, nowTo]));
  if (anchors.length === 0) return;
  let b = beforeFrom;
  let n = nowFrom;
  for (const [anchorBefore, anchorNow] of anchors) {
    if (anchorBefore < b || anchorNow < n) continue;
    let [top, topNow] = [anchorBefore, anchorNow];
    while (top > b && topNow > n && before[top - 1] === now[topNow - 1]) places[--topNow] = --top;
    matchUniqueLines(before, now, places, [b, top, n, topNow]);
    [b, n] = [anchorBefore, anchorNow];
    while (b < beforeTo && n < nowTo && before[b] === now[n]) places[n++] = b++;
  }
  matchUniqueLines(before, now, places, [b, beforeTo, n, nowTo]);
}

/** Where what both parts hold exactly once stands, in the later one's order. */
function uniquePairs(before: readonly string[], now: readonly string[], range: Range): [number, number][] {
  const [beforeFrom, beforeTo, nowFrom, nowTo] = range;
  if (beforeFrom === beforeTo || nowFrom === nowTo) return [];
  const inBefore = uniquePlaces(before, beforeFrom, beforeTo);
  const pairs: [number, number][] = [];
  for (const [print, at] of uniquePlaces(now, nowFrom, nowTo)) {
    const place = inBefore.get(print) ?? -1;
    if (at >= 0 && place >= 0) pairs.push([place, at]);
  }
  return pairs;
}

/** The place of each, -1 where there are several. */
function uniquePlaces(prints: readonly string[], from: number, to: number): Map<string, number> {
  const places = new Map<string, number>();
  for (let at = from; at < to; at++) places.set(prints[at]!, places.has(prints[at]!) ? -1 : at);
  return places;
}

/** The most pairs whose first numbers ascend, as their second ones do (patience sorting). */
function longestAscending(pairs: readonly [number, number][]): [number, number][] {
  const tops: number[] = [];
  const previous = new Int32Array(pairs.length).fill(-1);
  pairs.forEach(([place], n) => {
    let low = 0;
    let high = tops.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (pairs[tops[middle]!]![0] < place) low = middle + 1;
      else high = middle;
    }
    if (low > 0) previous[n] = tops[low - 1]!;
    tops[low] = n;
  });
  const found: [number, number][] = [];
  for (let n = tops.at(-1) ?? -1; n >= 0; n = previous[n]!) found.push(pairs[n]!);
  return found.reverse();
}
