import type { Entry } from './entry.ts';
import type { LogEvent } from './event.ts';
import type { Parsed } from './parse.ts';
import type { Fields } from './plugin.ts';
import type { PluginChain } from './plugin-chain.ts';
import { reasonOf } from './util/errors.ts';

/** What would become of an entry. */
export interface Trial {
  entry: Entry;
  /** The format that read it; null where none did. */
  format: string | null;
  /** As the formats read it, before any plugin; null for an entry that is a dead letter. */
  event: LogEvent | null;
  filter: 'passes' | 'fails' | null;
  documents: { index: string; id: string; body: Fields }[];
  dead_letters: { at: string; reason: string }[];
}

/** Reads an entry and runs the plugins on it, and stores nothing. */
export function tryEntry(entry: Entry, parse: (entry: Entry) => Parsed, plugins: PluginChain): Trial {
  let format: string | undefined;
  let read: LogEvent;
  try {
    const parsed = parse(entry);
    format = parsed.format;
    read = parsed.createEvent();
  } catch (error) {
    const letter = { at: 'parse', reason: reasonOf(error) };
    return { entry, format: null, event: null, filter: null, documents: [], dead_letters: [letter] };
  }
  const event = structuredClone(read);
  const { documents, failures, filtered } = plugins.run(read);
  return {
    entry,
    format: format ?? null,
    event,
    filter: filtered ? 'passes' : 'fails',
    documents: documents.map(({ index, suffix = '', id, json }) => ({
      index: index + suffix,
      id,
      body: JSON.parse(json),
    })),
    dead_letters: failures.map(({ plugin, reason }) => ({ at: plugin, reason })),
  };
}
