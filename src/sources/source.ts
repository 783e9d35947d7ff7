import type { Entry } from '../entry.ts';

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
   * An earlier run has counted, and confirmed, these. All that are known come in the first batch, however many
   * they are.
   */
  known: boolean;
  /**
   * Set by sources whose entries can't be counted over time, for instance because several processes share them: copies
   * are told apart within their scope, and only there. One scope for the whole batch, or one for each entry; the
   * same entry read again has the same.
   */
  scope?: string | readonly string[];
  /** What of the source's contents between these entries could not be read. */
  unreadable?: readonly Unreadable[];
  /** Logs may have been lost just before this batch: what happened, in words. */
  gap?: string | undefined;
  /**
   * Every entry is safe: stored, refused for its own fault, or a dead letter. Called once, in the order the
   * batches came in. Answers the position to start from next time, as `JSON.stringify` writes it, where the source
   * has one.
   */
  commit(): unknown;
}

/** How to read. */
export interface ReadOptions {
  /** What `commit` last answered in an earlier run of the same source; anything else is ignored. */
  position?: unknown;
  /** Go on waiting for new entries until `signal`; otherwise end where the source ends now. */
  follow: boolean;
  /** Keep only so many entries, the newest, of what the source holds at the start. */
  limit?: number | undefined;
  /** The most entries in one batch of new ones. */
  batchSize: number;
  /** Ends reading: the iteration finishes, it does not throw. */
  signal: AbortSignal;
  /** Is told each pause before the next read, in ms, by sources that poll. */
  onPause?: ((ms: number) => void) | undefined;
}

/** Where logs come from. Reading takes nothing away from it. */
export interface Source {
  /**
   * It still holds all it ever held, as a file does. A run that sends known logs again then needs no memory of
   * earlier runs, and is given no position.
   */
  readonly keepsAll: boolean;
  /**
   * The entries, oldest first, in batches; what was known at `position` comes along as far as it is needed to
   * count copies. The next batch is read only when it is asked for. In `follow`, trouble with the
   * server is logged and waited out; otherwise it throws `SidecarError` (`unreachable`).
   */
  batches(options: ReadOptions): AsyncIterable<Batch>;
  /** Lets go of connections. */
  close(): Promise<void>;
}
