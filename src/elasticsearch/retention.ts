import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@elastic/elasticsearch';
import { findPeriodEnd } from '../rotation.ts';
import { SidecarError } from '../util/errors.ts';
import { countDocuments, findPresentIndices, isDated, type PresentIndex } from './indices.ts';

/** What is to become of one index. */
export interface Pruning extends PresentIndex {
  /** The whole index goes; otherwise its old documents. */
  drop: boolean;
  /** How many documents go. */
  old: number;
  /** How many stay. */
  kept: number;
}

/** A day may have begun so long before it did in UTC, or end so long after. */
const ZONES_MS = 14 * 3_600_000;
const LOOK_EVERY_MS = 500;

/**
 * What is older than `before` (ms since 1970) in the indices of these names; indices that hold nothing old are left
 * out. A whole index goes where its period is over in every zone and nothing in it is younger; the one without an
 * end stays, and so does an index whose `timestamp` is not a date, which is warned of.
 */
export async function findOld(client: Client, names: readonly string[], before: number): Promise<Pruning[]> {
  const found: Pruning[] = [];
  for (const present of await findPresentIndices(client, names)) {
    const { name, index } = present;
    if (!(await isDated(client, index))) continue;
    const total = await countDocuments(client, index);
    const old = await countDocuments(client, index, olderThan(before));
    const end = findPeriodEnd(name, index);
    const drop = end !== undefined && end + ZONES_MS <= before && old === total;
    if (old > 0 || drop) found.push({ ...present, drop, old, kept: total - old });
  }
  return found;
}

/** Removes what `findOld` found. Throws `SidecarError` (`unreachable`) where some documents could not be deleted. */
export async function removeOld(client: Client, found: readonly Pruning[], before: number): Promise<void> {
  for (const { index, drop } of found) {
    if (drop) await client.indices.delete({ index });
    else await deleteOlder(client, index, before);
  }
}

/** As a task of the server, since it may take longer than a request may. */
async function deleteOlder(client: Client, index: string, before: number): Promise<void> {
  const { task } = await client.deleteByQuery({
    index,
    query: olderThan(before),
    conflicts: 'proceed',
    refresh: true,
    wait_for_completion: false,
  });
  for (;;) {
    const { completed, error, response } = await client.tasks.get({ task_id: String(task) });
    if (completed) {
      const failures = (response as { failures?: unknown[] } | undefined)?.failures ?? [];
      const [reason] = error ? [error] : failures;
      if (reason !== undefined) {
        throw new SidecarError(
          'unreachable',
          `documents of ${index} could not be deleted: ${JSON.stringify(reason)}. Run the command again`,
        );
      }
      return;
    }
    await delay(LOOK_EVERY_MS);
  }
}

function olderThan(before: number) {
  return { range: { timestamp: { lt: before, format: 'epoch_millis' } } };
}
