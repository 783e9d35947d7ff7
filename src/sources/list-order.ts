import type { Recognition, View } from './list-cursor.ts';
import { alignGrown } from './window.ts';

/** At which end of a list its newest entry is: at the beginning, as `LPUSH` puts it, or at the end, as `RPUSH` does. */
export type ListOrder = 'newest-first' | 'oldest-first';

/** The command that writes a list in this order. */
export const COMMANDS: Readonly<Record<ListOrder, string>> = {
  'newest-first': 'LPUSH',
  'oldest-first': 'RPUSH',
};

/** The other order. */
export function otherOrder(order: ListOrder): ListOrder {
  return order === 'newest-first' ? 'oldest-first' : 'newest-first';
}

const TIME = /\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?/;

/** Number of entries, at each end of a list, that its order is told by. */
export const SAMPLE = 32;

/**
 * What the times in entries at both ends of a list, as they stand in it, say about its order: which way most steps from one to
 * the next go; `undefined` where they say nothing.
 */
export function guessOrder(...ends: readonly (readonly string[])[]): ListOrder | undefined {
  let steps = 0;
  for (const entries of ends) {
    const times = entries.flatMap((entry) => TIME.exec(entry)?.[0].replace('T', ' ') ?? []);
    times.forEach((time, n) => {
      const before = times[n - 1] ?? time;
      if (time !== before) steps += time > before ? 1 : -1;
    });
  }
  return steps === 0 ? undefined : steps > 0 ? 'oldest-first' : 'newest-first';
}

/**
 * At which end a list has grown, if that is plain: the front, where newest entries are looked for, or the end. `before` are the
 * fingerprints that it had, all of them.
 */
export function findGrowth(before: readonly string[], { length, prints }: View): 'front' | 'end' | undefined {
  const least = Math.max(0, length - before.length);
  const front = alignGrown(before, prints, least);
  const end = alignGrown(before.toReversed(), prints.toReversed(), least);
  if (front && front.shared >= (end?.shared ?? 0)) return front.fresh.length > 0 ? 'front' : undefined;
  return end && end.fresh.length > 0 ? 'end' : undefined;
}

/** A part of a list is taken to continue what was read if they share this many entries. */
export const LEAST_SHARED = 32;

/**
 * Whether a view of a list's newest entries shows new ones before enough known ones, and these explain how much longer it is than
 * `before`: what lies behind is as it was, then, as far as that can be told from a part.
 */
export function isPlain(
  { prints, length }: View,
  { ambiguous, fresh, shared, end, gone }: Recognition,
  before: number,
): boolean {
  const isGrown = gone === 0 && end === shared && fresh.length + shared === prints.length;
  return isGrown && !ambiguous && shared >= LEAST_SHARED && length <= before + fresh.length;
}
