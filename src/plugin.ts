import type { SchemaObject } from 'ajv';
import type { LogEvent } from './event.ts';
import type { Fields } from './field-table.ts';
import type { JsonObject } from './util/json.ts';

export type { Entry } from './entry.ts';
export type { LogEvent } from './event.ts';
export { defineFields, type Field, type FieldPath, type Fields, type FieldTable } from './field-table.ts';
export {
  isObject,
  type Json,
  type JsonObject,
  jsonEnd,
  mapKeys,
  parseDelimited,
  parseJson,
  setOwn,
} from './util/json.ts';
export { compilePattern } from './util/pattern.ts';

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
  /** Its name, common prefix included; `index` beside `use` in the configuration overrides it. */
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

/** What a plugin does. Either hook may throw: its event then becomes a dead letter that names the plugin. */
export interface Hooks {
  /**
   * Sees every event before any document is made, in the order of the configuration, and may reshape it (all but
   * `id` and `written`) or replace it; `undefined` drops it. Where it throws, nothing of the event is written.
   */
  event?(event: LogEvent): LogEvent | undefined;
  /** Turns an event into documents for the plugin's index; nothing where it has none for it. */
  documents?(event: LogEvent): Fields | Fields[] | undefined;
}

/** A plugin: the default export of a file in `plugins/`, made by `definePlugin`. */
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
