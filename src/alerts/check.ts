import { type Client, errors } from '@elastic/elasticsearch';
import { type ElasticsearchOptions, requestError } from '../sinks/elasticsearch.ts';
import type { Rule } from './rules.ts';

/** How bad it is, from the best to the worst. */
export const LEVELS = ['ok', 'warning', 'critical'] as const;
export type Level = (typeof LEVELS)[number];

/** What one look at one alert found. */
export interface Finding {
  rule: Rule;
  /** `no data` where there is too little to tell. */
  state: Level | 'no data';
  /** In the rule's unit. */
  value?: number;
  /** How many documents it was told by. */
  documents: number;
  /** Why there is no data. */
  why?: string;
}

/** Asks Elasticsearch for the window that ends at `now` (ms since 1970). Throws `SidecarError` that names the alert. */
export async function look(
  client: Client,
  options: ElasticsearchOptions,
  rule: Rule,
  now: number,
): Promise<Finding> {
  const { index, query, windowMs, expression, min_count: minCount } = rule;
  const range = {
    timestamp: { gt: new Date(now - windowMs).toISOString(), lte: new Date(now).toISOString() },
  };
  const filter = [{ range }, ...(query === undefined ? [] : [{ query_string: { query } }])];
  let documents: number;
  let aggregations: Record<string, unknown>;
  try {
    const answer = await client.search({
      index,
      size: 0,
      track_total_hits: true,
      query: { bool: { filter } },
      aggs: expression.aggs,
    });
    const { total } = answer.hits;
    documents = typeof total === 'number' ? total : (total?.value ?? 0);
    aggregations = answer.aggregations ?? {};
  } catch (error) {
    if (error instanceof errors.ResponseError && error.statusCode === 404)
      return { rule, state: 'no data', documents: 0, why: `there is no index ${index}` };
    throw requestError(options, error, `to look at the alert ${rule.name}`);
  }
  if (documents < minCount)
    return { rule, state: 'no data', documents, why: `fewer than ${minCount} documents` };
  const value = expression.evaluate({ documents, aggregations });
  if (value === undefined) return { rule, state: 'no data', documents, why: 'its fields hold no numbers' };
  return { rule, state: levelOf(rule, value), value, documents };
}

/**
 * The level of a value. Where it was at `before`, that level is left only once the value is the rule's hysteresis below
 * the level's threshold, so that a value that hovers about it is told of once.
 */
export function levelOf({ warning, critical, hysteresis }: Rule, value: number, before: Level = 'ok'): Level {
  const above = (threshold: number, level: Level): boolean => {
    const isLeft = LEVELS.indexOf(before) >= LEVELS.indexOf(level);
    return value > (isLeft ? threshold - (Math.abs(threshold) * hysteresis) / 100 : threshold);
  };
  if (above(critical, 'critical')) return 'critical';
  return above(warning, 'warning') ? 'warning' : 'ok';
}

/** The worst of several findings; those without data count for nothing. */
export function worst(findings: readonly Finding[]): Level {
  const levels = findings.map(({ state }) => LEVELS.indexOf(state as Level));
  return LEVELS[Math.max(0, ...levels)]!;
}

/** A value as people read it: `98.4 %`. */
export function shown(value: number, unit: string): string {
  const digits = Math.abs(value) >= 100 ? 0 : 1;
  return `${value.toFixed(digits)}${unit === '' ? '' : ` ${unit}`}`;
}
