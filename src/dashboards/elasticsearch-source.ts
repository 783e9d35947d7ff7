import type { Client } from '@elastic/elasticsearch';
import { createRandomSearch } from '../drift/samples.ts';
import {
  createElasticsearchClient,
  createElasticsearchTrouble,
  type ElasticsearchOptions,
} from '../elasticsearch/client.ts';
import { findFieldTypes } from '../elasticsearch/indices.ts';
import { t } from '../terminal/messages.ts';
import { SidecarError } from '../util/errors.ts';
import type { JsonObject } from '../util/json.ts';
import { NUMBERS } from './fields.ts';
import { type ChartSearch, type ChartSource, queryOf } from './search.ts';
import type { TimeRange } from './time-range.ts';

/** Answers the searches of charts from Elasticsearch. */
export class ElasticsearchChartSource implements ChartSource {
  readonly name: string;
  readonly #options: ElasticsearchOptions;
  readonly #client: Client;

  constructor(options: ElasticsearchOptions) {
    this.name = t('Elasticsearch at {address}', options);
    this.#options = options;
    this.#client = createElasticsearchClient(options);
  }

  async extent(indices: readonly string[]): Promise<TimeRange | undefined> {
    const aggs = { from: { min: { field: 'timestamp' } }, to: { max: { field: 'timestamp' } } };
    const [answer] = await this.#ask([{ index: indices.join(','), body: { size: 0, aggs } }]);
    const { from, to } = (answer?.aggregations ?? {}) as Record<string, { value: number | null } | undefined>;
    if (from?.value == null || to?.value == null) return undefined;
    return { from: from.value, to: to.value };
  }

  search(searches: readonly ChartSearch[]): Promise<JsonObject[]> {
    return this.#ask(searches);
  }

  async numericInputs(index: string): Promise<string[]> {
    try {
      const found = await findFieldTypes(this.#client, index, 'input_data.*');
      return Object.entries(found).flatMap(([field, types]) =>
        NUMBERS.some((type) => types.includes(type)) ? [field.slice('input_data.'.length)] : [],
      );
    } catch (error) {
      throw createElasticsearchTrouble(this.#options).unreachable(error);
    }
  }

  async sample(index: string, range: TimeRange, limit: number): Promise<JsonObject[]> {
    const body = createRandomSearch(queryOf('timestamp', range), limit);
    const [answer] = await this.#ask([{ index, body }]);
    const { hits } = (answer as { hits: { hits: { _source: JsonObject }[] } }).hits;
    return hits.map(({ _source }) => _source);
  }

  /** All searches in one request. Throws `SidecarError` that names the index of one that is refused. */
  async #ask(searches: readonly { index: string; body: JsonObject }[]): Promise<JsonObject[]> {
    let responses: Record<string, unknown>[];
    try {
      const answer = await this.#client.msearch({
        searches: searches.flatMap(({ index, body }) => [
          { index, ignore_unavailable: true, allow_no_indices: true },
          body,
        ]),
      });
      responses = answer.responses as unknown as Record<string, unknown>[];
    } catch (error) {
      throw createElasticsearchTrouble(this.#options).unreachable(error);
    }
    return responses.map((response, n) => {
      const error = response.error as { reason?: string; root_cause?: { reason?: string }[] } | undefined;
      if (!error) return response as JsonObject;
      const reason = error.root_cause?.[0]?.reason ?? error.reason;
      throw new SidecarError(
        'unreachable',
        `${this.name} refused a search in ${searches[n]?.index}: ${reason}`,
      );
    });
  }

  async close(): Promise<void> {
    await this.#client.close();
  }
}
