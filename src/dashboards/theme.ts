import type { Config } from 'vega-lite';

/** The colours of a picture, as CSS has them. */
export interface Theme {
  ink: string;
  /** Of axis labels. */
  faint: string;
  grid: string;
  /** One after the other, for the values of a category; the first where there is but one. */
  series: readonly string[];
  /** From far below the usual, over nothing unusual, to far above. */
  diverging: readonly string[];
}

/** For pictures that stand alone. */
export const LIGHT: Theme = {
  ink: '#1b1f24',
  faint: '#57606a',
  grid: '#d8dee4',
  series: ['#1f6feb', '#c2570c', '#0f7b6c', '#8250df'],
  diverging: ['#0a4fa8', '#8ab8ee', '#e6e8eb', '#f0b183', '#b34700'],
};

/** `LIGHT` where it is dark. */
export const DARK: Theme = {
  ink: '#e6edf3',
  faint: '#9aa4af',
  grid: '#30363d',
  series: ['#58a6ff', '#f0883e', '#3fb9a2', '#bc8cff'],
  diverging: ['#6cb0ff', '#2c5f9e', '#343b44', '#8a5226', '#ff9f55'],
};

/** Colours that are set by the page around the picture, with `writeVariables`. */
export const BY_PAGE: Theme = {
  ink: 'var(--ink)',
  faint: 'var(--faint)',
  grid: 'var(--grid)',
  series: LIGHT.series.map((_, n) => `var(--series-${n})`),
  diverging: LIGHT.diverging.map((_, n) => `var(--diverging-${n})`),
};

/** CSS that gives `BY_PAGE` the colours of a theme. */
export function writeVariables({ ink, faint, grid, series, diverging }: Theme): string {
  const lists = { series, diverging };
  const listed = Object.entries(lists).flatMap(([name, colours]) =>
    colours.map((colour, n) => `--${name}-${n}:${colour}`),
  );
  return [`--ink:${ink}`, `--faint:${faint}`, `--grid:${grid}`, ...listed].join(';');
}

/** By how far ticks stand apart. */
const TIMES = {
  seconds: '%H:%M:%S',
  minutes: '%H:%M',
  hours: '%H:%M',
  day: '%a %d',
  date: '%b %d',
  week: '%b %d',
  month: '%b %Y',
  quarter: '%b %Y',
  year: '%Y',
};

/** A theme as Vega-Lite's configuration. */
export function createVegaConfig({ ink, faint, grid, series, diverging }: Theme): Config {
  const font = 'system-ui, sans-serif';
  return {
    font,
    // The table says it better.
    aria: false,
    background: 'transparent',
    padding: 4,
    view: { stroke: 'transparent' },
    mark: { color: series[0] as string },
    bar: { color: series[0] as string },
    line: { strokeWidth: 1.5 },
    point: { size: 18, filled: true },
    rect: { stroke: null },
    text: { color: ink, fontSize: 12 },
    axis: {
      domainColor: grid,
      tickColor: grid,
      gridColor: grid,
      labelColor: faint,
      titleColor: faint,
      titleFontWeight: 'normal',
      labelFontSize: 12,
      titleFontSize: 12,
      labelLimit: 210,
    },
    axisTemporal: { format: TIMES, tickCount: 5 },
    axisBand: { grid: false },
    axisY: { grid: true, ticks: false },
    axisX: { grid: false, labelOverlap: 'greedy', labelSeparation: 8 },
    legend: {
      orient: 'top',
      direction: 'horizontal',
      labelColor: ink,
      titleColor: faint,
      titleFontWeight: 'normal',
      labelFontSize: 12,
      titleFontSize: 12,
      symbolStrokeWidth: 2,
    },
    range: { category: [...series], diverging: [...diverging] },
  } as Config;
}
