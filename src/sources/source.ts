import type { Entry } from '../entry.ts';
import type { Json } from '../util/json.ts';

/** What came as a log and can't be read as one; it becomes a dead letter. */
export interface Unreadable {
  /** Tells it from every other, and is the same when it comes again; of the form of an event's id. */
  id: string;
  /** As it came. */
  entry: string;
  reason: string;
}

/** Entries that travel, and are confirmed, together. */
export interface Batch {
  /** Oldest first. */
  entries: Entry[];
  /**
   * An earlier run has read these: they only come along for sinks that want everything again. All that are known come
   * first: in one batch, unless they are too much to be held at once.
   */
  known: boolean;
  /**
   * Set by sources that tell their entries apart themselves, for instance because several processes share them: one for
   * each entry, which no other entry has, and which the same entry has when it is read again. Copies are not counted then.
   */
  scopes?: readonly string[];
  /** What of the source's contents between these entries could not be read. */
  unreadable?: readonly Unreadable[];
  /** Where to read on next time, behind these entries; `undefined` for where it was, or where the source has none. */
  position?: Json | undefined;
  /**
   * Every entry is safe: in the buffer or, without one, in the sink: stored, refused for its own fault, or a dead letter.
   * Called once, in the order the batches came in.
   */
  commit?(): void | Promise<void>;
}

/** Logs that were gone, or may have been, before they could be read. */
export interface Gap {
  /** What happened to which source, and what can be done, in words. */
  what: string;
  /** The minimum number of logs lost, as far as it can be known. */
  atLeast: number;
}

/** How to read. */
export interface ReadOptions {
  /** A position that a batch of an earlier run had; anything else is ignored. */
  position?: Json | undefined;
  /** Nothing more can be taken now: a source that others send to says so, one that forgets counts what goes by. */
  isFull?: (() => boolean) | undefined;
  /** Also hand on, as known, what an earlier run has read, as far as it is still there. */
  sendKnown?: boolean;
  /** Go on waiting for new entries until `signal`; otherwise end where the source ends now. */
  follow: boolean;
  /** Hand on, as known, all that is still there of what earlier runs have read, and not only what it takes to go on. */
  fromStart?: boolean | undefined;
  /** Keep at most this many entries, the newest, of what the source holds at the start. */
  limit?: number | undefined;
  /** The most entries in one batch of new ones. */
  batchSize: number;
  /** In `follow`, the shortest time from one read to the next, in ms: what comes meanwhile is gathered. */
  lingerMs?: number | undefined;
  /** Ends reading: the iteration finishes, it does not throw. */
  signal: AbortSignal;
  /** Is told each pause before the next read, in ms, by sources that poll. */
  onPause?: ((ms: number) => void) | undefined;
  /** Is told each gap as soon as it is seen; one that was seen before a crash may be told again. */
  onGap?: ((gap: Gap) => void) | undefined;
}

/** A part of a whole. */
export interface Share {
  done: number;
  total: number;
}

/** Where logs come from. Reading takes nothing away from it. */
export interface Source {
  /**
   * What it still holds of what it has shown: `everything`, as a file does; what is not `acknowledged` yet, as a stream
   * does; or a `window`, or nothing: what was read of that is kept in a buffer on disk until the sink has it.
   */
  readonly keeps: 'everything' | 'acknowledged' | 'window';
  /**
   * It knows nothing of what earlier runs were sent, so that each run counts copies anew: what is sent again gets the
   * identity that it had.
   */
  readonly isSentAnew?: true;
  /**
   * The entries, oldest first, in batches; what was known at `position` comes along as far as it is needed to
   * count copies. The next batch is read only when it is asked for. In `follow`, trouble with the
   * server is logged and waited out; otherwise it throws `SidecarError` (`unreachable`).
   */
  batches(options: ReadOptions): AsyncIterable<Batch>;
  /** How much of what it held at its last look was read, in bytes; only where that can be told. */
  readonly progress?: Share;
  /** Closes its connections. */
  close(): Promise<void>;
}
