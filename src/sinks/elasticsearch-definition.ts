import { defineSink } from '../component.ts';
import { ELASTICSEARCH_SECTIONS, readElasticsearchOptions } from '../elasticsearch/options.ts';
import { heldInElasticsearch } from './held-in-elasticsearch.ts';
import { LateSink } from './late-sink.ts';

/** The sink `elasticsearch`. */
export const elasticsearchSink = defineSink({
  name: 'elasticsearch',
  help: 'Elasticsearch itself',
  label: { en: 'Elasticsearch', fr: 'Elasticsearch' },
  sections: ELASTICSEARCH_SECTIONS,
  configure: (config) => ({
    address: readElasticsearchOptions(config, false).address,
    create: async (follow) =>
      new LateSink(async () => {
        const { ElasticsearchSink } = await import('./elasticsearch.ts');
        return new ElasticsearchSink(readElasticsearchOptions(config, follow), config.indices.rotation);
      }),
    lingerMs: 15,
    async *probe(indices) {
      const { checkElasticsearch } = await import('../checks/check-cluster.ts');
      yield* checkElasticsearch(config, indices, true);
    },
    ...heldInElasticsearch(config),
  }),
});
