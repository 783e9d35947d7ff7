import { makeVisible } from '../util/visible.ts';

/**
 * Rows of text as columns two spaces apart; those named in `right` (by number, from 0) are aligned to the right. Cells may
 * come from logs: what a terminal would obey is made visible.
 */
export function formatTable(texts: readonly (readonly string[])[], right: readonly number[] = []): string {
  const rows = texts.map((row) => row.map(makeVisible));
  const widths = (rows[0] ?? []).map((_, n) => Math.max(...rows.map((row) => row[n]?.length ?? 0)));
  return rows
    .map((row) => {
      const cells = row.map((cell, n) =>
        right.includes(n) ? cell.padStart(widths[n]!) : cell.padEnd(widths[n]!),
      );
      return `${cells.join('  ').trimEnd()}\n`;
    })
    .join('');
}
