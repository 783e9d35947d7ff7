import type { JsonObject } from '../util/json.ts';
import type { Chart, Dashboard } from './definitions.ts';
import type { Picture } from './draw.ts';
import { type ChartSource, createSearch } from './search.ts';
import type { Theme } from './theme.ts';
import type { TimeRange } from './time-range.ts';

/** A dashboard with what its charts were answered: all that drawing it takes. */
export interface AnsweredDashboard extends Omit<Dashboard, 'charts'> {
  charts: { chart: Chart; answer: JsonObject }[];
}

/** A dashboard, drawn. */
export interface DrawnDashboard extends Omit<Dashboard, 'charts'> {
  pictures: Picture[];
}

/** The range that is looked at: an end that is left open is that of the data, or now where there is none. */
export async function chooseRange(
  source: ChartSource,
  dashboards: readonly Dashboard[],
  { from, to }: { [End in keyof TimeRange]: number | undefined },
): Promise<TimeRange> {
  if (from !== undefined && to !== undefined) return { from, to };
  const charts = dashboards.flatMap(({ charts }) => charts);
  const extent = await source.extent([...new Set(charts.map(({ spec }) => spec.data.url.index))]);
  const now = Date.now();
  const end = to ?? Math.max(extent?.to ?? now, from ?? 0);
  return { from: from ?? Math.min(extent?.from ?? end, end), to: end };
}

/** Asks for the data of every chart. */
export async function queryAll(
  source: ChartSource,
  dashboards: readonly Dashboard[],
  range: TimeRange,
): Promise<AnsweredDashboard[]> {
  const charts = dashboards.flatMap(({ charts }) => charts);
  const answers = await source.search(charts.map((chart) => createSearch(chart, range)));
  const each = answers[Symbol.iterator]();
  return dashboards.map(({ charts, ...rest }) => ({
    ...rest,
    charts: charts.map((chart) => ({ chart, answer: each.next().value as JsonObject })),
  }));
}

/** Draws every chart; loads Vega, which takes some tenths of a second. */
export async function drawAll(
  dashboards: readonly AnsweredDashboard[],
  theme: Theme,
): Promise<DrawnDashboard[]> {
  const { draw } = await import('./draw.ts');
  const done: DrawnDashboard[] = [];
  for (const { charts, ...rest } of dashboards) {
    const pictures: Picture[] = [];
    for (const { chart, answer } of charts) pictures.push(await draw(chart, answer, theme));
    done.push({ ...rest, pictures });
  }
  return done;
}
