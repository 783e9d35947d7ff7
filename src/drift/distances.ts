/** Shares of 0 are taken for this one: the logarithm of 0 would make one empty bin decide alone. */
const FLOOR = 1e-4;

/**
 * Population Stability Index of two lists of counts, bin by bin: the sum of (c − r) · ln(c / r), where r and c are the shares
 * of a bin in the reference and in the current sample. It is 0 for equal shares and grows without bound; by usage, below
 * 0.1 nothing to speak of has changed, and from 0.25 on much has.
 *
 * N. Siddiqi, Credit Risk Scorecards, Wiley 2006. It is the sum of both Kullback-Leibler divergences.
 */
export function psi(reference: readonly number[], current: readonly number[]): number {
  const sharesOf = (counts: readonly number[]): number[] => {
    const total = counts.reduce((sum, count) => sum + count, 0);
    return counts.map((count) => Math.max(FLOOR, count / total));
  };
  const r = sharesOf(reference);
  const c = sharesOf(current);
  return r.reduce((sum, share, bin) => sum + (c[bin]! - share) * Math.log(c[bin]! / share), 0);
}

/**
 * The PSI that samples of one and the same distribution stay below in 95 of 100 cases: the χ² quantile of `bins` − 1 degrees
 * of freedom, times (1/n + 1/m). In small samples it is well above 0.1.
 *
 * B. Yurdakul, J. Naranjo, Statistical properties of the population stability index, Journal of Risk Model Validation 14
 * (2020).
 */
export function psiByChance(bins: number, n: number, m: number): number {
  return bins < 2 ? 0 : chiSquare95(bins - 1) * (1 / n + 1 / m);
}

/** The 95 % quantile of χ², within 3 %: E. B. Wilson, M. M. Hilferty, The distribution of chi-square, PNAS 17 (1931). */
export function chiSquare95(degrees: number): number {
  const part = 2 / (9 * degrees);
  return degrees * (1 - part + 1.6448536 * Math.sqrt(part)) ** 3;
}

/**
 * Inner bounds of the bins of equal shares that the reference's quantiles make (ten bins by default; fewer where values
 * repeat). A value that equals a bound lies above it. `sorted` ascends. Quantiles are interpolated linearly: type 7 of
 * R. J. Hyndman, Y. Fan, Sample quantiles in statistical packages, The American Statistician 50 (1996).
 */
export function quantileBounds(sorted: ArrayLike<number>, bins = 10): number[] {
  const bounds = new Set<number>();
  for (let n = 1; n < bins; n++) {
    bounds.add(interpolate(sorted, ((sorted.length - 1) * n) / bins));
  }
  return [...bounds];
}

/** The value at a place of a list, between two neighbours where `at` is no whole number. */
export function interpolate(values: ArrayLike<number>, at: number): number {
  const below = values[Math.floor(at)]!;
  return below + (values[Math.ceil(at)]! - below) * (at - Math.floor(at));
}

/** How many of the ascending values lie in each of the bins that the inner bounds part. */
export function countsWithin(bounds: readonly number[], sorted: ArrayLike<number>): number[] {
  const counts: number[] = new Array(bounds.length + 1).fill(0);
  let bin = 0;
  for (let n = 0; n < sorted.length; n++) {
    while (bin < bounds.length && sorted[n]! >= bounds[bin]!) bin++;
    counts[bin]!++;
  }
  return counts;
}

/** What the two-sample Kolmogorov-Smirnov test says. */
export interface KolmogorovSmirnov {
  /** The largest distance between the two empirical distribution functions. */
  d: number;
  /** How likely samples of one and the same distribution are so far apart, or farther. */
  p: number;
}

/** Beyond this many pairs of values the limiting distribution is as good as the exact one, and much faster. */
const EXACT_PAIRS = 10_000_000;

/**
 * The two-sided two-sample Kolmogorov-Smirnov test of ascending values. Where values repeat, `p` is an upper bound.
 *
 * J. L. Hodges, The significance probability of the Smirnov two-sample test, Arkiv för Matematik 3 (1958).
 */
export function kolmogorovSmirnov(x: ArrayLike<number>, y: ArrayLike<number>): KolmogorovSmirnov {
  let d = 0;
  for (let i = 0, j = 0; i < x.length && j < y.length; ) {
    const value = Math.min(x[i]!, y[j]!);
    while (i < x.length && x[i]! === value) i++;
    while (j < y.length && y[j]! === value) j++;
    d = Math.max(d, Math.abs(i / x.length - j / y.length));
  }
  const pairs = x.length * y.length;
  const p =
    pairs <= EXACT_PAIRS
      ? exactTail(d, x.length, y.length)
      : kolmogorovTail(d * Math.sqrt(pairs / (x.length + y.length)));
  return { d, p };
}

/**
 * The probability that two samples of `m` and `n` values are `d` or farther apart. Every order of the values in both is as
 * likely as every other, so it is a random path from (0, 0) to (m, n) that draws its steps without replacement; what
 * first leaves the band about the diagonal is summed up, cell by cell.
 */
export function exactTail(d: number, m: number, n: number): number {
  if (d <= 0) return 1;
  // Distances are multiples of 1/(mn): half of one below `d` is beyond all doubt of rounding.
  const within = (Math.round(d * m * n) - 0.5) / (m * n);
  const reach = new Float64Array(n + 1);
  let outside = 0;
  for (let i = 0; i <= m; i++) {
    for (let j = 0; j <= n; j++) {
      const left = m + n - i - j + 1;
      const first = i + j === 0 ? 1 : 0;
      const along = j > 0 ? (reach[j - 1]! * (n - j + 1)) / left : 0;
      const here = first + along + (reach[j]! * (m - i + 1)) / left;
      const stays = Math.abs(i / m - j / n) <= within;
      reach[j] = stays ? here : 0;
      if (!stays) outside += here;
    }
  }
  return Math.min(1, outside);
}

/**
 * The upper tail of Kolmogorov's distribution, to which √(mn/(m+n)) · D tends:
 * N. Smirnov, Table for estimating the goodness of fit of empirical distributions, Annals of Mathematical Statistics 19 (1948).
 */
export function kolmogorovTail(x: number): number {
  // The series converges slowly near 0, where its sum is 1 to twelve digits.
  if (x < 0.2) return 1;
  let sum = 0;
  for (let k = 1; k <= 100; k++) {
    const term = Math.exp(-2 * k * k * x * x);
    sum += k % 2 === 1 ? term : -term;
    if (term < 1e-17) break;
  }
  return Math.min(1, Math.max(0, 2 * sum));
}
