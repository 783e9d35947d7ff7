import type { Lookup } from '../component.ts';
import { belongsTo, listPeriodPatterns } from '../rotation.ts';
import { createElasticsearchClient, createRequestError } from './client.ts';
import { type ElasticsearchConfig, readElasticsearchOptions } from './options.ts';

/** Ids asked for at once; each may be in several periods. */
const ASKED = 1_000;
const MOST_HITS = 10_000;

/** Looks documents up in Elasticsearch by their ids, in every period of an index. */
export function elasticsearchLookup(config: ElasticsearchConfig): Lookup {
  const options = readElasticsearchOptions(config, false);
  const client = createElasticsearchClient(options);
  return {
    count: async (name, ids) => {
      const counts = new Map<string, number>();
      const index = [name, ...listPeriodPatterns(name)];
      try {
        // What was written just now counts.
        await client.indices.refresh({ index, ignore_unavailable: true });
        for (let from = 0; from < ids.length; from += ASKED) {
          const values = ids.slice(from, from + ASKED);
          const query = { ids: { values } };
          const what = { index, ignore_unavailable: true, size: MOST_HITS, _source: false, query };
          const { hits } = await client.search(what);
          for (const { _index, _id } of hits.hits)
            if (belongsTo(name, _index)) counts.set(_id as string, (counts.get(_id as string) ?? 0) + 1);
        }
      } catch (error) {
        throw createRequestError(options, error, `to look documents of ${name} up`);
      }
      return counts;
    },
    close: () => client.close(),
  };
}
