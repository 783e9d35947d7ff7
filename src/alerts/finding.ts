import type { Said } from '../terminal/messages.ts';
import type { Rule } from './rules.ts';

/** How bad it is, from the best to the worst. */
export const LEVELS = ['ok', 'warning', 'critical'] as const;
export type AlertLevel = (typeof LEVELS)[number];

/** What one look at one alert found. */
export interface Finding {
  rule: Rule;
  /** `no data` where there is too little to tell. */
  state: AlertLevel | 'no data';
  /** In the rule's unit. */
  value?: number;
  /** How many documents it was told by. */
  documents: number;
  /** Why there is no data. */
  why?: Said;
}

/**
 * The level of a value. Where it was at `before`, that level is left only once the value is the rule's hysteresis below
 * the level's threshold, so that a value that hovers about it is told of once.
 */
export function judgeLevel(
  { warning, critical, hysteresis }: Rule,
  value: number,
  before: AlertLevel = 'ok',
): AlertLevel {
  const above = (threshold: number, level: AlertLevel): boolean => {
    const isLeft = LEVELS.indexOf(before) >= LEVELS.indexOf(level);
    return value > (isLeft ? threshold - (Math.abs(threshold) * hysteresis) / 100 : threshold);
  };
  if (above(critical, 'critical')) return 'critical';
  return above(warning, 'warning') ? 'warning' : 'ok';
}

/** The worst of several findings; those without data count for nothing. */
export function findWorst(findings: readonly Finding[]): AlertLevel {
  const levels = findings.map(({ state }) => LEVELS.indexOf(state as AlertLevel));
  return LEVELS[Math.max(0, ...levels)]!;
}

/** A value as people read it: `98.4 %`, `0.25`. */
export function formatFigure(value: number, unit: string): string {
  const size = Math.abs(value);
  const digits = size >= 100 ? 0 : size > 0 && size < 1 ? 2 : 1;
  return `${value.toFixed(digits)}${unit === '' ? '' : ` ${unit}`}`;
}
