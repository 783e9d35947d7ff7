import { KeyCounts } from './buffer/key-counts.ts';
import type { Entry } from './entry.ts';
import type { LogEvent } from './event.ts';
import { defaultFormats } from './formats/shipped.ts';
import { createEvent, identify } from './identity.ts';
import { createEventParser } from './parse.ts';
import type { Fields, IndexDocument, Plugin } from './plugin.ts';
import { PluginChain } from './plugin-chain.ts';
import type { JsonObject } from './util/json.ts';

/** A document with its fields to look at. */
export interface MadeDocument extends Omit<IndexDocument, 'json'> {
  body: Fields;
}

/**
 * Runs one plugin on entries, as the pipeline would, and returns its documents: for a plugin's own tests. Every
 * event passes the filter; times without a zone are UTC. Throws what the plugin throws.
 */
export function runPlugin<Options>(
  plugin: Plugin<Options>,
  entries: readonly Entry[],
  options: JsonObject = {},
): MadeDocument[] {
  const chain = new PluginChain([{ plugin: plugin as Plugin, options }], '', () => true);
  const counts = new KeyCounts();
  const parse = createEventParser({ formats: [...chain.formats, ...defaultFormats()] });
  const batch = { entries: [...entries], known: false };
  const copies = { count: (keys: Buffer) => counts.add(keys, 1) };
  return identify(batch, parse, copies).logs.flatMap((log) => {
    const event = createEvent(log);
    if (!event) throw new Error(log.reason);
    const { documents, failures } = chain.run(event);
    const [failure] = failures;
    if (failure) throw new Error(`${failure.plugin}: ${failure.reason}`);
    return documents.map(({ json, ...document }) => ({ ...document, body: JSON.parse(json) }));
  });
}

/**
 * Reads an entry by one format, as the pipeline would, and returns its event: for a format's own tests. `undefined` where
 * the format does not know the entry. Times without a zone are UTC. Throws what the format throws.
 */
export function readEntry<Options>(
  plugin: Plugin<Options>,
  entry: Entry,
  options: JsonObject = {},
): LogEvent | undefined {
  const { formats } = new PluginChain([{ plugin: plugin as Plugin, options }], '', () => true);
  const parsed = createEventParser({ formats })(entry);
  return parsed.format === undefined ? undefined : parsed.createEvent();
}
