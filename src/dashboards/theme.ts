import type { Config } from 'vega-lite';

/** The colours of a picture, as CSS has them. */
export interface Theme {
  ink: string;
  /** Around words that lie over lines: what the picture lies on. */
  card: string;
  /** Of axis labels. */
  faint: string;
  grid: string;
  /** One after the other, for the values of a category; the first where there is but one. */
  series: readonly string[];
  /** From far below the usual, over the usual, to far above; and too little to tell. */
  diverging: readonly string[];
  /** Of DEBUG, INFO, WARNING, ERROR and CRITICAL. */
  severity: readonly string[];
}

/** For pictures that stand alone. */
export const LIGHT: Theme = {
  ink: '#1b1f24',
  card: '#ffffff',
  faint: '#57606a',
  grid: '#d8dee4',
  series: ['#1f6feb', '#c2570c', '#0f7b6c', '#8250df'],
  diverging: ['#0a4fa8', '#8ab8ee', '#bfe3cd', '#f0b183', '#b34700', '#d0d5db'],
  severity: ['#8c959f', '#1f6feb', '#c98a00', '#d1242f', '#82071e'],
};

/** `LIGHT` where it is dark. */
export const DARK: Theme = {
  ink: '#e6edf3',
  card: '#161b22',
  faint: '#9aa4af',
  grid: '#30363d',
  series: ['#58a6ff', '#f0883e', '#3fb9a2', '#bc8cff'],
  diverging: ['#6cb0ff', '#2c5f9e', '#24553b', '#8a5226', '#ff9f55', '#3d444d'],
  severity: ['#8b949e', '#58a6ff', '#e3b341', '#ff7b72', '#ffb3ac'],
};

/** The lists of colours of a theme. */
const LISTS = ['series', 'diverging', 'severity'] as const;

function variablesOf(list: (typeof LISTS)[number]): string[] {
  return LIGHT[list].map((_, n) => `var(--${list}-${n})`);
}

/** Colours that are set by the page around the picture, with `writeVariables`. */
export const BY_PAGE: Theme = {
  ink: 'var(--ink)',
  card: 'var(--card)',
  faint: 'var(--faint)',
  grid: 'var(--grid)',
  series: variablesOf('series'),
  diverging: variablesOf('diverging'),
  severity: variablesOf('severity'),
};

/** CSS that gives `BY_PAGE` the colours of a theme. */
export function writeVariables(theme: Theme): string {
  const { ink, faint, grid } = theme;
  const listed = LISTS.flatMap((name) => theme[name].map((colour, n) => `--${name}-${n}:${colour}`));
  return [`--ink:${ink}`, `--faint:${faint}`, `--grid:${grid}`, ...listed].join(';');
}

/**
 * What charts name of a theme: the range `ordinal` of levels, `ramp` of kinds of errors, `diverging`, and the styles of
 * thresholds. A Vega-Lite specification can name no other ranges.
 */
export function createNamedColours({ diverging, severity }: Theme) {
  const [, , warning, error, critical] = severity as [string, string, string, string, string];
  const line = (color: string) => ({ color, strokeDash: [4, 3] });
  return {
    range: { diverging: [...diverging], ordinal: [...severity], ramp: [warning, error, critical] },
    style: {
      warning: line(warning),
      critical: line(error),
      threshold: { baseline: 'bottom', dy: -2, fontSize: 12 },
    },
  };
}

/** A theme as Vega-Lite's configuration, for a picture in which the plot is about `room` CSS pixels wide. */
export function createVegaConfig(theme: Theme, room: number, legendColumns: number): Config {
  const { ink, card, faint, grid, series } = theme;
  const { range, style } = createNamedColours(theme);
  return {
    font: 'system-ui, DejaVu Sans, sans-serif',
    // Tooltips and the table say it better.
    aria: false,
    background: 'transparent',
    padding: 4,
    view: { stroke: 'transparent' },
    mark: { color: series[0] as string },
    bar: { color: series[0] as string },
    line: { strokeWidth: 1.5 },
    point: { size: 24, filled: true },
    rect: { stroke: null },
    // The outline lies under the letters: `paint-order` of the whole picture.
    text: { color: ink, fontSize: 12, stroke: card, strokeWidth: 4 },
    title: {
      anchor: 'start',
      color: ink,
      fontSize: 14,
      subtitleColor: faint,
      subtitleFontSize: 12,
      offset: 12,
    },
    axis: {
      domainColor: grid,
      tickColor: grid,
      gridColor: grid,
      labelColor: faint,
      titleColor: faint,
      titleFontWeight: 'normal',
      labelFontSize: 12,
      titleFontSize: 12,
      labelLimit: 0.95 * room,
    },
    axisBand: { grid: false },
    axisYQuantitative: {
      grid: true,
      ticks: false,
      tickCount: 5,
      titleAngle: 0,
      titleAnchor: 'end',
      titleAlign: 'left',
      titleBaseline: 'bottom',
      titleX: 0,
      titleY: -6,
    },
    axisX: {
      grid: false,
      labelOverlap: 'parity',
      labelSeparation: 8,
      labelFlush: 30,
      tickCount: Math.floor(room / 75),
    },
    legend: {
      orient: 'top',
      direction: 'horizontal',
      columns: legendColumns,
      offset: 24,
      labelColor: ink,
      titleColor: faint,
      titleFontWeight: 'normal',
      labelFontSize: 12,
      titleFontSize: 12,
      symbolStrokeWidth: 2,
    },
    range: { ...range, category: [...series] },
    style,
  } as unknown as Config;
}
