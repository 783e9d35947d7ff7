import type { Document } from '../plugins.ts';

/**
 * A document as shippers get it: one line `{"id","route","body"}`, its newline included. `route` is the index
 * without the common prefix. Half a surrogate pair becomes U+FFFD: Vector can't read a line that holds one.
 */
export function lineOf({ id, index, json }: Document, prefix: string): string {
  const line = `{"id":"${id}","route":${JSON.stringify(index.slice(prefix.length))},"body":${json}}\n`;
  // `JSON.stringify` escapes such halves, and only these, as \ud….
  if (!line.includes('\\ud')) return line;
  return line.replace(/\\(?:ud[89a-f]..|.)/g, (it) => (it.startsWith('\\ud') ? '\\ufffd' : it));
}
