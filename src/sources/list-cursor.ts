import type { Entry } from '../entry.ts';
import type { Json } from '../util/json.ts';
import { log } from '../util/log.ts';
import type { Batch, Gap, Unreadable } from './source.ts';
import { type Alignment, alignByDifferences, alignGrown } from './window.ts';

/** What a list showed at one moment, newest first; perhaps not down to its end. */
export interface View {
  /** The list's length. */
  readonly length: number;
  /** The entries' fingerprints. */
  readonly prints: readonly string[];
  /** How many more there were, at its end, that were trimmed before they could be read. */
  readonly trimmed?: number;
  /** Reads the entries at these places, which descend: the first of them at least, and as many as may be held at once. */
  load(places: readonly number[]): Promise<Loaded>;
}

/** Entries of a view, oldest first. */
export interface Loaded {
  /** How many of the places asked for are dealt with. */
  taken: number;
  entries: Entry[];
  unreadable?: readonly Unreadable[];
  /** How many were trimmed before they could be read. */
  lost?: number;
}

/** What one read found. Places are those of the view, descending: oldest entry first. */
export interface FoundEntries {
  view: View;
  /** What an earlier run has confirmed. */
  known: readonly number[];
  fresh: readonly number[];
  gap: Gap | undefined;
  /** The list as it is known from now on. */
  memory: Memory;
}

/** A list as it was seen. */
interface Memory {
  length: number;
  /** Newest first: the list's, as far as they were seen, and behind its end those that it held before. */
  prints: readonly string[];
}

/** How to make batches of what was found. */
interface SplitOptions {
  /** The most entries in one batch of new ones. */
  batchSize: number;
  /** As the view's own; returns nothing where reading is to end. */
  load(places: readonly number[]): Promise<Loaded | undefined>;
  onGap?: ((gap: Gap) => void) | undefined;
}

/** What was read: of the list, and of what it was before it became another. */
interface ListPosition extends Memory {
  others?: readonly Memory[];
}

/** How a view relates to what was seen, and to which of it. */
export type Recognition = Alignment & { memory: Memory };

/** How many other lists, seen before this one, are remembered: one that was replaced may come back. */
const OTHERS = 3;
/** Entries that were cut off are remembered as long as there are fewer than this, or than the list has. */
const TAIL = 1_000;
/** The same in a saved position. */
const SAVED_TAIL = 64;
/** From this many identical entries on, it is told that more of them can't be seen. */
const MANY_COPIES = 32;

/** A place in a list that grows at its front and is cut at its end, kept as fingerprints of what it held. */
export class ListCursor {
  readonly #name: string;
  readonly #keep: number;
  #memory: Memory;
  #others: readonly Memory[];
  /** The list was empty when it was last seen. */
  #isAway = false;
  #toldCopies = false;

  /**
   * `name` tells people which list. `position` is one that a batch once had; anything else is ignored.
   * `keep` is the most fingerprints of the list that are remembered.
   */
  constructor(name: string, position: unknown, keep = Number.POSITIVE_INFINITY) {
    this.#name = name;
    this.#keep = keep;
    const saved = readListPosition(position);
    this.#memory = { length: saved.length, prints: saved.prints };
    this.#others = saved.others ?? [];
  }

  /** Fingerprints of the list as it was seen last, newest first, and behind them of what it held before. */
  get prints(): readonly string[] {
    return this.#memory.prints;
  }

  /** How long the list was then. */
  get length(): number {
    return this.#memory.length;
  }

  /** How many entries, the newest, are copies of each other: a probe of one more would notice a further copy. */
  get run(): number {
    const { prints } = this.#memory;
    const at = prints.findIndex((print) => print !== prints[0]);
    return at < 0 ? prints.length : at;
  }

  /** A probe of the newest entries shows what was there before. */
  isUnchanged({ length, prints }: View): boolean {
    return length === this.length && prints.every((print, at) => print === this.prints[at]);
  }

  /** How a view relates to what was seen; of the growth of the list, `missing` may be entries that it does not show. */
  recognize({ length, prints }: View, missing = 0): Recognition | undefined {
    const memory = this.#memory;
    const least = Math.max(0, length - memory.length - missing);
    // A list of copies that was empty meanwhile has no doubt been filled with others.
    const grown = this.#isAway ? undefined : alignGrown(memory.prints, prints, least);
    if (grown && (grown.shared >= MANY_COPIES || grown.shared * 2 > Math.min(length, memory.length)))
      return { ...grown, memory };
    let best: Recognition | undefined = grown && { ...grown, memory };
    for (const each of [memory, ...this.#others]) {
      const found = alignByDifferences(each.prints, prints, each.prints.length >= each.length);
      if (found && found.shared > (best?.shared ?? 0)) best = { ...found, memory: each };
    }
    return best;
  }

  /** The newest entries are at the other end: what was seen is turned round. */
  turn(): void {
    this.#memory = turned(this.#memory);
    this.#others = this.#others.map(turned);
  }

  /** Nothing is there: it may come back. */
  notePause(): void {
    if (!this.#isAway && this.length > 0)
      log.info(`${this.#name} is empty now; should it come back as it was, it is read on from there`);
    this.#isAway = true;
  }

  /**
   * Remembers a view, and returns what of it is new. `isFirst`: an earlier run's entries are wanted too, as known ones.
   * `mayMiss`: the view need not reach what was seen before, so that it is not a sign of loss if it does not.
   */
  accept(
    view: View,
    recognition: Recognition | undefined,
    { isFirst = false, mayMiss = false } = {},
  ): FoundEntries {
    const before = this.#memory;
    const places = view.prints.map((_, at) => at);
    const fresh = recognition ? recognition.fresh : places;
    const lost = fresh.at(-1) === view.prints.length - 1 ? (view.trimmed ?? 0) : 0;
    const isNew = !recognition && !mayMiss && before.length > 0;
    const gap = isNew ? this.#judgeReplacement(view.length, lost) : undefined;
    const isSame = recognition?.memory === before;
    if (!isSame || recognition.gone > 0) {
      const others = [before, ...this.#others].filter((each) => each !== recognition?.memory);
      this.#others = others.filter(({ prints }) => prints.length > 0).slice(0, OTHERS);
    }
    if (recognition && !isSame) log.info(`${this.#name} is back as it was before it became another`);
    else if (recognition && recognition.gone > 0)
      log.info(`${this.#name} has lost its ${recognition.gone} newest entries: reading on from there`);
    this.#tellCopies(view, recognition);
    const most = view.length + Math.max(TAIL, view.length);
    const { end = 0 } = recognition ?? {};
    const behind = recognition?.memory.prints.slice(end, end + most - view.prints.length) ?? [];
    const memory = { length: view.length, prints: view.prints.concat(behind) };
    this.#memory = most > this.#keep ? { ...memory, prints: memory.prints.slice(0, this.#keep) } : memory;
    this.#isAway = false;
    const news = new Set(fresh);
    return {
      view,
      known: isFirst ? places.filter((at) => !news.has(at)).reverse() : [],
      fresh: fresh.toReversed(),
      gap: gap ?? this.#trimmedGap(lost),
      memory,
    };
  }

  /** Windows that share nothing: either the list was cleared, or more came than it can hold; `atLeast` of them are seen to be lost. */
  #judgeReplacement(length: number, atLeast: number): Gap | undefined {
    // With several writers a list may be longer than its cap for a moment, and a cap may be lowered.
    if (this.#isAway || length * 2 < this.length) {
      log.info(
        `${this.#name} was cleared or replaced: reading its ${length} entries anew; what was removed before it could be read can't be known`,
      );
      return undefined;
    }
    return {
      what: `${this.#name}: all ${length} entries changed between two reads, so logs may have been trimmed unread; how many can't be known. Raise the list's cap in the API, or lower PIPELINE_POLL_INTERVAL`,
      atLeast,
    };
  }

  #trimmedGap(lost: number): Gap | undefined {
    if (lost === 0) return undefined;
    return { what: `${this.#name}: ${lost} entries were trimmed before they could be read`, atLeast: lost };
  }

  /** Says once that a list which holds nothing but copies does not show whether more of them came. */
  #tellCopies({ length, prints }: View, recognition: Recognition | undefined): void {
    const isBlind =
      recognition?.ambiguous === true &&
      recognition.fresh.length === 0 &&
      prints.length >= MANY_COPIES &&
      prints.length >= length;
    if (isBlind && !this.#toldCopies)
      log.warn(
        `${this.#name} repeats itself all through its ${length} entries: whether more copies came while its length stayed the same can't be known`,
      );
    this.#toldCopies = isBlind;
  }

  /** What was found, in batches, each with the position behind it: all that is known first, then the new. */
  async *split(
    { known, fresh, memory, gap: seen }: FoundEntries,
    options: SplitOptions,
  ): AsyncIterable<Batch> {
    const { batchSize, load, onGap } = options;
    if (seen) onGap?.(seen);
    for (let from = 0; from < known.length; ) {
      // One batch, unless that is too much to be held at once.
      const loaded = await load(known.slice(from));
      if (!loaded) return;
      from += loaded.taken;
      const { entries } = loaded;
      if (entries.length > 0) yield { entries, known: true };
    }
    const others = this.#others;
    for (let from = 0; from < fresh.length; ) {
      const loaded = await load(fresh.slice(from, from + batchSize));
      if (!loaded) return;
      const { entries, unreadable, lost = 0 } = loaded;
      from += loaded.taken;
      const gap = this.#trimmedGap(lost);
      if (gap) onGap?.(gap);
      const open = fresh.slice(from);
      yield {
        entries,
        known: false,
        ...(unreadable ? { unreadable } : {}),
        position: positionWithout(open, memory, others, this.#keep),
      };
    }
  }
}

/** The position in a list of which the entries at the places `open`, which descend, are still to be read. */
function positionWithout(
  open: readonly number[],
  { length, prints }: Memory,
  others: readonly Memory[],
  keep: number,
): Json {
  const read = length - open.length;
  const most = Math.min(keep, read + SAVED_TAIL);
  const isFront = open.length === 0 || open[0] === open.length - 1;
  const left = new Set(isFront ? [] : open);
  const rest = isFront
    ? prints.slice(open.length, open.length + most)
    : prints.filter((_, at) => !left.has(at)).slice(0, most);
  const position: ListPosition = { length: read, prints: rest };
  return (others.length > 0 ? { ...position, others } : position) as unknown as Json;
}

function readListPosition(position: unknown): ListPosition {
  const { others = [] } = (position ?? {}) as Partial<ListPosition>;
  const isSound = isMemory(position) && Array.isArray(others) && others.every(isMemory);
  return isSound ? position : { length: 0, prints: [] };
}

function isMemory(value: unknown): value is Memory {
  const { length, prints } = (value ?? {}) as Partial<Memory>;
  return (
    Number.isSafeInteger(length) &&
    Array.isArray(prints) &&
    prints.every((print) => typeof print === 'string')
  );
}

function turned({ length, prints }: Memory): Memory {
  return { length, prints: prints.slice(0, length).toReversed() };
}
