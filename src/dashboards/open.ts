import { loadRules } from '../alerts/rules.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { createPluginChain } from '../create-pipeline.ts';
import { readElasticsearchOptions } from '../elasticsearch/options.ts';
import type { IndexDefinition } from '../plugin.ts';
import { translateTitle } from '../terminal/messages.ts';
import { isObject, type Json } from '../util/json.ts';
import { completeChart } from './complete.ts';
import { type Chart, type Dashboard, loadDashboards } from './definitions.ts';
import { type ChartSource, queryOf, type SearchBody } from './search.ts';

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

/**
 * The dashboards, over the indices of the configuration, for a model with these `features`. Throws `SidecarError` for
 * what is wrong in them.
 */
export function openDashboards(
  { names, config }: DashboardsSetting,
  features: readonly string[],
): Dashboard[] {
  const { classes } = config.dashboards;
  const rules = loadRules(config);
  const vocabulary = { features, classes: classes as Record<string, string>, rules };
  return loadDashboards((index) => names.get(index) ?? index).map(({ charts, ...rest }) => ({
    ...inLanguage(rest),
    charts: charts.map((chart) => chartInLanguage(completeChart(chart, vocabulary))),
  }));
}

/** Those texts of our own files that are known in the language that was chosen. */
function inLanguage<Part extends { title: string; description: string }>(part: Part): Part {
  const { title, description } = part;
  return { ...part, title: translateTitle(title), description: translateTitle(description) };
}

function chartInLanguage(chart: Chart): Chart {
  const { empty, spec } = chart;
  return {
    ...inLanguage(chart),
    ...(empty === undefined ? {} : { empty: translateTitle(empty) }),
    spec: translateSpec(spec as unknown as Json) as unknown as Chart['spec'],
  };
}

/** In a specification of Vega-Lite: titles, and names of colours in domains and in expressions; these are of several words. */
function translateSpec(value: Json, key = ''): Json {
  if (Array.isArray(value)) return value.map((inner) => translateSpec(inner, key));
  if (isObject(value))
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [name, translateSpec(inner as Json, name)]),
    );
  if (typeof value !== 'string') return value;
  if (key === 'title' || key === 'domain') return translateTitle(value);
  return value.replace(/(?<=')[^']+ [^']+(?=')/g, translateTitle);
}

/** How many features are shown where none are named. */
const MOST_FEATURES = 20;
/** How many fields are counted to find them. */
const MOST_FIELDS = 300;

/**
 * The inputs that charts show: those of `dashboards.features`, or of those that are numbers in the index the ones that most
 * predictions have, by name.
 */
export async function chooseFeatures(source: ChartSource, setting: DashboardsSetting): Promise<string[]> {
  const { features } = setting.config.dashboards;
  if (features.length > 0) return features;
  const index = `${setting.names.get('ml-api-message') ?? 'ml-api-message'}*`;
  const fields = (await source.numericInputs(index)).sort().slice(0, MOST_FIELDS);
  if (fields.length === 0) return [];
  const filters = fields.map((name) => ({ exists: { field: `input_data.${name}` } }));
  const always = { from: 0, to: Number.MAX_SAFE_INTEGER };
  const body: SearchBody = {
    size: 0,
    query: queryOf('timestamp', always),
    aggs: { fields: { filters: { filters } } },
  };
  const [answer] = await source.search([{ index, body }]);
  const { buckets } = (answer as { aggregations: { fields: { buckets: { doc_count: number }[] } } })
    .aggregations.fields;
  return fields
    .map((name, n) => ({ name, count: buckets[n]!.doc_count }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count)
    .slice(0, MOST_FEATURES)
    .map(({ name }) => name);
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

/**
 * The dashboards as they are put into Kibana. Those charts are left out that show features while none is known: the index
 * has no predictions yet, or Elasticsearch can't be asked.
 */
export async function openForKibana(setting: DashboardsSetting): Promise<Dashboard[]> {
  const source = await openChartSource(setting);
  try {
    const features = await chooseFeatures(source, setting).catch(() => []);
    return openDashboards(setting, features).map(({ charts, ...rest }) => ({
      ...rest,
      charts: charts.filter(({ needsFeatures }) => !needsFeatures || features.length > 0),
    }));
  } finally {
    await source.close();
  }
}
