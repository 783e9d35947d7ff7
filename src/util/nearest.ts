/** The known name most like `name`, if any differs from it in `atMost` letters or fewer. */
export function findNearest(
  name: string,
  known: readonly string[],
  atMost: number = Math.max(2, name.length / 3),
): string | undefined {
  const scored = known.map((candidate) => ({
    candidate,
    far: editDistance(name.toLowerCase(), candidate.toLowerCase()),
  }));
  const best = scored.sort((a, b) => a.far - b.far)[0];
  return best && best.far <= atMost ? best.candidate : undefined;
}

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, n) => n);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length]!;
}
