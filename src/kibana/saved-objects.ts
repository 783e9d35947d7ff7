import type { LoadedConfig } from '../config/load.ts';
import type { Chart, Dashboard } from '../dashboards/definitions.ts';
import { dashboardsSetting, openForKibana } from '../dashboards/open.ts';
import { createNamedColours, LIGHT } from '../dashboards/theme.ts';
import { t } from '../terminal/messages.ts';
import { SidecarError } from '../util/errors.ts';
import type { JsonObject } from '../util/json.ts';
import { openKibana } from './kibana-client.ts';

/** A saved object of Kibana, as its export writes one a line. */
export interface SavedObject extends JsonObject {
  type: 'index-pattern' | 'dashboard';
  /** Always the same, so that an import replaces what an earlier one made. */
  id: string;
  attributes: JsonObject;
  references: [];
}

/** What shows dashboards. */
export type DashboardsProduct = 'kibana' | 'opensearch';

/** What an import did. */
export interface ImportedDashboards {
  /** Where: `http://localhost:5601`. */
  kibana: string;
  dataViews: string[];
  dashboards: string[];
  /** How many of these were there already, and were left as they are. */
  kept: number;
}

const PREFIX = 'ml-log-sidecar-';
/** Kibana's grid is 48 wide: two charts in a row. */
const WIDTH = 24;
/** What a row of it holds of a chart's height: a panel of 15 rows, Kibana's usual, a chart of 250. */
const ROW = 250 / 15;
const NO_QUERY = { query: { query: '', language: 'kuery' }, filter: [] };

/**
 * The version of a type that its objects are written in, so that whoever imports them migrates them forward, and knows it.
 *
 * - Kibana refuses a version that it doesn't know ("belongs to a more recent version of Kibana", `assertCompatibility` in
 *   `document_migrator/pipelines/upgrade_pipeline.ts`); its newest releases know all since 8.0.0, where both types became
 *   shareable (`convertToMultiNamespaceTypeVersion` in `dashboard_saved_object.ts` and `data_views.ts`).
 * - OpenSearch Dashboards has a form of its own for that, `migrationVersion`, and knows the versions up to these
 *   (`dashboard_migrations.ts`, `index_pattern_migrations.ts`); without one it would migrate as if from before 7.0.
 */
function versionOf(type: SavedObject['type'], product: DashboardsProduct): JsonObject {
  if (product === 'kibana') return { coreMigrationVersion: '8.8.0', typeMigrationVersion: '8.0.0' };
  return { migrationVersion: { [type]: type === 'dashboard' ? '7.9.3' : '7.6.0' } };
}

/**
 * Data views and dashboards as Kibana 8.11 and later import them, or OpenSearch Dashboards; each dashboard holds its Vega
 * panels by value, so that Kibana may migrate them to the panel type that Vega is getting (elastic/kibana#240491, #283945).
 * In Kibana's source, the dashboard's attributes are
 * `src/platform/plugins/shared/dashboard/server/dashboard_saved_object/schema/v1..v3`, a panel by value is read by
 * `visualizations/common/embeddable/transforms/get_transform_out.ts`, in 8.11 by `migrate_by_value_dashboard_panels.ts`, and
 * its specification by `vis_types/vega/public/data_model/vega_parser.ts`; in that of OpenSearch Dashboards, a panel by value
 * is made by `create` in `visualizations/public/embeddable/visualize_embeddable_factory.tsx`.
 */
export function buildSavedObjects(
  dashboards: readonly Dashboard[],
  product: DashboardsProduct = 'kibana',
): SavedObject[] {
  const patterns = new Set(dashboards.flatMap(({ charts }) => charts.map(({ spec }) => spec.data.url.index)));
  const objects = [...[...patterns].map(buildDataView), ...dashboards.map(buildDashboard)];
  return objects.map((object) => ({ ...object, ...versionOf(object.type, product) }));
}

/** The id of the data view of an index pattern. */
export function dataViewId(pattern: string): string {
  return PREFIX + pattern.replace('*', '');
}

function buildDataView(pattern: string): SavedObject {
  return {
    type: 'index-pattern',
    id: dataViewId(pattern),
    attributes: { title: pattern, name: pattern, timeFieldName: 'timestamp' },
    references: [],
  };
}

function buildDashboard({ id, title, description, charts }: Dashboard): SavedObject {
  let y = 0;
  const panels = charts.map((chart, n) => {
    const isLeft = n % 2 === 0;
    const neighbour = charts[isLeft ? n + 1 : n - 1];
    const h = Math.round(Math.max(chart.height, neighbour?.height ?? 0) / ROW);
    const gridData = { x: isLeft ? 0 : WIDTH, y, w: neighbour ? WIDTH : 2 * WIDTH, h, i: chart.id };
    if (!isLeft) y += h;
    return {
      type: 'visualization',
      panelIndex: chart.id,
      gridData,
      embeddableConfig: {
        title: chart.title,
        description: chart.description,
        savedVis: buildVisualization(chart),
      },
    };
  });
  return {
    type: 'dashboard',
    id: PREFIX + id,
    attributes: {
      title: `ML API: ${title}`,
      description,
      panelsJSON: JSON.stringify(panels),
      optionsJSON: JSON.stringify({ useMargins: true, syncColors: false, hidePanelTitles: false }),
      timeRestore: true,
      timeFrom: 'now-24h',
      timeTo: 'now',
      refreshInterval: { pause: true, value: 60_000 },
      kibanaSavedObjectMeta: { searchSourceJSON: JSON.stringify(NO_QUERY) },
    },
    references: [],
  };
}

function buildVisualization({ title, description, spec }: Chart): JsonObject {
  return {
    title,
    description,
    type: 'vega',
    params: { spec: JSON.stringify({ ...spec, config: createNamedColours(LIGHT) }, null, 2) },
    uiState: {},
    data: { aggs: [], searchSource: NO_QUERY },
  };
}

/** Saved objects as the NDJSON file that Kibana imports. */
export function formatNdjson(objects: readonly SavedObject[]): string {
  return objects.map((object) => `${JSON.stringify(object)}\n`).join('');
}

/**
 * Puts the data views and dashboards into the Kibana at `kibana.url`. Those of an earlier import are replaced, or with
 * `overwrite: false` left as their users have made them. Throws `SidecarError`: `config` where no URL is set, or Kibana
 * refuses; `unreachable` where it doesn't answer.
 */
export async function importDashboards(
  loaded: LoadedConfig,
  { overwrite }: { overwrite: boolean },
): Promise<ImportedDashboards> {
  const kibana = openKibana(loaded.config);
  if (kibana === undefined) {
    throw new SidecarError(
      'config',
      'the address of Kibana is missing: set KIBANA_URL, such as http://localhost:5601',
    );
  }
  const objects = buildSavedObjects(
    await openForKibana(await dashboardsSetting(loaded)),
    await kibana.product(),
  );
  const written = await kibana.importObjects(formatNdjson(objects), { overwrite });
  const titles = (type: SavedObject['type']): string[] =>
    objects.filter((object) => object.type === type).map(({ attributes }) => String(attributes.title));
  return {
    kibana: kibana.address,
    dataViews: titles('index-pattern'),
    dashboards: titles('dashboard'),
    kept: objects.length - written,
  };
}

/** An import in a line. */
export function describeImported({ kibana, dataViews, dashboards, kept }: ImportedDashboards): string {
  const listed = (what: 'data views' | 'dashboards', titles: readonly string[]): string =>
    `${titles.length} ${t(what)} (${titles.join(', ')})`;
  const left = kept > 0 ? `; ${t('left as they are')}: ${kept}` : '';
  return `${kibana}: ${listed('data views', dataViews)}, ${listed('dashboards', dashboards)}${left}
`;
}
