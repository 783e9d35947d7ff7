import type { IndexDefinition, IndexDocument } from '../plugin.ts';

/** What became of one document: stored now, there already, or refused for its own fault. */
export type Outcome = 'stored' | 'exists' | { refused: string };

/** Where documents go. */
export interface Sink {
  /** Outcomes are the truth. Without it, `stored` means sent, and a source's whole window is sent again at each start. */
  readonly acknowledges: boolean;
  /** Called once, before the first `write`: makes ready what the indices need. Throws `SidecarError`. */
  open(indices: readonly IndexDefinition[], signal: AbortSignal): Promise<void>;
  /**
   * Writes documents and answers the outcome of each, in their order, once all are known. May be called again
   * before it has answered. Waits and tries again while the destination is out of reach; throws
   * `SidecarError` (`unreachable`) when its patience ends or `signal` aborts.
   */
  write(documents: readonly IndexDocument[], signal: AbortSignal): Promise<Outcome[]>;
  /** Flushes, and lets go of connections and files. */
  close(): Promise<void>;
}
