import type { ConfiguredSink } from '../component.ts';
import type { ElasticsearchConfig } from '../elasticsearch/options.ts';

/** How sinks behind which Elasticsearch stands look up what it holds. */
export function heldInElasticsearch(
  config: ElasticsearchConfig,
): Required<Pick<ConfiguredSink, 'lookUp' | 'isEmpty'>> {
  return {
    lookUp: async () => {
      const { elasticsearchLookup } = await import('../elasticsearch/lookup.ts');
      return elasticsearchLookup(config);
    },
    isEmpty: async (indices) => {
      const { areEmpty } = await import('../checks/check-cluster.ts');
      return areEmpty(config, indices);
    },
  };
}
