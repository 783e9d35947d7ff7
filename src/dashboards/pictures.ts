import type { JsonObject } from '../util/json.ts';
import { importOptional } from '../util/optional-package.ts';
import type { Tile } from '../util/tiles.ts';
import type { Chart, Dashboard } from './definitions.ts';
import type { Look, Picture } from './draw.ts';
import { findFigures } from './figures.ts';
import { chooseFeatures, type DashboardsSetting, openDashboards } from './open.ts';
import { type ChartSource, createSearch } from './search.ts';
import { checkRange, type TimeRange } from './time-range.ts';

/** What was found in a time: all that drawing it takes. */
export interface Answers {
  range: TimeRange;
  figures: Tile[];
  dashboards: AnsweredDashboard[];
}

/** A dashboard with what its charts were answered. */
export interface AnsweredDashboard extends Omit<Dashboard, 'charts'> {
  charts: { chart: Chart; answer: JsonObject }[];
}

/** A dashboard, drawn. */
export interface DrawnDashboard extends Omit<Dashboard, 'charts'> {
  pictures: Picture[];
}

/**
 * Asks for the figures and the data of every chart, in a time: an end that is left open is that of the data, or now where
 * there is none. Throws `SidecarError` (`config`) where it ends before it begins.
 */
export async function queryAll(
  source: ChartSource,
  setting: DashboardsSetting,
  wanted: { [End in keyof TimeRange]: number | undefined },
): Promise<Answers> {
  const dashboards = openDashboards(setting, await chooseFeatures(source, setting));
  const charts = dashboards.flatMap(({ charts }) => charts);
  const range = checkRange(await chooseRange(source, charts, wanted));
  const answers = await source.search(charts.map((chart) => createSearch(chart, range)));
  const each = answers[Symbol.iterator]();
  return {
    range,
    figures: await findFigures(source, setting, range),
    dashboards: dashboards.map(({ charts, ...rest }) => ({
      ...rest,
      charts: charts.map((chart) => ({ chart, answer: each.next().value as JsonObject })),
    })),
  };
}

async function chooseRange(
  source: ChartSource,
  charts: readonly Chart[],
  { from, to }: { [End in keyof TimeRange]: number | undefined },
): Promise<TimeRange> {
  if (from !== undefined && to !== undefined) return { from, to };
  const extent = await source.extent([...new Set(charts.map(({ spec }) => spec.data.url.index))]);
  const now = Date.now();
  const end = to ?? Math.max(extent?.to ?? now, from ?? 0);
  return { from: from ?? Math.min(extent?.from ?? end, end), to: end };
}

/**
 * Draws every chart; loads Vega, which takes some tenths of a second. Throws `SidecarError` (`config`) where Vega is not
 * installed, or a chart can't be drawn.
 */
export async function drawAll({ dashboards, range }: Answers, look: Look): Promise<DrawnDashboard[]> {
  const { draw } = await importOptional(
    () => import('./draw.ts'),
    'charts are drawn by Vega, which is not installed',
    'vega@6 vega-lite@6.4',
  );
  const done: DrawnDashboard[] = [];
  for (const { charts, ...rest } of dashboards) {
    const pictures: Picture[] = [];
    for (const { chart, answer } of charts) pictures.push(await draw(chart, answer, range, look));
    done.push({ ...rest, pictures });
  }
  return done;
}
