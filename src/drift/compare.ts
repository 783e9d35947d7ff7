import { countsWithin, kolmogorovSmirnov, psi, psiByChance, quantileBounds } from './distances.ts';
import type { FeatureValues, Sample } from './samples.ts';

/** From the least to the most; `too few` where there are not enough values to tell, `too many` where a text is a category hardly twice. */
const DRIFTS = ['too few', 'too many', 'stable', 'moderate', 'major'] as const;
export type Drift = (typeof DRIFTS)[number];

/** PSI from which drift is called so, by usage; see `psi`. */
const MODERATE_PSI = 0.1;
const MAJOR_PSI = 0.25;
/** A Kolmogorov-Smirnov probability below it is called significant, by usage. */
const SIGNIFICANT_P = 0.05;

/** Numbers with at most this many values are categories: 0 and 1, a class, a grade. */
const MOST_GRADES = 10;
/** A text with more distinct values than this is not a category. */
const MOST_CATEGORIES = 50;

/** One feature, in the reference and now. */
export interface Comparison {
  feature: string;
  kind: 'number' | 'category';
  /** By PSI; but never more than `stable` where chance alone explains the PSI. */
  drift: Drift;
  /** How many values there are. */
  reference: number;
  current: number;
  /** Shares of documents that have no value. */
  missing: { reference: number; current: number };
  /** Of numbers, categories that are numbers included. */
  mean?: { reference: number; current: number };
  psi?: number;
  /** What the PSI of an unchanged distribution stays below in 95 of 100 cases. */
  psi_by_chance?: number;
  /** Kolmogorov-Smirnov, of kind `number` only. */
  ks?: { d: number; p: number; significant: boolean };
}

/**
 * Compares every feature that either sample has; the inputs by name, then the results. With fewer than `minCount` values in
 * either, only that is said, unless it is what changed.
 */
export function compare(reference: Sample, current: Sample, minCount: number): Comparison[] {
  const names = new Set([...reference.features.keys(), ...current.features.keys()]);
  return [...names]
    .sort()
    .map((name) =>
      compareFeature(
        name,
        { values: reference.features.get(name) ?? NONE, documents: reference.documents },
        { values: current.features.get(name) ?? NONE, documents: current.documents },
        minCount,
      ),
    );
}

/** The most drift of all. */
export function findMostDrift(comparisons: readonly Comparison[]): Drift {
  return DRIFTS[Math.max(0, ...comparisons.map(({ drift }) => DRIFTS.indexOf(drift)))]!;
}

const NONE: FeatureValues = { numbers: [], others: new Map() };

interface Side {
  values: FeatureValues;
  documents: number;
}

function compareFeature(feature: string, reference: Side, current: Side, minCount: number): Comparison {
  const sides = [reference, current] as const;
  const [n, m] = sides.map(({ values }) => countValues(values)) as [number, number];
  const [r, c] = sides.map(({ values }) => values.numbers) as [number[], number[]];
  const areNumbers = sides.every(({ values }) => values.others.size === 0);
  const isNumber = areNumbers && new Set(r.concat(c)).size > MOST_GRADES;
  const comparison: Comparison = {
    feature,
    kind: isNumber ? 'number' : 'category',
    drift: 'too few',
    reference: n,
    current: m,
    missing: { reference: countMissing(n, reference), current: countMissing(m, current) },
    ...(areNumbers && n > 0 && m > 0 ? { mean: { reference: averageOf(r), current: averageOf(c) } } : {}),
  };
  const absent = [Math.max(0, reference.documents - n), Math.max(0, current.documents - m)] as const;
  if (n + absent[0] < minCount || m + absent[1] < minCount) return comparison;
  // Where values are too few to be compared, that they are there, or are not, still can be.
  const judgeByPresence = (otherwise: Drift): Comparison => {
    const judged = judge(comparison, [n], [m], absent);
    return judged.drift === 'stable' ? { ...comparison, drift: otherwise } : judged;
  };
  if (n < minCount || m < minCount) return judgeByPresence('too few');
  if (isNumber) {
    const [x, y] = [Float64Array.from(r).sort(), Float64Array.from(c).sort()];
    const bounds = quantileBounds(x);
    const { d, p } = kolmogorovSmirnov(x, y);
    comparison.ks = { d, p, significant: p < SIGNIFICANT_P };
    return judge(comparison, countsWithin(bounds, x), countsWithin(bounds, y), absent);
  }
  const [x, y] = [categories(reference.values), categories(current.values)];
  const all = [...new Set([...x.keys(), ...y.keys()])];
  if (all.length > MOST_CATEGORIES) return judgeByPresence('too many');
  const countsOf = (of: Map<string, number>): number[] => all.map((key) => of.get(key) ?? 0);
  return judge(comparison, countsOf(x), countsOf(y), absent);
}

/** By the PSI of counts, bin by bin; what has no value is a bin of its own. */
function judge(
  comparison: Comparison,
  reference: readonly number[],
  current: readonly number[],
  absent: readonly [number, number],
): Comparison {
  const isWhole = absent[0] + absent[1] === 0;
  const r = isWhole ? reference : [...reference, absent[0]];
  const c = isWhole ? current : [...current, absent[1]];
  const index = psi(r, c);
  const sum = (counts: readonly number[]): number => counts.reduce((all, count) => all + count, 0);
  const chance = psiByChance(r.length, sum(r), sum(c));
  const drift = index < MODERATE_PSI || index < chance ? 'stable' : index < MAJOR_PSI ? 'moderate' : 'major';
  return { ...comparison, drift, psi: index, psi_by_chance: chance };
}

function countValues({ numbers, others }: FeatureValues): number {
  let size = numbers.length;
  for (const count of others.values()) size += count;
  return size;
}

/** Inputs may be several values in one document: then none is missing. */
function countMissing(values: number, { documents }: Side): number {
  return documents === 0 ? 0 : Math.max(0, 1 - values / documents);
}

function averageOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

function categories({ numbers, others }: FeatureValues): Map<string, number> {
  const counts = new Map(others);
  for (const number of numbers) counts.set(`${number}`, (counts.get(`${number}`) ?? 0) + 1);
  return counts;
}
