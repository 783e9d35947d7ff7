import type { Entry } from '../entry.ts';
import { log } from '../util/log.ts';
import { type Memory, readListPosition, trimMemory, writeListPosition } from './list-position.ts';
import type { Batch, Gap, ReadOptions, Unreadable } from './source.ts';
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
  /** What is to be handed on. */
  fresh: readonly number[];
  /** How many of these were not seen before. */
  news: number;
  /** All of the list may have gone by. */
  gap: Gap | undefined;
  /** How many are known to have gone by, beside that gap. */
  lost: number;
  /** The list as it is known from now on. */
  memory: Memory;
}

/** How to make batches of what was found. */
interface SplitOptions extends Pick<ReadOptions, 'batchSize' | 'isFull' | 'onGap'> {
  /** As the view's own; returns nothing where reading is to end. */
  load(places: readonly number[]): Promise<Loaded | undefined>;
}

/** How a view relates to what was seen, and to which of it. */
export type Recognition = Alignment & { memory: Memory };

/** How many other lists, seen before this one, are remembered: one that was replaced may come back. */
const OTHERS = 3;
/** Entries that were cut off are remembered as long as there are fewer than this, or than the list has. */
const TAIL = 1_000;
/** The same in a saved position. */
const SAVED_TAIL = 64;
/** While no more can be taken, what is lost is told so often, in ms. */
const TELL_MS = 10_000;
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
  /** Lost and not told yet. */
  #lost = 0;
  #toldLostAt = Number.NEGATIVE_INFINITY;

  /**
   * `name` tells people which list. `position` is one that a batch once had; anything else is ignored.
   * `keep` is the most fingerprints of the list that are remembered.
   */
  constructor(name: string, position: unknown, keep = Number.POSITIVE_INFINITY) {
    this.#name = name;
    this.#keep = keep;
    const { memory, others } = readListPosition(position);
    this.#memory = memory;
    this.#others = others;
  }

  /** Fingerprints of the list as it was seen last, newest first, and behind them of what it held before. */
  get prints(): readonly string[] {
    return this.#memory.prints;
  }

  /** How long the list was then. */
  get length(): number {
    return this.#memory.length;
  }

  /** How far back stands, in a view that is recognized so, what was seen and not handed on: the view must be so long to load it. */
  reachOf({ length }: View, { memory, locate }: Recognition): number {
    for (const place of memory.open) {
      const at = locate(place) ?? length;
      if (at < length) return at + 1;
    }
    return 0;
  }

  /** Something was seen and is not handed on yet. */
  get isOpen(): boolean {
    return this.#memory.open.length > 0;
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
   * `mayMiss`: the view need not reach what was seen before, so that it is not a sign of loss if it does not. `isPart`: what
   * lies behind the view is as it was.
   */
  accept(
    view: View,
    recognition: Recognition | undefined,
    { isFirst = false, mayMiss = false, isPart = false } = {},
  ): FoundEntries {
    const before = this.#memory;
    const { length, prints, trimmed = 0 } = view;
    const places = prints.map((_, at) => at);
    const news = recognition ? recognition.fresh : places;
    const isSame = recognition?.memory === before;
    const end = isPart ? length : prints.length;
    const waiting = (recognition?.memory.open ?? [])
      .map((place) => recognition?.locate(place) ?? end)
      .filter((at) => at < end);
    // Of a list that became another, all that waited is told as lost; should it come back, it is read all the same.
    const gone = before.open.length - (isSame ? waiting.length : 0);
    const unseen = news.at(-1) === prints.length - 1 ? trimmed : 0;
    const lost = Math.max(mayMiss ? 0 : gone, unseen);
    const isNew = !recognition && !mayMiss && before.length > 0;
    const gap = isNew ? this.#judgeReplacement(length, lost) : undefined;
    if (!isSame || recognition.gone > 0) {
      const others = [before, ...this.#others].filter((each) => each !== recognition?.memory);
      this.#others = others.filter((each) => each.prints.length > 0).slice(0, OTHERS);
    }
    if (recognition && !isSame) log.info(`${this.#name} is back as it was before it became another`);
    else if (recognition && recognition.gone > 0)
      log.info(`${this.#name} has lost its ${recognition.gone} newest entries: reading on from there`);
    this.#tellCopies(view, recognition);
    const most = length + Math.max(TAIL, length);
    const { end: from = 0 } = recognition ?? {};
    const behind = recognition?.memory.prints.slice(from, from + most - prints.length) ?? [];
    const fresh = waiting.length > 0 ? [...waiting, ...news].sort((a, b) => b - a) : news.toReversed();
    const memory = { length, prints: prints.concat(behind), open: fresh };
    this.#memory = trimMemory(memory, Math.min(this.#keep, most));
    this.#isAway = false;
    const open = new Set(fresh);
    return {
      view,
      known: isFirst ? places.filter((at) => !open.has(at)).reverse() : [],
      fresh,
      news: news.length,
      gap,
      lost: gap ? 0 : lost,
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

  /** Tells how many entries were lost since that was told last: `soon`, not each time, or at once. */
  tellLost(onGap: ReadOptions['onGap'], isSoon = false): void {
    const lost = this.#lost;
    if (lost === 0 || (isSoon && performance.now() - this.#toldLostAt < TELL_MS)) return;
    this.#lost = 0;
    this.#toldLostAt = performance.now();
    onGap?.({ what: `${this.#name}: ${lost} entries were trimmed before they could be read`, atLeast: lost });
  }

  /** Says once that a list which holds nothing but copies, or a pattern of them, does not show whether more of them came. */
  #tellCopies({ length, prints }: View, recognition: Recognition | undefined): void {
    const mayBeBlind =
      recognition?.ambiguous === true &&
      recognition.fresh.length === 0 &&
      prints.length >= MANY_COPIES &&
      prints.length >= length;
    // An end that equals the beginning is a coincidence; a pattern comes twice at least.
    const isBlind = mayBeBlind && 2 * (alignGrown(prints, prints, 1)?.shared ?? 0) >= length;
    if (isBlind && !this.#toldCopies)
      log.warn(
        `${this.#name} repeats itself all through its ${length} entries: whether more copies came while its length stayed the same can't be known`,
      );
    this.#toldCopies = isBlind;
  }

  /**
   * What was found, in batches, each with the position behind it: all that is known first, then the new. It ends where no more
   * can be taken: the next read finds what is left, or how much of it is lost.
   */
  async *split(
    { view, known, fresh, memory, gap, lost }: FoundEntries,
    options: SplitOptions,
  ): AsyncIterable<Batch> {
    const { batchSize, load, isFull, onGap } = options;
    if (gap) onGap?.(gap);
    this.#lost += lost;
    this.tellLost(onGap, isFull?.());
    for (let from = 0; from < known.length; ) {
      // One batch, unless that is too much to be held at once.
      const loaded = await load(known.slice(from));
      if (!loaded) return;
      from += loaded.taken;
      const { entries } = loaded;
      if (entries.length > 0) yield { entries, known: true };
    }
    const others = this.#others;
    const saved = trimMemory(memory, Math.min(this.#keep, memory.length + SAVED_TAIL));
    const isInView = fresh.length > 0 && fresh[0]! < view.prints.length;
    for (let from = 0; isInView && from < fresh.length && !isFull?.(); ) {
      const loaded = await load(fresh.slice(from, from + batchSize));
      if (!loaded) return;
      const { entries, unreadable } = loaded;
      from += loaded.taken;
      this.#lost += loaded.lost ?? 0;
      this.tellLost(onGap);
      const open = fresh.slice(from);
      this.#memory = { ...this.#memory, open };
      yield {
        entries,
        known: false,
        ...(unreadable ? { unreadable } : {}),
        position: writeListPosition({ memory: { ...saved, open }, others }),
      };
    }
  }
}

function turned({ length, prints, open }: Memory): Memory {
  return {
    length,
    prints: prints.slice(0, length).toReversed(),
    open: open.map((place) => length - 1 - place).reverse(),
  };
}
