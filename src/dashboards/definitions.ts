import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import { parse } from 'yaml';
import type { FromSchema, Schema } from '../config/from-schema.ts';
import { findShipped } from '../config/load.ts';
import { TEXT } from '../config/sections.ts';
import { schemaErrors } from '../plugin-chain.ts';
import { reasonOf, SidecarError } from '../util/errors.ts';
import { showPath } from '../util/show-path.ts';

const COLUMN = {
  type: 'object',
  required: ['field', 'type', 'title'],
  properties: {
    field: TEXT,
    type: { enum: ['nominal', 'quantitative', 'temporal'] },
    title: TEXT,
    format: { ...TEXT, description: 'Of d3: a number format, or for `temporal` a time format.' },
  },
} as const satisfies Schema;

/**
 * A Vega-Lite specification as Kibana's Vega panel takes it: `data.url` holds an Elasticsearch search with Kibana's
 * placeholders (`%context%`, `%timefield%`, `%timefilter%`, `%autointerval%`), `data.format.property` the part of the
 * answer that is drawn. `$schema` is v5 or v6: Kibana warns of one that is newer than its own library, which 9 began
 * with at 5. `encoding.tooltip` is an array, and names the columns of the chart's table.
 * https://www.elastic.co/docs/explore-analyze/visualize/custom-visualizations-with-vega
 */
const SPEC = {
  type: 'object',
  required: ['$schema', 'data', 'encoding'],
  properties: {
    $schema: { type: 'string', pattern: '^https://vega\\.github\\.io/schema/vega-lite/v[56]\\.json$' },
    data: {
      type: 'object',
      additionalProperties: false,
      required: ['url', 'format'],
      properties: {
        url: {
          type: 'object',
          additionalProperties: false,
          required: ['index', '%context%', '%timefield%', 'body'],
          properties: {
            index: TEXT,
            '%context%': { const: true },
            '%timefield%': TEXT,
            body: {
              type: 'object',
              additionalProperties: false,
              required: ['size', 'aggs'],
              properties: { size: { const: 0 }, aggs: { type: 'object', minProperties: 1 } },
            },
          },
        },
        format: {
          type: 'object',
          required: ['property'],
          properties: { property: { type: 'string', pattern: '^aggregations\\.' } },
        },
      },
    },
    encoding: {
      type: 'object',
      required: ['tooltip'],
      properties: {
        tooltip: {
          type: 'array',
          minItems: 1,
          items: COLUMN,
        },
      },
    },
  },
} as const satisfies Schema;

const CHART = {
  type: 'object',
  additionalProperties: false,
  required: ['title', 'description', 'spec'],
  properties: {
    title: TEXT,
    description: {
      ...TEXT,
      description: 'What it shows, in a sentence; also in place of the picture where that cannot be seen.',
    },
    empty: { ...TEXT, description: 'What is said where there are documents, but nothing of them to draw.' },
    height: {
      type: 'integer',
      minimum: 100,
      maximum: 1000,
      default: 250,
      description: 'In CSS pixels; where a chart has a row for each value, the rows make it up.',
    },
    alert: {
      ...TEXT,
      description: 'The alert whose thresholds are drawn, in the unit of the vertical axis.',
    },
    spec: SPEC,
  },
} as const satisfies Schema;

const DASHBOARD = {
  type: 'object',
  additionalProperties: false,
  required: ['title', 'description', 'charts'],
  properties: {
    title: TEXT,
    description: TEXT,
    charts: { type: 'array', items: TEXT, minItems: 1, uniqueItems: true },
  },
} as const satisfies Schema;

/** A column of a chart's table, as Vega-Lite names a field of a tooltip. */
export type ColumnDefinition = FromSchema<typeof COLUMN>;

/**
 * What a chart's `spec` must hold; all else in it is Vega-Lite's. A mark whose data has a field `kql` leads to the
 * documents that this query finds, in Kibana.
 */
export type ChartSpec = FromSchema<typeof SPEC>;

/** Where a chart's file leaves the features open, see `completeChart`. */
export const FEATURES = '%features%';

/**
 * A picture of what is in an index: the file `charts/<id>.yaml`. One that `needsFeatures` shows nothing while none is
 * known.
 */
export type Chart = FromSchema<typeof CHART> & { id: string; needsFeatures: boolean };

/** Charts that are shown together: the file `<id>.yaml`. */
export type Dashboard = Omit<FromSchema<typeof DASHBOARD>, 'charts'> & { id: string; charts: Chart[] };

/** The order in which the shipped dashboards are shown; those of one's own come behind, by name. */
const ORDER = ['overview', 'predictions', 'performance', 'errors'];

/**
 * Reads the dashboards of a folder, `configs/dashboards` here or else the one that ships. `nameOf` answers the index
 * that a plugin's own index is called in the configuration. Throws `SidecarError` (`config`) that names
 * the file and what is wrong in it.
 */
export function loadDashboards(nameOf: (index: string) => string, cwd: string = process.cwd()): Dashboard[] {
  const folder = folderIn(cwd);
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => basename(name, '.yaml'));
  const ids = [...new Set([...ORDER.filter((id) => names.includes(id)), ...names.sort()])];
  const ajv = new Ajv({ allowUnionTypes: true, useDefaults: true });
  const isDashboard = ajv.compile<FromSchema<typeof DASHBOARD>>(DASHBOARD);
  const isChart = ajv.compile<FromSchema<typeof CHART>>(CHART);
  const read = <T>(path: string, valid: ValidateFunction<T>): T => {
    const shown = showPath(path, cwd);
    let value: unknown;
    try {
      value = parse(readFileSync(path, 'utf8'));
    } catch (cause) {
      throw new SidecarError('config', `${shown} can't be read: ${reasonOf(cause)}`, { cause });
    }
    if (!valid(value)) throw new SidecarError('config', `${shown}: ${schemaErrors(valid.errors)}`);
    return value;
  };
  const chart = (id: string): Chart => {
    const definition = read(join(folder, 'charts', `${id}.yaml`), isChart);
    const { url } = definition.spec.data;
    url.index = url.index.replace(/^[^*]+/, nameOf);
    return { id, needsFeatures: JSON.stringify(definition).includes(FEATURES), ...definition };
  };
  return ids.map((id) => {
    const { title, description, charts } = read(join(folder, `${id}.yaml`), isDashboard);
    return { id, title, description, charts: charts.map(chart) };
  });
}

function folderIn(cwd: string): string {
  const own = resolve(cwd, 'configs/dashboards');
  const folder = existsSync(own) ? own : findShipped('configs/dashboards');
  if (folder === undefined) throw new SidecarError('config', `there is no ${own}`);
  return folder;
}
