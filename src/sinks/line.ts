import type { IndexDocument } from '../plugin.ts';

/**
 * A document as shippers get it: one line `{"id","route","body"}`, its newline included. `route` is the index without
 * the common prefix, and with its period where indices rotate (`logs-2026.11`). Half a surrogate pair becomes U+FFFD:
 * Vector can't read a line that holds one.
 */
export function formatLine({ id, index, suffix = '', json }: IndexDocument, prefix: string): string {
  // Neither an id nor an index's name holds anything that JSON would escape.
  return `{"id":"${id}","route":"${index.slice(prefix.length)}${suffix}","body":${makeWellFormed(json)}}\n`;
}

/** `JSON.stringify` escapes halves of pairs, and only these, as \ud…. */
function makeWellFormed(json: string): string {
  // One character is found fastest; where backslashes are everywhere, they are passed over.
  if (!json.includes('\\') || !json.includes('ud') || !json.includes('\\ud')) return json;
  return json.replace(/\\(?:ud[89a-f]..|.)/g, (it) => (it.startsWith('\\ud') ? '\\ufffd' : it));
}
