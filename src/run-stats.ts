/** What became of the documents of one index. */
export interface IndexCounts {
  /** Written by this run. */
  stored: number;
  /** Written by an earlier one, and recognised by their ids. */
  existing: number;
  /** Refused by the sink; each is a dead letter. */
  refused: number;
  /** Events that made at least one of these documents. */
  events: number;
}

/** The figures of a run so far. */
export interface RunStats {
  /** Logs read and handed on. */
  logs: number;
  /** Logs that passed the filter. */
  filtered: number;
  /** Per index, in the order of the configuration. */
  indices: Record<string, IndexCounts>;
  /** Size of the documents that were handed to the sink, in bytes. */
  bytes: number;
  /** Entries and documents that ended as dead letters. */
  deadLetters: number;
  /** How often each plugin failed on an event; each is a dead letter. */
  failures: Record<string, number>;
  /** Where the first of them failed, a plugin or an index, and why. */
  firstLetter?: { at: string; reason: string } | undefined;
  /** Times that logs may have been lost before they could be read. */
  gaps: number;
  /** Minimum number of logs lost in these gaps, as far as it can be known. */
  lost: number;
  /** Since the run began, in ms. */
  durationMs: number;
}

/** Fresh figures for the indices of these names. */
export function createRunStats(indices: readonly string[]): RunStats {
  const stats = {
    logs: 0,
    filtered: 0,
    indices: {},
    bytes: 0,
    deadLetters: 0,
    failures: {},
    gaps: 0,
    lost: 0,
    durationMs: 0,
  };
  addIndices(stats, indices);
  return stats;
}

/** Has figures count these indices, too. */
export function addIndices(stats: RunStats, indices: readonly string[]): void {
  for (const name of indices) stats.indices[name] ??= { stored: 0, existing: 0, refused: 0, events: 0 };
}

/** One figure, summed over all indices. */
export function sumOver(stats: RunStats, figure: keyof IndexCounts): number {
  return Object.values(stats.indices).reduce((sum, index) => sum + index[figure], 0);
}
