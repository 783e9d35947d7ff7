import type { SchemaObject } from 'ajv';
import type { Entry } from './entry.ts';
import type { LogEvent } from './event.ts';
import type { Fields } from './field-table.ts';
import type { Level } from './level.ts';
import type { JsonObject } from './util/json.ts';

export type { Entry } from './entry.ts';
export type { LogEvent } from './event.ts';
export { defineFields, type Field, type FieldPath, type Fields, type FieldTable } from './field-table.ts';
export { isLevelWord, type Level, normalizeLevel } from './level.ts';
export { timeEnd } from './time-forms.ts';
export {
  isObject,
  type Json,
  type JsonObject,
  jsonEnd,
  mapKeys,
  parseDelimited,
  parseJson,
  setOwn,
  textOf,
} from './util/json.ts';
export { compilePattern } from './util/pattern.ts';
export { createValueReader, PATHS } from './value-path.ts';

/** What goes into an index. */
export interface IndexDocument {
  index: string;
  /** What is added to the index's name where indices rotate: the period that the log belongs to, `-2026.11`. */
  suffix?: string;
  /** The event's id, with `.n` behind it where the event made several documents for the index. */
  id: string;
  /** Its fields: a JSON object, on one line. */
  json: string;
}

/** An index and what belongs in it. */
export interface IndexDefinition {
  /** Its name, common prefix included; a plugin's `index` in the configuration overrides it. */
  name: string;
  /** Elasticsearch mappings, as in its create index API. */
  mappings: Record<string, unknown>;
  /** Elasticsearch index settings. */
  settings?: Record<string, unknown>;
  /** JSON Schema of one document; a body that breaks it becomes a dead letter. */
  document: SchemaObject;
  /**
   * The fields that, with `timestamp`, tell a document from every other: `deduplicate` finds copies by them, and
   * leaves an index without them alone.
   */
  identity?: string[];
  /** `false`: every event reaches `documents`; otherwise only those that pass the filter do. */
  filtered?: boolean;
}

/** What a log says of itself, as a format reads it. What was written is kept: identities are made of it. */
export interface LogParts {
  /** The time, in any form that docs/formats.md lists; one that can't be read is kept in the data. */
  time?: string | number | undefined;
  level?: string | number | undefined;
  /** What `level` means, where neither its word nor its number says so. */
  severity?: Level | undefined;
  logger?: string | undefined;
  message: string;
  /** Everything else that the log carries. */
  data?: JsonObject | undefined;
}

/** A log that stands in another one's entry, as a container's runtime writes it. */
export interface Envelope {
  /** The log: all formats are asked for its parts. */
  entry: Entry;
  /** What counts where the log itself names none. */
  time?: string | number | undefined;
  level?: string | number | undefined;
  logger?: string | undefined;
  /** When a shipper read the log: its time where nothing names one, but no part of its identity. */
  readAt?: string | undefined;
  /** What the envelope carries besides, which is not part of the log's identity. */
  data?: JsonObject | undefined;
}

/** What a plugin does. Any hook may throw: its entry or event then becomes a dead letter that names the plugin. */
export interface Hooks {
  /**
   * Reads an entry: a text, without colours, byte order mark and blanks before it, or a JSON object. `undefined` where
   * the entry is not of this format: the next one is asked.
   */
  parse?(entry: Entry): LogParts | Envelope | undefined;
  /**
   * Sees every event before any document is made, in the order of the configuration, and may reshape it (all but
   * `id` and `written`) or replace it; `undefined` drops it. Where it throws, nothing of the event is written.
   */
  event?(event: LogEvent): LogEvent | undefined;
  /** Turns an event into documents for the plugin's index; nothing where it has none for it. */
  documents?(event: LogEvent): Fields | Fields[] | undefined;
}

/** A plugin: the default export of a file in `plugins/` or `src/formats/`, made by `definePlugin`. */
export interface Plugin<Options = JsonObject> {
  /** Names it in errors and dead letters. */
  name: string;
  /** One line for `ml-log-sidecar plugins`. */
  description?: string;
  /** JSON Schema of its options; its defaults are filled in. Without one, options are refused. */
  options?: SchemaObject;
  /** Where its documents go. */
  index?: IndexDefinition;
  /** Called once, with valid options, before the first event. */
  create(options: Options): Hooks;
}

/** Gives a plugin's definition its types. `Options` is what its `options` schema describes. */
export function definePlugin<Options = JsonObject>(plugin: Plugin<Options>): Plugin<Options> {
  return plugin;
}
