import type { LoadedConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { createPluginChain } from '../create-pipeline.ts';
import { readElasticsearchOptions } from '../elasticsearch/options.ts';
import type { IndexDefinition } from '../plugin.ts';
import { type Dashboard, loadDashboards } from './definitions.ts';
import type { ChartSource } from './search.ts';

/** What dashboards need to know of the configured plugins. Nothing in it but data: it can be sent to a worker. */
export interface DashboardsSetting {
  config: Config;
  /** From a plugin's name to what its index is called here. */
  names: ReadonlyMap<string, string>;
  indices: readonly Pick<IndexDefinition, 'name' | 'mappings'>[];
}

/** Loads the plugins to learn their indices. */
export async function dashboardsSetting(loaded: LoadedConfig): Promise<DashboardsSetting> {
  const { indices, indexNames: names } = await createPluginChain(loaded);
  return {
    config: loaded.config,
    names,
    indices: indices.map(({ name, mappings }) => ({ name, mappings })),
  };
}

/** The dashboards, over the indices of the configuration. Throws `SidecarError` for what is wrong in them. */
export function openDashboards({ names }: DashboardsSetting): Dashboard[] {
  return loadDashboards((index) => names.get(index) ?? index);
}

/** Where the documents of a configuration are: the folder of the sink `directory`, or Elasticsearch, behind any other. */
export async function openChartSource({ config, indices }: DashboardsSetting): Promise<ChartSource> {
  if (config.pipeline.sink === 'directory') {
    const { DirectoryChartSource } = await import('./directory-source.ts');
    return new DirectoryChartSource(config.directory.path, indices);
  }
  const { ElasticsearchChartSource } = await import('./elasticsearch-source.ts');
  return new ElasticsearchChartSource(readElasticsearchOptions(config, false));
}
