import { defineSink } from '../component.ts';
import { ELASTICSEARCH_SECTIONS } from '../elasticsearch/options.ts';

/** The sink `stdout`. */
export const stdoutSink = defineSink({
  name: 'stdout',
  help: 'lines on stdout, for a log shipper that runs this program',
  label: { en: 'Output', fr: 'Sortie' },
  // A shipper writes there; `check` looks at what it finds.
  sections: ELASTICSEARCH_SECTIONS,
  configure: (config) => ({
    address: 'stdout',
    create: async () => {
      const { StdoutSink } = await import('./stdout.ts');
      return new StdoutSink(config.indices.prefix);
    },
    lingerMs: 3,
    async *probe(indices) {
      const { checkElasticsearch } = await import('../checks/check-cluster.ts');
      yield* checkElasticsearch(config, indices, false);
    },
    lookUp: async () => {
      const { elasticsearchLookup } = await import('../elasticsearch/lookup.ts');
      return elasticsearchLookup(config);
    },
  }),
});
