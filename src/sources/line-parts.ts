import { setTimeout as delay } from 'node:timers/promises';
import { joinParts } from './container-lines.ts';
import type { Batch } from './source.ts';

/** How long the rest of a line is waited for, in ms. */
const PATIENCE_MS = 2_000;
/** A line that goes on in more batches than these is taken as it came. */
const MOST_BATCHES = 8;

/**
 * The same batches, in which the parts of a line that a container's runtime cut are one entry. For sources that hold each part
 * as an entry of its own. A batch that ends within a line is handed on with the next one, or as it is after 2 s.
 */
export async function* joinLineParts(batches: AsyncIterable<Batch>): AsyncIterable<Batch> {
  const iterator = batches[Symbol.asyncIterator]();
  let held: Batch[] = [];
  let next = iterator.next();
  try {
    for (;;) {
      const read = held.length === 0 ? await next : await withinPatience(next);
      const batch = read && !read.done ? read.value : undefined;
      if (held.length > 0 && held[0]!.known !== batch?.known) {
        yield mergeBatches(held).batch;
        held = [];
      }
      if (batch) {
        held.push(batch);
        const { batch: whole, isOpen } = mergeBatches(held);
        if (!isOpen || held.length > MOST_BATCHES) {
          held = [];
          yield whole;
        }
      }
      if (read?.done) return;
      if (read) next = iterator.next();
    }
  } finally {
    void iterator.return?.();
  }
}

async function withinPatience<T>(next: Promise<T>): Promise<T | undefined> {
  const late = new AbortController();
  const patience = delay(PATIENCE_MS, undefined, { signal: late.signal }).catch(() => undefined);
  try {
    return await Promise.race([next, patience]);
  } finally {
    late.abort();
  }
}

function mergeBatches(batches: readonly Batch[]): { batch: Batch; isOpen: boolean } {
  const first = batches[0]!;
  const entries = batches.length === 1 ? first.entries : batches.flatMap((batch) => batch.entries);
  const { joined, isOpen } = joinParts(entries);
  if (batches.length === 1)
    return { batch: joined === entries ? first : { ...first, entries: joined }, isOpen };
  const batch: Batch = {
    ...first,
    entries: joined,
    unreadable: batches.flatMap(({ unreadable = [] }) => unreadable),
    position: batches.at(-1)!.position,
    commit: async () => {
      for (const each of batches) await each.commit?.();
    },
  };
  return { batch, isOpen };
}
