import * as vega from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { createVegaConfig, LIGHT } from '../src/dashboards/theme.ts';
import { quantile } from './measure.ts';

/** Latencies of one way at one rate, in ms, ascending. */
export interface Distribution {
  way: string;
  perSecond: number;
  latencies: readonly number[];
}

const STEPS = 100;
/** Of a panel, in CSS pixels. */
const WIDTH = 260;

/** An SVG with a panel for each rate: the share of logs that had arrived, over time since their `LPUSH`. */
export async function drawDistributions(distributions: readonly Distribution[]): Promise<string> {
  const values = distributions.flatMap(({ way, perSecond, latencies }) =>
    Array.from({ length: STEPS }, (_, n) => ({
      way,
      rate: `${perSecond.toLocaleString('en')} logs/s`,
      ms: quantile(latencies, n / STEPS),
      share: n / STEPS,
    })),
  );
  const spec: TopLevelSpec = {
    background: LIGHT.card,
    padding: 12,
    title: { text: 'From LPUSH until stored', anchor: 'start' },
    data: { values },
    facet: { column: { field: 'rate', title: null, sort: [...new Set(values.map(({ rate }) => rate))] } },
    spec: {
      width: WIDTH,
      height: 220,
      mark: { type: 'line', interpolate: 'step-after' },
      encoding: {
        x: { field: 'ms', type: 'quantitative', scale: { type: 'log', nice: false }, title: 'ms' },
        y: { field: 'share', type: 'quantitative', axis: { format: '%' }, title: 'share of logs' },
        color: {
          field: 'way',
          type: 'nominal',
          sort: null,
          title: null,
          legend: { orient: 'bottom', labelLimit: 200 },
        },
      },
    },
    config: createVegaConfig(LIGHT, WIDTH, 4),
  };
  const view = new vega.View(vega.parse(compile(spec).spec), { renderer: 'none' });
  try {
    return `${await view.toSVG()}\n`;
  } finally {
    view.finalize();
  }
}
