import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Entry } from '../../src/entry.ts';
import type { SOURCES } from '../../src/registry.ts';
import type { Batch, Gap, ReadOptions, Source } from '../../src/sources/source.ts';
import type { Json } from '../../src/util/json.ts';

/** A place that entries can be put into, and sources that read it. */
export interface SourceBed {
  /** Puts entries there, oldest first, as the API would. */
  add(entries: readonly string[]): Promise<void>;
  /** A source that reads them. */
  make(): Source;
  /** A source whose place is not there, or can't be reached, and which does not wait long for it. */
  makeUnreachable?(): Source;
}

/** What sources of a kind can't promise. */
interface Limits {
  /** What was confirmed can't be read again, so there are no positions. */
  forgets?: boolean;
  /** It waits to be sent something: it can only be followed, and reaches out to nothing. */
  listens?: boolean;
}

/** Reads to the end, and commits each batch; returns the batches and the last position. */
export async function readAll(
  source: Source,
  options: Partial<ReadOptions> = {},
): Promise<{ batches: Batch[]; entries: Entry[]; position: Json | undefined; gaps: Gap[] }> {
  const batches: Batch[] = [];
  const gaps: Gap[] = [];
  const onGap = (gap: Gap): void => void gaps.push(gap);
  let position: Json | undefined = options.position;
  try {
    for await (const batch of source.batches({ ...defaults(), onGap, ...options })) {
      batches.push(batch);
      position = await commit(batch, position);
    }
  } finally {
    await source.close();
  }
  return { batches, entries: batches.flatMap((batch) => batch.entries), position, gaps };
}

/** Follows a source; `until` is asked behind each batch, and stops the reading with `true`. */
export async function follow(
  source: Source,
  options: Partial<ReadOptions>,
  until: (batches: readonly Batch[]) => boolean | Promise<boolean>,
): Promise<{ batches: Batch[]; entries: Entry[]; fresh: Entry[]; position: Json | undefined; gaps: Gap[] }> {
  const stop = new AbortController();
  const gaps: Gap[] = [];
  const batches: Batch[] = [];
  let position: Json | undefined = options.position;
  try {
    for await (const batch of source.batches({
      ...defaults(),
      onGap: (gap) => void gaps.push(gap),
      ...options,
      follow: true,
      signal: AbortSignal.any([stop.signal, AbortSignal.timeout(20_000)]),
    })) {
      batches.push(batch);
      position = await commit(batch, position);
      if (!(await until(batches))) continue;
      stop.abort();
      break;
    }
  } finally {
    await source.close();
  }
  assert.ok(
    stop.signal.aborted,
    `what was waited for never came; there came ${JSON.stringify(batches).slice(0, 500)}`,
  );
  return {
    batches,
    entries: batches.flatMap((batch) => batch.entries),
    fresh: freshOf(batches),
    position,
    gaps,
  };
}

/** Commits a batch; returns the position behind it, `before` being that before it, as a journal would hold it. */
async function commit(batch: Batch, before: Json | undefined): Promise<Json | undefined> {
  await batch.commit?.();
  return batch.position === undefined ? before : JSON.parse(JSON.stringify(batch.position));
}

/** The entries of batches that no earlier run had confirmed. */
export function freshOf(batches: readonly Batch[]): Entry[] {
  return batches.filter((batch) => !batch.known).flatMap((batch) => batch.entries);
}

function defaults(): ReadOptions {
  return { follow: false, batchSize: 100, signal: new AbortController().signal };
}

/** `count` different logs; `first` numbers the oldest. */
export function logs(count: number, first = 0): string[] {
  return Array.from({ length: count }, (_, n) => `2026-11-24 19:26:39 - api - INFO - log ${first + n}`);
}

/** What every source promises, but for its limits. */
export function sourceContract(
  name: (typeof SOURCES)[number]['name'],
  open: (t: TestContext) => Promise<SourceBed>,
  { forgets = false, listens = false }: Limits = {},
): void {
  const promises = (isMade: boolean) => (promise: string, check: (bed: SourceBed) => Promise<void>) => {
    if (isMade) test(`${name}: ${promise}`, { timeout: 90_000 }, async (t) => check(await open(t)));
  };
  const contract = promises(true);
  const readerContract = promises(!listens);
  const rereaderContract = promises(!listens && !forgets);

  readerContract('entries come oldest first, in batches of the size asked for', async (bed) => {
    await bed.add(logs(25));
    const { batches, entries } = await readAll(bed.make(), { batchSize: 10 });
    assert.deepEqual(entries, logs(25));
    assert.deepEqual(
      batches.map((batch) => batch.entries.length),
      [10, 10, 5],
    );
  });

  rereaderContract('reading takes nothing away', async (bed) => {
    await bed.add(logs(5));
    await readAll(bed.make());
    assert.deepEqual((await readAll(bed.make())).entries, logs(5));
  });

  readerContract('identical entries all come', async (bed) => {
    const copies = [...logs(1), ...logs(1), ...logs(2), ...logs(1)];
    await bed.add(copies);
    assert.deepEqual((await readAll(bed.make())).entries, copies);
  });

  readerContract('where nothing is, nothing comes, and reading ends', async (bed) => {
    await bed.add([]);
    assert.deepEqual((await readAll(bed.make())).entries, []);
  });

  rereaderContract('a limit keeps the newest', async (bed) => {
    await bed.add(logs(25));
    assert.deepEqual((await readAll(bed.make(), { limit: 3 })).entries, logs(3, 22));
  });

  contract('followed, it hands on what comes later, and ends without an error when told', async (bed) => {
    await bed.add(logs(3));
    const { entries } = await follow(bed.make(), {}, async (batches) => {
      const count = freshOf(batches).length;
      if (count === 3) await bed.add(logs(4, 3));
      return count === 7;
    });
    assert.deepEqual(entries, logs(7));
  });

  contract('told to end while it waits, it ends', async (bed) => {
    await bed.add(logs(1));
    const stop = new AbortController();
    const source = bed.make();
    for await (const _ of source.batches({ ...defaults(), follow: true, signal: stop.signal })) {
      setTimeout(() => stop.abort(), 50);
    }
    await source.close();
  });

  rereaderContract(
    'from a position on, all that is new comes, and what was confirmed is known or stays away',
    async (bed) => {
      await bed.add(logs(10));
      const { position } = await follow(bed.make(), { batchSize: 4 }, () => true);
      await bed.add(logs(5, 10));
      const { batches, fresh } = await follow(bed.make(), { batchSize: 4, position }, (read) => {
        return freshOf(read).length >= 11;
      });
      assert.deepEqual(fresh, logs(11, 4));
      const known = batches.filter((batch) => batch.known);
      assert.deepEqual(known, batches.slice(0, known.length), 'all that is known comes first');
      assert.ok(known.length <= 1, 'at once');
      if (known[0]) assert.deepEqual(known[0].entries, logs(4));
    },
  );

  readerContract('what was read but not confirmed comes again', async (bed) => {
    await bed.add(logs(6));
    const source = bed.make();
    let position: Json | undefined;
    let isConfirmed = false;
    for await (const batch of source.batches({ ...defaults(), batchSize: 3 })) {
      if (!isConfirmed) position = await commit(batch, position);
      isConfirmed = true;
    }
    await source.close();
    const { fresh } = await follow(bed.make(), { position }, (read) => freshOf(read).length >= 3);
    assert.deepEqual(fresh, logs(3, 3));
  });

  rereaderContract('copies of known entries are new, wherever the position stands', async (bed) => {
    await bed.add([...logs(2), ...logs(1, 1)]);
    const { position } = await follow(bed.make(), {}, (read) => freshOf(read).length === 3);
    await bed.add([...logs(1, 1), ...logs(1, 1), ...logs(1, 7)]);
    const { fresh } = await follow(bed.make(), { position }, (read) => freshOf(read).length >= 3);
    assert.deepEqual(fresh, [...logs(1, 1), ...logs(1, 1), ...logs(1, 7)]);
  });

  rereaderContract('a position that is none of its own is ignored', async (bed) => {
    await bed.add(logs(3));
    for (const position of [null, 7, 'x', [1, 2], {}, { inode: 'a', offset: -1, end: null }]) {
      assert.deepEqual(freshOf((await readAll(bed.make(), { position })).batches), logs(3));
    }
  });

  readerContract('one that can not be reached says so, and what to do', async (bed) => {
    await assert.rejects(readAll(bed.makeUnreachable!()), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'unreachable');
      assert.match(error.message, /Give another|Is .* running/);
      return true;
    });
  });

  contract('it may be closed before it was read, and twice', async (bed) => {
    const source = bed.make();
    await source.close();
    await source.close();
  });
}
