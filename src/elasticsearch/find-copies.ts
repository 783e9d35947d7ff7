import type { Client, estypes } from '@elastic/elasticsearch';
import { isOwnId } from '../event.ts';
import type { IndexDefinition } from '../plugin.ts';
import type { JsonObject } from '../util/json.ts';
import { type Copies, type Copy, judgeCopies, type Stored } from './copies.ts';
import { findPresentIndices, isDated } from './indices.ts';
import { closePointInTime, openPointInTime } from './point-in-time.ts';
import { serverOf } from './transport.ts';

/** What was found in one index, and what became of it. */
export interface CopyFigures {
  index: string;
  documents: number;
  /** Those not looked into: they name no time, or share their instant with more than 10,000. They stay. */
  unseen: number;
  /** Under ids of this program: real, all of them. */
  own: number;
  /** Under other ids. */
  foreign: number;
  /** Foreign, and the log is here under an id of this program. */
  held: number;
  /** Foreign, of a log that only other pipelines hold, and that names its transaction: all but one. */
  repeated: number;
  /** Foreign, and like another, but may be a log that was written twice: they stay. */
  undecided: number;
  /** Foreign, and the only one of its log: they stay. */
  unique: number;
  /** How many of the copies, `held` and `repeated`, were deleted. */
  removed: number;
  /** Copies that could not be deleted, and why. */
  failed: number;
  reason?: string;
  /** Some of the copies. */
  examples: { id: string; copy_of: string }[];
}

/** Elasticsearch may name it anew with each answer. */
interface PointInTime {
  id: string;
  keep_alive: string;
}

const PAGE = 1000;
const KEEP_ALIVE = '5m';
/** An instant of more documents is not looked into: it would have to be held in memory as a whole. */
const MOST_AT_ONCE = 10_000;
const EXAMPLES = 3;

/**
 * Looks through an index, by time, for copies that other pipelines left, and deletes them where `remove` says so.
 * Holds the documents of an instant or two in memory, and sees the index as it is at the start. `undefined` for an
 * index that is not there, has no dates, or whose plugin names no `identity`.
 */
export async function deduplicateIndex(
  client: Client,
  { name, identity }: IndexDefinition,
  remove: boolean,
  onProgress: (done: number, total: number) => void,
): Promise<CopyFigures | undefined> {
  const present = await findPresentIndices(client, [name]);
  if (present.length === 0 || identity === undefined || !(await isDated(client, name))) return undefined;
  const id = await openPointInTime(client, [name], KEEP_ALIVE);
  const pit = { id, keep_alive: KEEP_ALIVE };
  try {
    const { hits } = await client.search({ pit, size: 0, track_total_hits: true });
    const documents = (hits.total as estypes.SearchTotalHits).value;
    const figures: CopyFigures = {
      ...{ index: name, documents, unseen: 0, own: 0, foreign: 0 },
      ...{ held: 0, repeated: 0, undecided: 0, unique: 0, removed: 0, failed: 0, examples: [] },
    };
    const copies = lookThrough(client, pit, identity, figures, onProgress);
    if (remove) await deleteCopies(client, copies, figures);
    else for await (const _ of copies);
    figures.unseen = documents - figures.own - figures.foreign;
    figures.unique = figures.foreign - figures.held - figures.repeated - figures.undecided;
    return figures;
  } finally {
    await closePointInTime(client, pit.id);
  }
}

/** The copies that may go, counted in `figures` with all else that is found. */
async function* lookThrough(
  client: Client,
  pit: PointInTime,
  identity: readonly string[],
  figures: CopyFigures,
  onProgress: (done: number, total: number) => void,
): AsyncGenerator<Copy> {
  let before: Copies | undefined;
  let last: Copies | undefined;
  // Whether the plain copies of an instant may go shows at the instants beside it.
  const settle = (after: Copies | undefined): readonly Copy[] => {
    if (!last) return [];
    const { held, plain, repeated, undecided } = last;
    const whole = [before, last, after].every((each) => !each || each.foreignOnly === 0);
    figures.held += held.length + (whole ? plain.length : 0);
    figures.repeated += repeated.length;
    figures.undecided += undecided + (whole ? 0 : plain.length);
    const copies = [...held, ...(whole ? plain : []), ...repeated];
    const room = copies.slice(0, EXAMPLES - figures.examples.length);
    figures.examples.push(...room.map(({ document, of }) => ({ id: document.id, copy_of: of })));
    return copies;
  };
  for await (const documents of instants(client, pit)) {
    const own = documents.filter(({ id }) => isOwnId(id)).length;
    figures.own += own;
    figures.foreign += documents.length - own;
    onProgress(figures.own + figures.foreign, figures.documents);
    const copies = copiesAmong(documents, own, identity);
    yield* settle(copies);
    [before, last] = [last, copies];
  }
  yield* settle(undefined);
}

function copiesAmong(documents: readonly Stored[], own: number, identity: readonly string[]): Copies {
  if (own < documents.length) return judgeCopies(documents, identity);
  // Anything may be in an instant of too many.
  const foreignOnly = documents.length === 0 ? 1 : 0;
  return { held: [], plain: [], repeated: [], undecided: 0, foreignOnly };
}

/** The documents of each instant, by time; none for an instant of too many. Those that name no time are left out. */
async function* instants(client: Client, pit: PointInTime): AsyncGenerator<Stored[]> {
  let instant: Stored[] = [];
  let time: unknown;
  let after: estypes.SortResults | undefined;
  const { tiebreaker } = await serverOf(client);
  for (;;) {
    const { hits, pit_id } = await client.search<JsonObject>({
      pit,
      size: PAGE,
      query: { exists: { field: 'timestamp' } },
      sort: ['timestamp', ...tiebreaker],
      seq_no_primary_term: true,
      track_total_hits: false,
      ...(after ? { search_after: after } : {}),
    });
    pit.id = pit_id ?? pit.id;
    for (const hit of hits.hits) {
      if (hit.sort?.[0] !== time) {
        if (time !== undefined) yield instant.length > MOST_AT_ONCE ? [] : instant;
        instant = [];
        time = hit.sort?.[0];
      }
      if (instant.length <= MOST_AT_ONCE) instant.push(storedOf(hit));
    }
    after = hits.hits.at(-1)?.sort;
    if (hits.hits.length < PAGE) break;
  }
  if (time !== undefined) yield instant.length > MOST_AT_ONCE ? [] : instant;
}

function storedOf({ _index, _id, _source, _seq_no, _primary_term }: estypes.SearchHit<JsonObject>): Stored {
  const version = { seqNo: _seq_no ?? 0, primaryTerm: _primary_term ?? 0 };
  return { index: _index, id: _id as string, body: _source ?? {}, version };
}

/** Deletes copies as they are found, each only as it was seen. */
async function deleteCopies(
  client: Client,
  copies: AsyncGenerator<Copy>,
  figures: CopyFigures,
): Promise<void> {
  const { total, successful } = await client.helpers.bulk<Copy>({
    datasource: copies,
    onDocument: ({ document: { index, id, version } }) => ({
      delete: { _index: index, _id: id, if_seq_no: version.seqNo, if_primary_term: version.primaryTerm },
    }),
    onDrop: ({ error }) => {
      figures.reason ??= error?.reason ?? error?.type ?? 'the server is busy';
    },
    concurrency: 1,
    // Where an error ends it, its timer keeps the process for so long, in ms.
    flushInterval: 1_000,
  });
  figures.removed = successful;
  figures.failed = total - successful;
}
