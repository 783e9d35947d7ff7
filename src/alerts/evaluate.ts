import { type Client, errors } from '@elastic/elasticsearch';
import { createRequestError, type ElasticsearchOptions } from '../elasticsearch/client.ts';
import { t } from '../terminal/messages.ts';
import { type Finding, judgeLevel } from './finding.ts';
import type { Rule } from './rules.ts';

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
      return { rule, state: 'no data', documents: 0, why: t('there is no index {index}', { index }) };
    throw createRequestError(options, error, `to look at the alert ${rule.name}`);
  }
  if (documents < minCount)
    return { rule, state: 'no data', documents, why: t('fewer than {count} documents', { count: minCount }) };
  const value = expression.evaluate({ documents, aggregations });
  if (value === undefined) return { rule, state: 'no data', documents, why: t('its fields hold no numbers') };
  return { rule, state: judgeLevel(rule, value), value, documents };
}
