import type { Spread } from './measure.ts';

/** One line of the results. */
export interface Figure {
  name: string;
  unit: string;
  ours: Spread;
  /** What it is compared with, in the same unit, in the same run. */
  against?: { name: string; value: Spread };
  /** Ours over that; where less is better, the other way round, so that more is always better. */
  ratio?: number;
  /** What it should be, as people say it. */
  goal?: string;
}

/** A figure that is compared. */
export function compared(
  name: string,
  unit: string,
  ours: Spread,
  against: { name: string; value: Spread },
  goal?: string,
): Figure {
  const ratio = ours.median / against.value.median;
  return { name, unit, ours, against, ratio, ...(goal && { goal }) };
}

/** The same for events, or documents, per second, from the seconds that `count` of them took. */
export function rates(count: number, seconds: Spread): Spread {
  return { median: count / seconds.median, min: count / seconds.max, max: count / seconds.min };
}

/** The results as a Markdown table. */
export function tableOf(figures: readonly Figure[]): string {
  const shown = (value: number): string =>
    value.toLocaleString('en', value >= 100 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 });
  const spread = ({ median, min, max }: Spread): string => `${shown(median)} (${shown(min)}–${shown(max)})`;
  const rows = figures.map(({ name, unit, ours, against, ratio, goal }) => [
    name,
    `${spread(ours)} ${unit}`,
    against ? `${against.name}: ${spread(against.value)}` : '',
    ratio === undefined ? '' : ratio.toFixed(2),
    goal ?? '',
  ]);
  const lines = [
    ['figure', 'median (min–max)', 'compared with', 'ratio', 'goal'],
    ['---', '---', '---', '---', '---'],
    ...rows,
  ];
  return `${lines.map((row) => `| ${row.join(' | ')} |`).join('\n')}\n`;
}
