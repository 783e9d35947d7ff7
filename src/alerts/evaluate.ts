import { type Client, errors } from '@elastic/elasticsearch';
import { createRequestError, type ElasticsearchOptions } from '../elasticsearch/client.ts';
import { t } from '../terminal/messages.ts';
import type { JsonObject } from '../util/json.ts';
import { type Finding, judgeLevel } from './finding.ts';
import type { Rule } from './rules.ts';

/** Documents of each window that drift is judged by. */
const SAMPLE = 1000;

/** Asks Elasticsearch for the window that ends at `now` (ms since 1970). Throws `SidecarError` that names the alert. */
export async function look(
  client: Client,
  options: ElasticsearchOptions,
  rule: Rule,
  now: number,
): Promise<Finding> {
  const { index, query, windowMs, referenceMs, expression, min_count: minCount } = rule;
  const queryOf = (from: number, to: number) => {
    const timestamp = { gt: new Date(from).toISOString(), lte: new Date(to).toISOString() };
    const matching = query === undefined ? [] : [{ query_string: { query } }];
    return { bool: { filter: [{ range: { timestamp } }, ...matching] } };
  };
  const begin = now - windowMs;
  let documents: number;
  let aggregations: Record<string, unknown>;
  let psi: number | undefined;
  try {
    const answer = await client.search({
      index,
      size: 0,
      track_total_hits: true,
      query: queryOf(begin, now),
      aggs: expression.aggs,
    });
    const { total } = answer.hits;
    documents = typeof total === 'number' ? total : (total?.value ?? 0);
    aggregations = answer.aggregations ?? {};
    if (expression.needsPsi && documents >= minCount)
      psi = await findPsi(client, index, queryOf(begin - referenceMs, begin), queryOf(begin, now), minCount);
  } catch (error) {
    if (error instanceof errors.ResponseError && error.statusCode === 404)
      return { rule, state: 'no data', documents: 0, why: t('there is no index {index}', { index }) };
    throw createRequestError(options, error, `to look at the alert ${rule.name}`);
  }
  if (documents < minCount)
    return { rule, state: 'no data', documents, why: t('fewer than {count} documents', { count: minCount }) };
  const value = expression.evaluate({ documents, aggregations, psi });
  if (value === undefined) {
    const why =
      expression.needsPsi && psi === undefined
        ? t('no feature has {count} values before and now', { count: minCount })
        : t('its fields hold no numbers');
    return { rule, state: 'no data', documents, why };
  }
  return { rule, state: judgeLevel(rule, value), value, documents };
}

/** The largest PSI that chance doesn't explain, of two samples; 0 where it explains all. */
async function findPsi(
  client: Client,
  index: string,
  before: JsonObject,
  now: JsonObject,
  minCount: number,
): Promise<number | undefined> {
  const { compare } = await import('../drift/compare.ts');
  const { createRandomSearch, Sample } = await import('../drift/samples.ts');
  const [reference, current] = await Promise.all(
    [before, now].map(async (query) => {
      const sample = new Sample();
      const { hits } = await client.search<JsonObject>({ index, ...createRandomSearch(query, SAMPLE) });
      for (const { _source } of hits.hits) sample.add(_source!);
      return sample;
    }),
  );
  const judged = compare(reference!, current!, minCount).filter(({ psi }) => psi !== undefined);
  if (judged.length === 0) return undefined;
  return Math.max(0, ...judged.map(({ psi, psi_by_chance }) => (psi! < psi_by_chance! ? 0 : psi!)));
}
