import type { Document } from '../plugins.ts';

/**
 * A document as shippers get it: one line `{"id","route","body"}`, its newline included. `route` is the index without
 * the common prefix, and with its period where indices rotate (`logs-2026.11`). Half a surrogate pair becomes U+FFFD:
 * Vector can't read a line that holds one.
 */
export function lineOf({ id, index, suffix = '', json }: Document, prefix: string): string {
  // Neither an id nor an index's name holds anything that JSON would escape.
  const line = `{"id":"${id}","route":"${index.slice(prefix.length)}${suffix}","body":${json}}\n`;
  // `JSON.stringify` escapes such halves, and only these, as \ud….
  if (!line.includes('\\ud')) return line;
  return line.replace(/\\(?:ud[89a-f]..|.)/g, (it) => (it.startsWith('\\ud') ? '\\ufffd' : it));
}
