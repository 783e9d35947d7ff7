import type { Entry } from './entry.ts';
import { defaultFormats } from './formats/shipped.ts';
import { Occurrences } from './occurrences.ts';
import { entryParser } from './parse.ts';
import type { Fields, IndexDocument, Plugin } from './plugin.ts';
import { PluginChain } from './plugin-chain.ts';
import { timestampReader } from './timestamp.ts';
import type { JsonObject } from './util/json.ts';

/** A document with its fields to look at. */
export interface MadeDocument extends Omit<IndexDocument, 'json'> {
  body: Fields;
}

/**
 * Runs one plugin on entries, as the pipeline would, and answers its documents: for a plugin's own tests. Every
 * event passes the filter; times without a zone are UTC. Throws what the plugin throws.
 */
export function runPlugin<Options>(
  plugin: Plugin<Options>,
  entries: readonly Entry[],
  options: JsonObject = {},
): MadeDocument[] {
  const chain = new PluginChain([{ plugin: plugin as Plugin, options }], '', () => true);
  const occurrences = new Occurrences();
  const parse = entryParser({
    readTimestamp: timestampReader('UTC'),
    maxEntryBytes: Number.POSITIVE_INFINITY,
    formats: [...chain.formats, ...defaultFormats()],
  });
  return entries.flatMap((entry) => {
    const { event } = parse(entry);
    event.id = occurrences.identify(event.id, event.written !== '');
    const { documents, failures } = chain.run(event);
    const [failure] = failures;
    if (failure) throw new Error(`${failure.plugin}: ${failure.reason}`);
    return documents.map(({ json, ...document }) => ({ ...document, body: JSON.parse(json) }));
  });
}
