import { isObject, type JsonObject } from '../util/json.ts';
import type { ChartSpec } from './definitions.ts';
import { BUCKETS, chooseInterval } from './search.ts';
import type { TimeRange } from './time-range.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** How far ticks may stand apart. */
const STEPS = [
  ...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR),
  ...[1, 2, 7, 14, 28, 56, 91, 182, 364].map((n) => n * DAY),
];
/** Room for a tick's label, in CSS pixels. */
const LABEL_WIDTH = 90;

/**
 * A specification whose times stand on one axis with those of all charts of a page: in UTC, from the beginning of the
 * range's first interval to the end of its last, with evenly spaced ticks that all have labels of one form.
 */
export function withTimeAxis(spec: ChartSpec, range: TimeRange, room: number): ChartSpec {
  const [, interval] = chooseInterval(range, BUCKETS);
  const from = Math.floor(range.from / interval) * interval;
  const to = (Math.floor(range.to / interval) + 1) * interval;
  const length = to - from;
  const step = STEPS.find((each) => length / each <= room / LABEL_WIDTH) ?? length;
  const first = Math.ceil(from / step) * step;
  const values = Array.from({ length: Math.floor((to - first) / step) + 1 }, (_, n) => first + n * step);
  const format = formatOf(step, length);
  const copy = structuredClone(spec);
  const views = [copy, ...(Array.isArray(copy.layer) ? (copy.layer as JsonObject[]) : [])];
  for (const { encoding } of views) {
    for (const [name, channel] of Object.entries((encoding ?? {}) as JsonObject)) {
      if (!isObject(channel) || channel.type !== 'temporal') continue;
      // As a signal: Vega-Lite takes bare numbers for other times in `x` than in `x2`.
      channel.scale = { type: 'utc', domain: { signal: `[${from}, ${to}]` }, nice: false };
      if (name === 'x') channel.axis = { values, format };
    }
  }
  return copy;
}

function formatOf(step: number, length: number): string {
  if (length > 300 * DAY) return '%Y-%m-%d';
  if (step >= DAY) return '%b %d';
  if (length > DAY) return '%b %d %H:%M';
  return step < MINUTE ? '%H:%M:%S' : '%H:%M';
}
