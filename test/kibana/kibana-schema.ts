import { Ajv } from 'ajv';
import { schemaErrors } from '../../src/plugin-chain.ts';

/**
 * What Kibana 9 demands of the saved objects that are imported, as JSON Schema, read in its source (elastic/kibana):
 *
 * - `dashboard`: `src/platform/plugins/shared/dashboard/server/dashboard_saved_object/schema/v1/v1.ts` (which forbids
 *   unknown attributes) with what `v2.ts` and `v3.ts` add; version 3 is the one that objects of `typeMigrationVersion`
 *   10.3.0 are checked against.
 * - its panels: `gridDataSchema` in `schema/v3/v3.ts`, and what
 *   `dashboard/server/api/transforms/out/transform_panels_out.ts` and `panel_bwc.ts` read of them.
 * - a visualization by value: `VisualizeByValueState` in
 *   `src/platform/plugins/shared/visualizations/common/embeddable/types.ts`, in the shape that Kibana's own sample data has
 *   (`home/server/services/sample_data/data_sets/logs/saved_objects.ts`).
 * - `index-pattern`: `src/platform/plugins/shared/data_views/server/saved_objects/data_views.ts`.
 */
const text = { type: 'string' } as const;
const whole = { type: 'integer', minimum: 0 } as const;

const reference = {
  type: 'object',
  additionalProperties: false,
  required: ['id', 'name', 'type'],
  properties: { id: text, name: text, type: text },
};

function savedObject(attributes: object) {
  return {
    type: 'object',
    additionalProperties: false,
    required: ['type', 'id', 'attributes', 'references', 'coreMigrationVersion', 'typeMigrationVersion'],
    properties: {
      type: text,
      id: { type: 'string', minLength: 1 },
      attributes,
      references: { type: 'array', items: reference },
      // The last that the saved objects' core knows.
      coreMigrationVersion: { const: '8.8.0' },
      typeMigrationVersion: text,
    },
  };
}

const dashboard = savedObject({
  type: 'object',
  additionalProperties: false,
  required: ['title'],
  properties: {
    title: text,
    description: text,
    kibanaSavedObjectMeta: {
      type: 'object',
      additionalProperties: false,
      properties: { searchSourceJSON: text },
    },
    timeRestore: { type: 'boolean' },
    timeFrom: text,
    timeTo: text,
    refreshInterval: {
      type: 'object',
      additionalProperties: false,
      required: ['pause', 'value'],
      properties: {
        pause: { type: 'boolean' },
        value: { type: 'number' },
        display: text,
        section: { type: 'number' },
      },
    },
    controlGroupInput: { type: 'object' },
    panelsJSON: text,
    optionsJSON: text,
    hits: { type: 'number' },
    version: { type: 'number' },
    sections: { type: 'array' },
  },
});

const panels = {
  type: 'array',
  items: {
    type: 'object',
    additionalProperties: false,
    required: ['type', 'panelIndex', 'gridData', 'embeddableConfig'],
    properties: {
      type: { const: 'visualization' },
      panelIndex: text,
      gridData: {
        type: 'object',
        additionalProperties: false,
        required: ['x', 'y', 'w', 'h', 'i'],
        properties: {
          x: whole,
          y: whole,
          w: { type: 'integer', minimum: 1, maximum: 48 },
          h: { type: 'integer', minimum: 1 },
          i: text,
        },
      },
      embeddableConfig: {
        type: 'object',
        additionalProperties: false,
        required: ['savedVis'],
        properties: {
          title: text,
          description: text,
          savedVis: {
            type: 'object',
            additionalProperties: false,
            required: ['title', 'description', 'type', 'params', 'uiState', 'data'],
            properties: {
              title: text,
              description: text,
              type: { const: 'vega' },
              params: {
                type: 'object',
                additionalProperties: false,
                required: ['spec'],
                properties: { spec: text },
              },
              uiState: { type: 'object' },
              data: {
                type: 'object',
                additionalProperties: false,
                required: ['aggs', 'searchSource'],
                properties: {
                  aggs: { type: 'array' },
                  searchSource: {
                    type: 'object',
                    required: ['query', 'filter'],
                    properties: { query: { type: 'object' }, filter: { type: 'array' } },
                  },
                },
              },
            },
          },
        },
      },
    },
  },
};

const dataView = savedObject({
  type: 'object',
  additionalProperties: false,
  required: ['title'],
  properties: { title: text, name: text, timeFieldName: text },
});

const ajv = new Ajv();
const valid = {
  dashboard: ajv.compile(dashboard),
  'index-pattern': ajv.compile(dataView),
};
const validPanels = ajv.compile(panels);

/**
 * The newest versions that are known everywhere: to Kibana 8.11 (`convertToMultiNamespaceTypeVersion` is 8.0.0, and
 * migrations of panels by value follow), and to OpenSearch Dashboards
 * (`src/plugins/dashboard/server/saved_objects/dashboard_migrations.ts`,
 * `src/plugins/data/server/saved_objects/index_pattern_migrations.ts`).
 */
export const KNOWN = {
  kibana: '8.0.0',
  opensearch: { dashboard: '7.9.3', 'index-pattern': '7.6.0' },
} as const;

/**
 * Why Kibana 9, or OpenSearch Dashboards, would refuse an object; `undefined` where it would not.
 * In the source of OpenSearch Dashboards, the attributes are those of `saved_objects/dashboard.ts`, which Kibana has too.
 */
export function wrongWith(object: Record<string, unknown>, isOpenSearch = false): string | undefined {
  const type = object.type as keyof typeof valid;
  const check = valid[type];
  if (!check) return `Unsupported saved object type: ${type}`;
  let read = object;
  if (isOpenSearch) {
    const { migrationVersion, ...rest } = object;
    const version = (migrationVersion as Record<string, string> | undefined)?.[type];
    if (version !== KNOWN.opensearch[type]) return `belongs to another version: ${version}`;
    read = { ...rest, coreMigrationVersion: '8.8.0', typeMigrationVersion: KNOWN.kibana };
  }
  if (!check(read)) return schemaErrors(check.errors);
  if (object.type !== 'dashboard') return undefined;
  const { panelsJSON = '[]' } = object.attributes as { panelsJSON?: string };
  return validPanels(JSON.parse(panelsJSON)) ? undefined : schemaErrors(validPanels.errors);
}
