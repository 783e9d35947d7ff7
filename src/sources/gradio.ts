import { log } from '../util/log.ts';
import { sleep, Trouble } from '../util/retry.ts';
import { GradioClient, type GradioOptions } from './gradio-client.ts';
import { GradioError } from './gradio-errors.ts';
import { parseSpaceAddress } from './gradio-http.ts';
import { GradioWindow, growingWindow } from './gradio-window.ts';
import { type FoundEntries, ListCursor } from './list-cursor.ts';
import type { Batch, ReadOptions, Source } from './source.ts';

/** A Space, and how often it is asked. */
export interface GradioSourceOptions extends GradioOptions {
  /** The longest pause between two reads, in ms. */
  intervalMs: number;
  /** The shortest, in ms, but for a page that changes often; `intervalMs` is no shorter. */
  shortestMs: number;
  /** How long a Space that does not answer is tried in a run that ends, in ms. */
  patienceMs: number;
}

/** How many logs to ask for when looking for new ones. */
const PROBE = 10;
/** Number of reads in a row that find news, after which a page counts as changing often: the pause is then half the shortest. */
const OFTEN = 3;
/** How many fingerprints are remembered, and kept in the journal. */
const KEPT = 1_000;
/** How many known logs must follow the new ones to tell them apart. */
const TELLING = 32;
/** How many known logs are read again at the start, to count copies: four times the most seen in one second. */
const KNOWN_AT_START = 500;

/**
 * The logs that a Gradio Space shows, newest first, of a list that may grow and be cut while it is read. The part
 * that is new is read, and told from the known by aligning this window with the last one.
 */
export class GradioSource implements Source {
  readonly keeps = 'window';
  readonly #options: GradioSourceOptions;
  readonly #client: GradioClient;
  readonly #name: string;
  #cursor: ListCursor;
  #told = '';

  constructor(options: GradioSourceOptions) {
    this.#options = options;
    this.#client = new GradioClient(options);
    this.#name = `Gradio Space at ${parseSpaceAddress(options.url)}`;
    this.#cursor = new ListCursor(this.#name, undefined);
  }

  async *batches(options: ReadOptions): AsyncIterable<Batch> {
    try {
      yield* this.#read(options);
    } finally {
      this.#cursor.tellLost(options.onGap);
    }
  }

  async *#read(options: ReadOptions): AsyncIterable<Batch> {
    const { follow, signal } = options;
    const { intervalMs, shortestMs, patienceMs } = this.#options;
    const trouble = new Trouble(this.#name, hintOf, follow ? Number.POSITIVE_INFINITY : patienceMs);
    const recover = async (error: unknown): Promise<number> => {
      const leastMs = error instanceof GradioError ? error.retryAfterMs : 0;
      // A run that ends by itself waits no longer than it has patience.
      if (!follow && leastMs > patienceMs) throw trouble.unreachable(error);
      // Unless it only asks to wait, the Space may come back as another.
      if (leastMs === 0) await this.#client.reset();
      return leastMs;
    };
    this.#cursor = new ListCursor(this.#name, options.position, KEPT);
    let first = true;
    let quiet = false;
    /** Reads in a row that found news. */
    let finds = 0;
    let pauseMs = shortestMs;
    while (!signal.aborted) {
      const read = (): Promise<FoundEntries | undefined> =>
        first ? this.#readAll(options) : this.#readNew(quiet, signal);
      const found = await trouble.outlast(read, recover, signal);
      if (signal.aborted) return;
      first = false;
      if (found) yield* this.#cursor.split(found, { ...options, load: found.view.load });
      if (!follow) return;
      quiet = !found || found.news === 0;
      finds = quiet ? 0 : finds + 1;
      if (quiet) pauseMs = Math.min(intervalMs, pauseMs * 1.5);
      else pauseMs = finds < OFTEN ? shortestMs : shortestMs / 2;
      options.onPause?.(pauseMs);
      await sleep(pauseMs, signal);
    }
  }

  /** What the Space holds at the start, with what of it was known: all, or, followed, enough of it. */
  async #readAll({
    limit = Number.POSITIVE_INFINITY,
    follow,
    fromStart,
    signal,
  }: ReadOptions): Promise<FoundEntries | undefined> {
    let window: GradioWindow | undefined;
    for await (window of growingWindow(this.#client, signal)) {
      if (window.entries.length >= limit) break;
      if (follow && !fromStart && this.#tells(window, KNOWN_AT_START)) break;
    }
    if (!window || window.entries.length === 0) return this.#empty();
    this.#tellHow(window, limit);
    const { length, load } = window;
    const newest = { length, load, prints: window.prints.slice(0, limit) };
    const mayMiss = newest.prints.length === limit;
    const recognition = this.#cursor.recognize(newest, window.missing);
    return this.#cursor.accept(newest, recognition, { isFirst: true, mayMiss });
  }

  /** What came since the last read. `probe`: look first at the newest few, since there may be nothing. */
  async #readNew(probe: boolean, signal: AbortSignal): Promise<FoundEntries | undefined> {
    const { run } = this.#cursor;
    if (probe && run < (await this.#client.pageSize(signal))) {
      const newest = await GradioWindow.open(this.#client, Math.max(PROBE, run + 1), signal);
      if (newest.length === 0 || this.#cursor.isUnchanged(newest)) return undefined;
    }
    let window: GradioWindow | undefined;
    for await (window of growingWindow(this.#client, signal)) {
      if (this.#tells(window, TELLING)) break;
    }
    // An API that has lost its Redis shows an empty list, too: what was seen is still known when it comes back.
    if (!window || window.entries.length === 0) return undefined;
    return this.#cursor.accept(window, this.#cursor.recognize(window, window.missing));
  }

  #tells(window: GradioWindow, shared: number): boolean {
    const found = this.#cursor.recognize(window, window.missing);
    if (!found || found.ambiguous || found.shared < shared) return false;
    return window.prints.length >= this.#cursor.reachOf(window, found);
  }

  /** Closes its connections. */
  close(): Promise<void> {
    return this.#client.close();
  }

  #empty(): undefined {
    log.info(`${this.#name} shows no logs. If it should, is the API behind it connected to its Redis?`);
  }

  /** Says once, and again when it changes, how the Space is read. */
  #tellHow(window: GradioWindow, limit: number): void {
    const { form } = this.#client;
    if (form === this.#told) return;
    this.#told = form;
    log.debug(`${this.#name} is read through ${form}`);
    if (!window.paged && window.entries.length < limit)
      log.warn(
        `${this.#name}: ${form} knows no offset, so only its newest ${window.entries.length} of ${window.length} logs can be read at a time`,
      );
  }
}

function hintOf(error: unknown): string {
  return error instanceof GradioError ? error.hint : "Is GRADIO_URL the Space's own address?";
}
