import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv, type ValidateFunction } from 'ajv';
import { parse } from 'yaml';
import { schemaErrors } from '../plugin-chain.ts';
import { reasonOf, SidecarError } from '../util/errors.ts';
import type { JsonObject } from '../util/json.ts';

/** A picture of what is in an index: the file `charts/<id>.yaml`. */
export interface Chart {
  id: string;
  title: string;
  /** What it shows, in a sentence; it also stands for the picture where that can't be seen. */
  description: string;
  /** In CSS pixels, where the picture is 400 wide; 250 by default. */
  height: number;
  /**
   * A Vega-Lite specification as Kibana's Vega panel takes it: `data.url` holds an Elasticsearch search with Kibana's
   * placeholders (`%context%`, `%timefield%`, `%timefilter%`, `%autointerval%`), `data.format.property` the
   * part of the answer that is drawn. `$schema` is v5 or v6: Kibana warns of one that is newer than its own library,
   * which 9 began with at 5. `encoding.tooltip` is an array, and names the columns of the chart's table.
   * https://www.elastic.co/docs/explore-analyze/visualize/custom-visualizations-with-vega
   */
  spec: ChartSpec;
}

/** See `Chart.spec`; all but what is named here is Vega-Lite's. */
export interface ChartSpec extends JsonObject {
  data: {
    url: { index: string; '%timefield%': string; body: JsonObject };
    format: { property: string };
  };
  encoding: JsonObject & { tooltip: ColumnDefinition[] };
}

/** A column of a chart's table, as Vega-Lite names a field of a tooltip. */
export interface ColumnDefinition extends JsonObject {
  field: string;
  type: 'nominal' | 'quantitative' | 'temporal';
  title: string;
  /** Of d3: a number format, or for `temporal` a time format. */
  format?: string;
}

/** Charts that are looked at together: the file `<id>.yaml`. */
export interface Dashboard {
  id: string;
  title: string;
  description: string;
  charts: Chart[];
}

const text = { type: 'string', minLength: 1 } as const;

const CHART = {
  type: 'object',
  additionalProperties: false,
  required: ['title', 'description', 'spec'],
  properties: {
    title: text,
    description: text,
    height: { type: 'integer', minimum: 100, maximum: 1000, default: 250 },
    spec: {
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
                index: text,
                '%context%': { const: true },
                '%timefield%': text,
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
              items: {
                type: 'object',
                required: ['field', 'type', 'title'],
                properties: {
                  field: text,
                  type: { enum: ['nominal', 'quantitative', 'temporal'] },
                  title: text,
                  format: text,
                },
              },
            },
          },
        },
      },
    },
  },
};

const DASHBOARD = {
  type: 'object',
  additionalProperties: false,
  required: ['title', 'description', 'charts'],
  properties: {
    title: text,
    description: text,
    charts: { type: 'array', items: text, minItems: 1, uniqueItems: true },
  },
};

/** The order in which the shipped dashboards are shown; those of one's own come behind, by name. */
const ORDER = ['overview', 'predictions', 'performance', 'errors'];

/**
 * Reads the dashboards of a folder, `configs/dashboards` here or else the one that ships. `nameOf` answers the index
 * that a plugin's own index is called in the configuration. Throws `SidecarError` (`config`) that names
 * the file and what is wrong in it.
 */
export function loadDashboards(nameOf: (index: string) => string, cwd: string = process.cwd()): Dashboard[] {
  const folder = folderIn(cwd);
  const ids = namesIn(folder).sort((a, b) => place(a) - place(b) || a.localeCompare(b));
  const ajv = new Ajv({ allowUnionTypes: true, useDefaults: true });
  const isDashboard = ajv.compile<Omit<Dashboard, 'id' | 'charts'> & { charts: string[] }>(DASHBOARD);
  const isChart = ajv.compile<Omit<Chart, 'id'>>(CHART);
  const read = <T>(path: string, valid: ValidateFunction<T>): T => {
    const shown = relative(cwd, path);
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
    return { id, ...definition };
  };
  return ids.map((id) => {
    const { title, description, charts } = read(join(folder, `${id}.yaml`), isDashboard);
    return { id, title, description, charts: charts.map(chart) };
  });
}

function place(id: string): number {
  const at = ORDER.indexOf(id);
  return at < 0 ? ORDER.length : at;
}

function namesIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => name.slice(0, -'.yaml'.length));
}

function folderIn(cwd: string): string {
  const own = resolve(cwd, 'configs/dashboards');
  if (existsSync(own)) return own;
  for (const up of ['../../../configs/dashboards', '../../configs/dashboards']) {
    const shipped = fileURLToPath(new URL(up, import.meta.url));
    if (existsSync(shipped)) return shipped;
  }
  throw new SidecarError('config', `there is no ${own}`);
}
