import { defineSink } from '../component.ts';
import { ELASTICSEARCH_SECTIONS, readElasticsearchOptions } from '../elasticsearch/options.ts';

/** The sink `elasticsearch`. */
export const elasticsearchSink = defineSink({
  name: 'elasticsearch',
  help: 'Elasticsearch itself',
  label: { en: 'Elasticsearch', fr: 'Elasticsearch' },
  sections: ELASTICSEARCH_SECTIONS,
  configure: (config) => ({
    address: readElasticsearchOptions(config, false).address,
    create: async (follow) => {
      const { ElasticsearchSink } = await import('./elasticsearch.ts');
      return new ElasticsearchSink(readElasticsearchOptions(config, follow), config.indices.rotation);
    },
    async *probe(indices) {
      const { checkElasticsearch } = await import('../checks/check-cluster.ts');
      yield* checkElasticsearch(config, indices, true);
    },
    lookUp: async () => {
      const { elasticsearchLookup } = await import('../elasticsearch/lookup.ts');
      return elasticsearchLookup(config);
    },
    isEmpty: async (indices) => {
      const { areEmpty } = await import('../checks/check-cluster.ts');
      return areEmpty(config, indices);
    },
  }),
});
