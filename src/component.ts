import type { Check } from './checks/result.ts';
import type { FromSchemas, Schemas } from './config/from-schema.ts';
import type { CommonConfig } from './config/sections.ts';
import type { Entry } from './entry.ts';
import type { IndexDefinition } from './plugin.ts';
import type { Sink } from './sinks/sink.ts';
import type { Source } from './sources/source.ts';
import type { Said } from './terminal/messages.ts';

/**
 * All that the program knows of one kind of source or sink. A definition is read at every start, so it loads nothing
 * heavy: what reads, writes or probes is imported when it is made.
 */
interface ComponentDefinition<Name extends string, Sections extends Schemas, Part> {
  /** What `--source` or `--sink` calls it. */
  name: Name;
  /** What it is, in a few words that continue a sentence: `a file of log lines, oldest first`. */
  help: string;
  /** Its sections of the configuration. Components that share a section name the same object. */
  sections: Sections;
  /** Reaches out to nothing yet. Throws `SidecarError` (`config`) for what can't work. */
  configure(config: FromSchemas<Sections> & CommonConfig): Part;
}

/** A source, configured. */
export interface ConfiguredSource {
  /** What it reads, for people, and for the state folder; never holds a secret. */
  address: string;
  /** `follow`: the run does not end by itself, and so waits for servers without an end. */
  create(follow: boolean): Promise<Source>;
  /** Makes a reader of all that it holds, where what `create` makes takes entries from others who share it. */
  look?(): Promise<Source>;
  /** It can't be read without taking entries from who sends them: that is for runs alone. */
  isTaken?: true;
  /** What it gave can't be read again: there is no start to go back to. */
  isReadOnce?: true;
  /** Looks at it without changing anything: what it holds, or else what is to be said instead. Never throws. */
  probe(): Promise<Contents | Check>;
}

/** What a source holds, as far as it is looked at. */
export interface Contents {
  count: number;
  /** What is counted. */
  unit: 'log' | 'line';
  /** The newest, newest first; at most `NEWEST`. */
  newest: Entry[];
  /** The oldest, oldest first; at most `OLDEST`. */
  oldest: Entry[];
  /** What else is worth knowing, in words. */
  note?: Said;
  /** What to do where the newest are older than the oldest. */
  ifReversed?: Said;
  /** Where there are none: what may be meant instead. */
  instead?: Said;
}

/** How many of its newest logs a probe looks at. */
export const NEWEST = 100;
/** How many of its oldest logs a probe looks at. */
export const OLDEST = 20;

/** Tells which documents a sink holds. */
export interface Lookup {
  /** How many documents of each id an index holds; ids of none are left out. */
  count(index: string, ids: readonly string[]): Promise<Map<string, number>>;
  close(): Promise<void>;
}

/** A sink, configured. */
export interface ConfiguredSink {
  /** Where it writes, for people, and for the state folder; never holds a secret. */
  address: string;
  /** `follow`: the run does not end by itself, and so waits for servers without an end. */
  create(follow: boolean): Promise<Sink>;
  /** How long it pays to gather logs for one write, in ms, by what a write costs beside its documents. */
  lingerMs: number;
  /** It gathers what it is sent itself, and answers once it has: what comes meanwhile need not wait for that. */
  gathers?: true;
  /** Looks at it, and at what stands behind it, without writing a document. Never throws. */
  probe(indices: readonly IndexDefinition[]): AsyncIterable<Check>;
  /** Looks up which documents of these indices it holds. Rejects with `SidecarError` where that can't be told. */
  lookUp?(indices: readonly IndexDefinition[]): Promise<Lookup>;
  /** Whether it holds no document of these indices; left out where each run sends it everything again. */
  isEmpty?(indices: readonly IndexDefinition[]): Promise<boolean>;
}

/** One kind of source. */
export type SourceDefinition<Name extends string, Sections extends Schemas> = ComponentDefinition<
  Name,
  Sections,
  ConfiguredSource
>;

/** One kind of sink. */
export interface SinkDefinition<Name extends string, Sections extends Schemas>
  extends ComponentDefinition<Name, Sections, ConfiguredSink> {
  /** What summaries call it, by language. */
  label: { en: string; fr: string };
}

/** Returns the definition as it is, with its types. */
export function defineSource<const Name extends string, const Sections extends Schemas>(
  definition: SourceDefinition<Name, Sections>,
): SourceDefinition<Name, Sections> {
  return definition;
}

/** Returns the definition as it is, with its types. */
export function defineSink<const Name extends string, const Sections extends Schemas>(
  definition: SinkDefinition<Name, Sections>,
): SinkDefinition<Name, Sections> {
  return definition;
}
