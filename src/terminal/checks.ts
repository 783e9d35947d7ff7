import type { Check } from '../checks/result.ts';
import { coloured } from '../util/colour.ts';
import { translateTitle } from './messages.ts';

const COLOURS = { warning: 'yellow', failed: 'red' } as const;
const MARKS = { ok: '✅', warning: '⚠️ ', failed: '❌' } as const;

/** A check for people: what was found, and what to do about it. */
export function formatCheck({ name, state, says, action }: Check): string {
  const does = action ? `\n   → ${action}` : '';
  const title = translateTitle(name);
  const shown = state === 'ok' ? title : coloured(process.stdout, COLOURS[state], title);
  return `${MARKS[state]} ${shown}: ${says.replaceAll('\n', '\n   ')}${does}\n`;
}
