import { said } from './sample.ts';

const percent = (share: number, digits = 1): string => `${(100 * share).toFixed(digits)}%`;

/** How often each key comes, the most frequent first, those that come equally often by key. */
function counted(keys: readonly string[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
}

const grouped = (n: number, digits = 0): string =>
  n.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const low = sorted[Math.floor(at)]!;
  return low + (sorted[Math.ceil(at)]! - low) * (at % 1);
}

/** `2026-11-24 19:26:05`, of the interval of `ms` that a time is in. */
const interval = (at: number, ms: number): string =>
  new Date(Math.floor(at / ms) * ms).toISOString().slice(0, 19).replace('T', ' ');

/**
 * What the tables of the charts must show of lines like `realLines`, worked out from the lines by nothing but this file.
 * Drift, and the figures of time, are those of intervals of 5 and, of drift, 10 seconds.
 */
export function expectedTables(lines: readonly string[]): Record<string, string[][]> {
  const logs = said(lines);
  const calls = logs.filter(({ call }) => call !== undefined);
  const predictions = logs.filter(({ prediction }) => prediction !== undefined);
  const measured = logs.filter(({ metrics }) => metrics !== undefined);
  const errors = calls.filter(({ call }) => call!.status >= 400);
  const features = Object.keys(predictions[0]!.input!);
  const nameOf = (feature: string): string =>
    feature === 'ALCOHOL CONSUMING' ? 'ALCOHOL' : feature.replaceAll(' ', '_');
  const reasons: Record<number, string> = {
    400: 'Bad Request',
    404: 'Not Found',
    405: 'Method Not Allowed',
    422: 'Unprocessable',
  };
  const each = <Of extends { at: number }>(of: readonly Of[], ms: number): [string, Of[]][] => {
    const groups = new Map<string, Of[]>();
    for (const one of of) {
      const key = interval(one.at, ms);
      groups.set(key, [...(groups.get(key) ?? []), one]);
    }
    return [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
  };
  const figure = (of: typeof measured, name: string): number[] => of.map(({ metrics }) => metrics![name]!);
  const profiled = measured.flatMap(({ functions }) => functions!);
  const places = new Map<string, typeof profiled>();
  for (const one of profiled) {
    const key = `${one.function}\0${one.file}`;
    places.set(key, [...(places.get(key) ?? []), one]);
  }
  const functions = [...places.values()]
    .map((of) => ({ of, ms: sum(of.map(({ cumulative_time_ms }) => cumulative_time_ms)) }))
    .sort((a, b) => b.ms - a.ms)
    .slice(0, 10);
  return {
    'logs-over-time': each(logs, 5_000).map(([from, of]) => [from, 'INFO', grouped(of.length)]),
    levels: counted(logs.map(({ level }) => level)).map(([level, n]) => [level, grouped(n)]),
    'top-endpoints': counted(calls.map(({ call }) => `${call!.method} ${call!.path}`))
      .slice(0, 10)
      .map(([endpoint, n]) => [endpoint, grouped(n)]),
    predictions: counted(predictions.map(({ prediction }) => (prediction === 1 ? 'YES' : 'NO'))).map(
      ([answer, n]) => [answer, grouped(n), percent(n / predictions.length)],
    ),
    'feature-means': features.map((feature) => {
      const values = predictions.map(({ input }) => input![feature]!);
      const mean = Number((sum(values) / values.length).toPrecision(4));
      return [nameOf(feature), String(mean), String(Math.max(...values)), String(values.length)];
    }),
    probabilities: Array.from({ length: 20 }, (_, n) => {
      const inStep = predictions.filter(
        ({ probability }) => Math.floor((probability ?? -1) / 0.05 + 1e-9) === n,
      );
      return [(n * 0.05).toFixed(2), ((n + 1) * 0.05).toFixed(2), grouped(inStep.length)];
    }),
    'feature-drift': each(predictions, 10_000).flatMap(([from, of]) =>
      features.map((feature) => {
        const mean = sum(of.map(({ input }) => input![feature]!)) / of.length;
        const all = predictions.map(({ input }) => input![feature]!);
        const usual = sum(all) / all.length;
        const drift = (mean - usual) / (Math.max(...all) - Math.min(...all));
        const figures = [mean, usual].map((value) => String(Number(value.toPrecision(4))));
        const sign = drift < 0 ? '−' : '+';
        return [from, nameOf(feature), ...figures, `${sign}${percent(Math.abs(drift))}`, String(of.length)];
      }),
    ),
    latency: each(measured, 5_000).flatMap(([from, of]) =>
      [50, 95, 99].map((p) => [from, `p${p}`, grouped(percentile(figure(of, 'latency_ms'), p / 100), 2)]),
    ),
    cpu: each(measured, 5_000).map(([from, of]) => {
      const [cpu, latency] = [sum(figure(of, 'cpu_time_ms')), sum(figure(of, 'latency_ms'))];
      return [from, ((100 * cpu) / latency).toFixed(1), grouped(cpu, 2), grouped(latency, 2)];
    }),
    memory: each(measured, 5_000).flatMap(([from, of]) => {
      const mb = figure(of, 'memory_mb');
      return [
        [from, 'mean value', grouped(sum(mb) / mb.length, 2)],
        [from, 'largest value', grouped(Math.max(...mb), 2)],
      ];
    }),
    'top-functions': functions.map(({ of, ms }) => {
      const { function: name, file } = of[0]!;
      const isOne =
        new Set(profiled.filter((one) => one.function === name).map((one) => one.file)).size === 1;
      const own = sum(of.map((one) => (one as unknown as { total_time_ms: number }).total_time_ms));
      const shown = isOne ? name : `${name} (${file})`;
      return [shown, file, grouped(ms, 2), grouped(own, 2), grouped(sum(of.map(({ calls }) => calls)))];
    }),
    'error-rate': each(calls, 5_000).flatMap(([from, of]) =>
      (['failed (5xx)', 'refused (4xx)'] as const).map((kind) => {
        const low = kind === 'failed (5xx)' ? 500 : 400;
        const n = of.filter(({ call }) => call!.status >= low && call!.status < low + 100).length;
        return [from, kind, ((100 * n) / of.length).toFixed(1), grouped(n), grouped(of.length)];
      }),
    ),
    'error-kinds': counted(errors.map(({ call }) => `${call!.status} ${reasons[call!.status]}`)).map(
      ([kind, n]) => [kind, grouped(n)],
    ),
    'error-timeline': each(errors, 5_000).map(([from, of]) => [from, 'refused (4xx)', grouped(of.length)]),
  };
}
