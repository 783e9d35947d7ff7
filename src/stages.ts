import type { DiskBuffer } from './buffer/disk-buffer.ts';
import type { Journal } from './buffer/journal.ts';
import type { DeadLetters } from './dead-letters.ts';
import type { Parse } from './identity.ts';
import type { PluginChain } from './plugin-chain.ts';
import type { RunStats } from './run-stats.ts';
import type { Sink } from './sinks/sink.ts';
import type { Source } from './sources/source.ts';
import type { Lock } from './util/lock.ts';

/** The stages, ready to be joined. */
export interface Stages {
  source: Source;
  parse: Parse;
  plugins: PluginChain;
  sink: Sink;
  /** Keeps other processes from the same work. */
  lock: Lock;
  /** How far the source has been read. */
  journal: Journal;
  /** What was read of a source that forgets. */
  buffer: DiskBuffer;
  deadLetters: DeadLetters;
}

/** Is told what happens on the way, as it happens. */
export interface Observer {
  /** The sink is ready; reading begins. */
  opened(): void;
  /** A batch was read, and sets out. */
  read(): void;
  /** The sink has answered for a batch, this many seconds after it was asked. */
  written(seconds: number): void;
  /** A batch is committed, this many seconds after it was read; `newest` is the latest time that one of its logs names. */
  committed(seconds: number, newest: string | undefined, stats: RunStats): void;
  /** A source that polls rests this many ms before its next read. */
  paused(ms: number): void;
}
