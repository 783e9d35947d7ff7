import { elasticsearchOptions, indexNames, pluginChain } from '../assemble.ts';
import type { LoadedConfig } from '../config/load.ts';
import { type Dashboard, loadDashboards } from './definitions.ts';
import type { ChartSource } from './search.ts';

/** The dashboards of a configuration, over the indices that it names. Throws `SidecarError` for what is wrong in them. */
export async function openDashboards(loaded: LoadedConfig): Promise<Dashboard[]> {
  const names = await indexNames(loaded);
  return loadDashboards((index) => names.get(index) ?? index);
}

/** Where the documents of a configuration are: the folder of the sink `directory`, or Elasticsearch, behind any other. */
export async function openChartSource(loaded: LoadedConfig): Promise<ChartSource> {
  const { config } = loaded;
  if (config.pipeline.sink === 'directory') {
    const { DirectoryChartSource } = await import('./directory-source.ts');
    const { indices } = await pluginChain(loaded);
    return new DirectoryChartSource(config.directory.path, indices);
  }
  const { ElasticsearchChartSource } = await import('./elasticsearch-source.ts');
  return new ElasticsearchChartSource(elasticsearchOptions(config, false));
}
