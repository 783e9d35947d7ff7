import type { Entry } from '../entry.ts';
import { SidecarError } from '../util/errors.ts';
import type { GradioClient } from './gradio-client.ts';
import { GradioError } from './gradio-errors.ts';
import type { LogPage } from './gradio-forms.ts';
import type { Loaded, View } from './list-cursor.ts';
import { fingerprint } from './window.ts';

/** How many entries, at least, a page shares with what was read before. */
const OVERLAP = 2;
/** The most logs that may arrive between two pages that are to be joined. */
const MOST_BETWEEN = 1_000;
/** The most text in a window, in UTF-16 units: some 100,000 logs. */
const MAX_TEXT = 64 << 20;
const RESTARTS = 3;
/** How many pages in a row may leave as much to read as before, because as much has arrived meanwhile. */
const FRUITLESS = 5;

/**
 * A Space's logs as they were when reading began, newest first, page by page: each view answered is the window so
 * far. Logs that arrive meanwhile shift the pages, so each page is asked for a little early and joined where it
 * overlaps. Throws as `GradioClient` does, and `SidecarError` (`config`) for more logs than can be held.
 */
export async function* growingWindow(client: GradioClient, signal: AbortSignal): AsyncIterable<GradioWindow> {
  for (let tries = 0; ; tries++) {
    const window = await GradioWindow.open(client, await client.pageSize(signal), signal);
    yield window;
    while (!window.complete && (await window.grow(client, signal))) yield window;
    if (window.complete) return;
    if (tries === RESTARTS)
      throw new GradioError(
        'its logs change faster than its pages can be read',
        'Take only the newest with --limit, or read from Redis',
      );
  }
}

/** The newest part of a Space's logs. */
export class GradioWindow implements View {
  /** How many logs there were when reading began. */
  readonly length: number;
  readonly entries: Entry[] = [];
  readonly prints: string[] = [];
  /** It reaches the list's end, or as far as the Space lets one look. */
  complete = false;
  /** The Space heeds offsets, as far as there was need to know. */
  paged = true;
  /** The most logs of this part that the Space may have left out. */
  missing = 0;
  readonly #limit: number;
  readonly #copies = new Map<string, number>();
  #text = 0;
  #left = Number.POSITIVE_INFINITY;
  #fruitless = 0;
  #page: { offset: number; end: number; total: number; base: number };

  private constructor(limit: number, page: LogPage) {
    this.#limit = limit;
    this.length = page.total;
    this.#page = { offset: 0, end: 0, total: page.total, base: 0 };
    this.#add(page, page.logs.map(fingerprintEntry), 0, 0);
  }

  /** Reads the newest `limit` logs. */
  static async open(client: GradioClient, limit: number, signal: AbortSignal): Promise<GradioWindow> {
    const window = new GradioWindow(limit, await client.page(limit, 0, signal));
    if (!window.complete && !(await client.paged(signal))) {
      window.paged = false;
      window.complete = true;
    }
    return window;
  }

  /** Reads one page more; `false` where that does not help: the list was replaced, or moves faster than it is read. */
  async grow(client: GradioClient, signal: AbortSignal): Promise<boolean> {
    const anchor = this.#anchor();
    const { offset: before, base, end, total } = this.#page;
    // An entry stands at least as far behind the page's offset as entries are before it in the page.
    const offset = anchor === undefined ? end : before + anchor - base;
    const page = await client.page(this.#limit, offset, signal);
    const prints = page.logs.map(fingerprintEntry);
    const expected = end - offset + Math.max(0, page.total - total);
    const shared = this.#shared(prints, expected, anchor !== undefined);
    if (shared === undefined && page.total > offset) return false;
    this.#add(page, prints, offset, shared ?? 0);
    const left = this.#page.total - this.#page.end;
    this.#fruitless = left < this.#left ? 0 : this.#fruitless + 1;
    this.#left = Math.min(left, this.#left);
    return this.#fruitless < FRUITLESS;
  }

  /**
   * Where the next page is to begin, so that it joins at one place only: at one of the last entries, that has no
   * copy; where copies are all there is, at the end of a run of them.
   */
  #anchor(): number | undefined {
    const { prints } = this;
    const last = prints.length - OVERLAP;
    for (let at = last; at > Math.max(this.#page.base, last - this.#limit / 2); at--) {
      if (this.#copies.get(prints[at] as string) === 1) return at;
    }
    for (let at = last; at > this.#page.base; at--) if (prints[at] !== prints[at + 1]) return at;
    return undefined;
  }

  /** How many of the last entries read the page begins with: of several answers, the one nearest to `expected`. */
  #shared(prints: readonly string[], expected: number, anchored: boolean): number | undefined {
    const { length } = this.prints;
    let found: number | undefined;
    for (let shared = anchored ? 1 : 0; shared <= Math.min(length, expected + MOST_BETWEEN); shared++) {
      const both = Math.min(shared, prints.length);
      let at = 0;
      while (at < both && this.prints[length - shared + at] === prints[at]) at++;
      if (at < both || (anchored && both === 0)) continue;
      if (found === undefined || Math.abs(shared - expected) < Math.abs(found - expected)) found = shared;
    }
    return found;
  }

  /** See `View`. */
  readonly load = async (places: readonly number[]): Promise<Loaded> => {
    return { taken: places.length, entries: places.map((place) => this.entries[place] as Entry) };
  };

  #add({ total, logs }: LogPage, prints: readonly string[], offset: number, shared: number): void {
    const base = this.prints.length - shared;
    for (let at = shared; at < logs.length; at++) {
      const print = prints[at] as string;
      this.entries.push(logs[at] as Entry);
      this.prints.push(print);
      this.#copies.set(print, (this.#copies.get(print) ?? 0) + 1);
      this.#text += formatEntry(logs[at] as Entry).length;
    }
    if (this.#text > MAX_TEXT)
      throw new SidecarError(
        'config',
        `the Gradio Space holds more logs than are read at once (${this.entries.length} of ${total} were read): take only the newest, such as --limit ${this.entries.length >> 1}`,
      );
    const end = Math.max(offset + this.#limit, offset + this.prints.length - base);
    this.#page = { offset, end, total, base };
    this.missing += Math.max(0, Math.min(this.#limit, total - offset) - logs.length);
    this.complete = end >= total;
  }
}

function formatEntry(entry: Entry): string {
  return typeof entry === 'string' ? entry : JSON.stringify(entry);
}

function fingerprintEntry(entry: Entry): string {
  return fingerprint(formatEntry(entry));
}
