import * as vega from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { reasonOf, SidecarError } from '../util/errors.ts';
import { isObject, type JsonObject } from '../util/json.ts';
import { log } from '../util/log.ts';
import type { Chart, ChartSpec, ColumnDefinition } from './definitions.ts';
import { createVegaConfig, type Theme } from './theme.ts';

/** A chart, drawn. */
export interface Picture {
  id: string;
  title: string;
  description: string;
  /** An SVG document; empty where nothing is to be drawn. */
  svg: string;
  /** The numbers in it. */
  table: { columns: { title: string; numeric: boolean }[]; rows: string[][] };
}

/** In CSS pixels; the picture scales. */
const WIDTH = 400;

/**
 * Draws a chart from the answer to its search (see `createSearch`). Nothing but that is loaded. Throws `SidecarError`
 * (`config`) for a specification that is none; what is merely doubtful in one is logged.
 */
export async function draw(chart: Chart, answer: JsonObject, theme: Theme): Promise<Picture> {
  try {
    return await drawChart(chart, answer, theme);
  } catch (cause) {
    throw new SidecarError(
      'config',
      `the chart "${chart.id}" can't be drawn: ${reasonOf(cause)}. Try its specification in https://vega.github.io/editor`,
      { cause },
    );
  }
}

async function drawChart(chart: Chart, answer: JsonObject, theme: Theme): Promise<Picture> {
  const { id, title, description, height, spec } = chart;
  const { property } = spec.data.format;
  const columns = spec.encoding.tooltip;
  const picture: Picture = {
    id,
    title,
    description,
    svg: '',
    table: {
      columns: columns.map(({ title, type }) => ({ title, numeric: type === 'quantitative' })),
      rows: [],
    },
  };
  if (hasNoValues(answer, property)) return picture;
  measureText();
  const warnings = vega.logger(vega.Warn);
  warnings.warn = (...words) => {
    log.warn(`chart ${id}: ${words.join(' ')}`);
    return warnings;
  };
  const sized = {
    ...inUtc(spec),
    data: { values: answer, format: { type: 'json', property } },
    width: WIDTH,
    height,
    autosize: { type: 'fit', contains: 'padding' },
  };
  const compiled = compile(sized as unknown as TopLevelSpec, {
    config: createVegaConfig(theme),
    logger: warnings,
  }).spec;
  const view = new vega.View(vega.parse(compiled), {
    renderer: 'none',
    loader: NO_LOADER,
    logLevel: vega.Error,
  });
  try {
    await view.runAsync();
    const rows = inOrder(view.data(readDrawnData(compiled)) as JsonObject[], spec.encoding);
    picture.table.rows = rows
      .filter((row) => columns.every(({ type, field }) => type !== 'quantitative' || row[field] != null))
      .map((row) => columns.map((column) => formatShown(row[column.field], column, view.locale())));
    if (picture.table.rows.length > 0) picture.svg = cleanSvg(await view.toSVG(), id);
    return picture;
  } finally {
    view.finalize();
  }
}

/** No document was found; an index that is missing answers without aggregations, too. */
function hasNoValues({ hits, ...answer }: JsonObject, property: string): boolean {
  const at = (value: unknown, path: string): unknown =>
    path.split('.').reduce((inner, key) => (inner as JsonObject | null | undefined)?.[key], value);
  return at(hits, 'total.value') === 0 || at(answer, property) == null;
}

/** Times are drawn in UTC, whichever zone this machine is in. */
function inUtc(spec: ChartSpec): ChartSpec {
  const copy = structuredClone(spec);
  const layers = Array.isArray(copy.layer) ? (copy.layer as JsonObject[]) : [];
  for (const { encoding } of [copy, ...layers]) {
    for (const channel of Object.values((encoding ?? {}) as JsonObject)) {
      if (!isObject(channel) || channel.type !== 'temporal') continue;
      channel.scale = { ...(channel.scale as JsonObject | undefined), type: 'utc' };
    }
  }
  return copy;
}

/** Rows as the vertical axis orders them. */
function inOrder(rows: readonly JsonObject[], { y }: JsonObject): readonly JsonObject[] {
  const sort = isObject(y) ? y.sort : undefined;
  if (!isObject(sort)) return rows;
  const sign = sort.order === 'descending' ? -1 : 1;
  const figure = (row: JsonObject): number => Number(row[String(sort.field)]);
  return [...rows].sort((a, b) => sign * (figure(a) - figure(b)));
}

/** Without a canvas to measure on, Vega takes a letter for 0.8 em wide, and cuts labels that would fit. */
function measureText(): void {
  const { textMetrics } = vega as unknown as {
    textMetrics: { width: (item: { fontSize?: number; text?: unknown }, text?: unknown) => number };
  };
  textMetrics.width = (item, text = item.text) => {
    const capitals = String(text ?? '').replace(/[^A-Z_]/g, '').length;
    return (item.fontSize ?? 12) * (0.57 * String(text ?? '').length + 0.13 * capitals);
  };
}

/** Specifications can name files and addresses; none is read. */
const NO_LOADER = {
  load: refuseToLoad,
  sanitize: refuseToLoad,
  http: refuseToLoad,
  file: refuseToLoad,
} as unknown as vega.Loader;

async function refuseToLoad(uri: unknown): Promise<never> {
  throw new Error(`charts load nothing: ${uri}`);
}

/** The data set that the marks are drawn from. */
function readDrawnData({ marks = [], data = [] }: vega.Spec): string {
  for (const mark of marks) {
    const from = mark.from as { data?: string; facet?: { data: string } } | undefined;
    const name = from?.data ?? from?.facet?.data;
    if (name !== undefined) return name;
  }
  return data.at(-1)?.name ?? '';
}

function formatShown(
  value: unknown,
  { type, format }: ColumnDefinition,
  locale: vega.LocaleFormatters,
): string {
  if (value == null || Number.isNaN(value)) return '';
  if (type === 'temporal') return locale.utcFormat(format ?? '%Y-%m-%d %H:%M:%S')(new Date(value as number));
  return type === 'quantitative' && format ? locale.format(format)(value as number) : String(value);
}

/**
 * Several pictures share a page, where ids must differ. Of what Vega says to screen readers, no part has a name: the
 * page says it of the whole.
 */
function cleanSvg(svg: string, prefix: string): string {
  return svg.replace(/<[^>]+>/g, (tag) =>
    tag.replace(/ (?:role|aria-[a-z]+)="[^"]*"/g, '').replace(/(\bid="|url\(#)/g, `$1${prefix}-`),
  );
}
