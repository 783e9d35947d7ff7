import * as vega from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { t } from '../terminal/messages.ts';
import { reasonOf, SidecarError } from '../util/errors.ts';
import { isObject, type JsonObject } from '../util/json.ts';
import { log } from '../util/log.ts';
import type { Chart, ColumnDefinition } from './definitions.ts';
import { BUCKETS, chooseInterval } from './search.ts';
import { createVegaConfig, type Theme } from './theme.ts';
import { withTimeAxis } from './time-axis.ts';
import type { TimeRange } from './time-range.ts';

/** A chart, drawn. */
export interface Picture {
  id: string;
  title: string;
  description: string;
  /** An SVG document, or why nothing is drawn. */
  drawn: { svg: string } | { why: string };
  /** The numbers in it. */
  table: { columns: { title: string; numeric: boolean }[]; rows: string[][] };
}

/** How charts are drawn. */
export interface Look {
  theme: Theme;
  /** In CSS pixels. */
  width: number;
  /** Title and description stand in the picture. */
  isTitled: boolean;
  /** The address of the logs of a mark, in the index pattern `index`, that match `kql` in a time. */
  linkTo?: ((index: string, kql: string, range: TimeRange) => string) | undefined;
}

/** A row's height, in CSS pixels, where a chart has a row for each value: bars are as thick in every chart. */
const ROW_HEIGHT = 26;

/**
 * Draws a chart from the answer to its search (see `createSearch`). Nothing but that is loaded. Throws `SidecarError`
 * (`config`) for a specification that is none; what is merely doubtful in one is logged.
 */
export async function draw(chart: Chart, answer: JsonObject, range: TimeRange, look: Look): Promise<Picture> {
  const { id, title, description, spec } = chart;
  const columns = spec.encoding.tooltip.map(({ title, type }) => ({
    title,
    numeric: type === 'quantitative',
  }));
  const tell = (drawn: Picture['drawn'], rows: string[][] = []): Picture => ({
    ...{ id, title, description, drawn, table: { columns, rows } },
  });
  const why = findWhyEmpty(chart, answer);
  if (why !== undefined) return tell({ why });
  try {
    const { svg, rows } = await drawWithVega(chart, answer, range, look);
    return rows.length === 0 ? tell({ why: chart.empty ?? describeValueless(chart) }) : tell({ svg }, rows);
  } catch (cause) {
    throw new SidecarError(
      'config',
      `the chart "${id}" can't be drawn: ${reasonOf(cause)}. Try its specification in https://vega.github.io/editor`,
      { cause },
    );
  }
}

async function drawWithVega(
  { id, title, description, height, spec }: Chart,
  answer: JsonObject,
  range: TimeRange,
  { theme, width, isTitled, linkTo }: Look,
): Promise<{ svg: string; rows: string[][] }> {
  measureText();
  const warnings = vega.logger(vega.Warn);
  warnings.warn = (...words) => {
    const text = words.join(' ');
    // A chart with rows is only fitted into its width.
    if (!text.startsWith('Dropping "fit-y"')) log.warn(`chart ${id}: ${text}`);
    return warnings;
  };
  const { url, format } = spec.data;
  const columns = spec.encoding.tooltip;
  const { y, color } = spec.encoding as unknown as {
    y?: { type?: string };
    color?: { scale?: { domain?: string[] } };
  };
  const hasRows = y?.type === 'nominal';
  // What the vertical axis leaves of the width.
  const room = hasRows ? width / 2 : width - 45;
  const longest = Math.max(8, ...(color?.scale?.domain ?? []).map(({ length }) => length));
  const sized = {
    ...withTimeAxis(spec, range, room),
    data: { values: answer, format: { type: 'json', property: format.property } },
    ...(isTitled ? { title: { text: title, subtitle: wrap(description, width / 6.5) } } : {}),
    width,
    height: hasRows ? { step: ROW_HEIGHT } : height,
    autosize: { type: 'fit', contains: 'padding' },
  };
  const compiled = compile(sized as unknown as TopLevelSpec, {
    config: createVegaConfig(theme, room, Math.max(1, Math.floor(room / (7.5 * longest + 30)))),
    logger: warnings,
  }).spec;
  const view = new vega.View(vega.parse(compiled), {
    renderer: 'none',
    loader: NO_LOADER,
    logLevel: vega.Error,
  });
  try {
    await view.runAsync();
    const shown = (row: JsonObject): string[] =>
      columns.map((column) => formatShown(row[column.field], column, view.locale()));
    const rows = inOrder(view.data(readDrawnData(compiled)) as JsonObject[], spec.encoding)
      .filter((row) => columns.every(({ type, field }) => type !== 'quantitative' || row[field] != null))
      .map(shown);
    const lasts = columns.some(({ type }) => type === 'temporal') ? findInterval(url.body.aggs, range) : 0;
    describeMarks(view, (datum) => {
      if (columns.some(({ field }) => !(field in datum))) return undefined;
      const told = shown(datum).map((text, n) => `${columns[n]!.title}: ${text}`);
      const from = Number(datum.key);
      const span =
        lasts > 0 ? { from: Math.max(from, range.from), to: Math.min(from + lasts - 1, range.to) } : range;
      const href = typeof datum.kql === 'string' ? linkTo?.(url.index, datum.kql, span) : undefined;
      return told.join('\n') + (href === undefined ? '' : LINK_MARK + href);
    });
    return { svg: cleanSvg(await view.toSVG(), id), rows };
  } finally {
    view.finalize();
  }
}

/** Stands between what a mark says and where it leads to. */
const LINK_MARK = '\u2028';

/** The length of the intervals that a chart's aggregations make of a range, in ms. */
function findInterval(aggs: object, range: TimeRange): number {
  const buckets = /"%autointerval%":(\d+)/.exec(JSON.stringify(aggs))?.[1];
  return chooseInterval(range, Number(buckets ?? BUCKETS))[1];
}

/** Gives each mark a description, as Vega writes it into `aria-label`. */
function describeMarks(view: vega.View, describe: (datum: JsonObject) => string | undefined): void {
  interface Scene {
    role?: string;
    marktype?: string;
    items?: (Scene & { datum?: JsonObject; description?: string })[];
  }
  const walk = ({ role, marktype, items = [] }: Scene): void => {
    for (const item of items) {
      if (marktype === 'group') for (const mark of item.items ?? []) walk(mark);
      else if (role === 'mark' && (marktype === 'rect' || marktype === 'symbol') && item.datum) {
        const description = describe(item.datum);
        if (description !== undefined) item.description = description;
      }
    }
  };
  walk((view.scenegraph() as unknown as { root: Scene }).root);
}

/** Breaks a text into lines of at most `letters` letters, between words. */
function wrap(text: string, letters: number): string[] {
  return text.match(new RegExp(`.{1,${Math.floor(letters)}}(?:\\s|$)`, 'g')) ?? [text];
}

/** Why there is nothing to draw. */
function findWhyEmpty({ spec }: Chart, answer: JsonObject): string | undefined {
  const { index } = spec.data.url;
  const { hits, aggregations } = answer as { hits?: { total: { value: number } }; aggregations?: JsonObject };
  if (aggregations === undefined) return t('There is no index {index} yet.', { index });
  return hits?.total.value === 0 ? t('Nothing in {index} in this time.', { index }) : undefined;
}

function describeValueless({ spec, needsFeatures }: Chart): string {
  const { index } = spec.data.url;
  return needsFeatures
    ? t('The predictions in {index} have no inputs that are numbers.', { index })
    : t('There are documents in {index} in this time, but none with these values.', { index });
}

/** Rows as the vertical axis orders them. */
function inOrder(rows: readonly JsonObject[], { y }: JsonObject): readonly JsonObject[] {
  const sort = isObject(y) ? y.sort : undefined;
  if (!isObject(sort)) return rows;
  const sign = sort.order === 'descending' ? -1 : 1;
  const figure = (row: JsonObject): number => Number(row[String(sort.field)]);
  return [...rows].sort((a, b) => sign * (figure(a) - figure(b)));
}

/**
 * Without a canvas to measure on, Vega takes a letter for 0.8 em wide, and cuts labels that would fit; what it cuts is given
 * the room of the whole.
 */
function measureText(): void {
  interface Text {
    fontSize?: number;
    limit?: number;
    text?: unknown;
  }
  const { textMetrics } = vega as unknown as {
    textMetrics: { width: (item: Text, text?: unknown) => number };
  };
  textMetrics.width = ({ fontSize = 12, limit, text: own }, text = own) => {
    const letters = String(text ?? '');
    const capitals = letters.replace(/[^A-Z_]/g, '').length;
    return Math.min(fontSize * (0.57 * letters.length + 0.13 * capitals), limit || Number.POSITIVE_INFINITY);
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
 * Several pictures share a page, where ids must differ. What Vega says of a mark to screen readers becomes its title,
 * which everybody sees, and a link; nothing else it says has a name: the page says it of the whole.
 */
function cleanSvg(svg: string, prefix: string): string {
  const marks = svg.replace(
    /<path aria-label="([^"]*)"([^>]*?)\/?>(?:<\/path>)?/g,
    (_, said: string, rest: string) => {
      const [title, href] = said.split(LINK_MARK);
      const mark = `<path${rest}><title>${title}</title></path>`;
      return href === undefined
        ? mark
        : `<a href="${href}" target="_blank" rel="noopener" data-say="${title}">${mark}</a>`;
    },
  );
  return marks.replace('<g ', '<g paint-order="stroke" ').replace(/<[^>]+>/g, (tag) =>
    tag
      .replace(/ (?:role|aria-[a-z]+)="[^"]*"/g, '')
      .replace(' data-say=', ' aria-label=')
      .replace(/(\bid="|url\(#)/g, `$1${prefix}-`),
  );
}
