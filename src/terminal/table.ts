/** Rows of text as columns two spaces apart; those named in `right` (by number, from 0) are aligned to the right. */
export function table(rows: readonly (readonly string[])[], right: readonly number[] = []): string {
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
