import type { Check } from '../checks/result.ts';
import { coloured } from '../util/colour.ts';

const COLOURS = { warning: 'yellow', failed: 'red' } as const;
const MARKS = { ok: '✅', warning: '⚠️ ', failed: '❌' } as const;

/** A check for people: what was found, and what to do about it. */
export function formatCheck({ name, state, says, action }: Check): string {
  const does = action ? `\n   → ${action}` : '';
  const shown = state === 'ok' ? name : coloured(process.stdout, COLOURS[state], name);
  return `${MARKS[state]} ${shown}: ${says.replaceAll('\n', '\n   ')}${does}\n`;
}
