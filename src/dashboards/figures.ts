import { loadRules, type Rule } from '../alerts/rules.ts';
import { compare, findMostDrift } from '../drift/compare.ts';
import { Sample } from '../drift/samples.ts';
import type { Tile } from '../util/tiles.ts';
import type { DashboardsSetting } from './open.ts';
import { type ChartSource, queryOf, type SearchBody } from './search.ts';
import type { TimeRange } from './time-range.ts';

/** Documents of each half that drift is judged by, and with how few values of a feature it is not. */
const SAMPLE = 2000;
const MIN_COUNT = 100;

interface Counted {
  doc_count: number;
}
interface Calls extends Counted {
  calls: Counted;
  errors: Counted;
}
interface Answers {
  logs?: { halves: { buckets: [Calls, Calls] } };
  perfs?: { latency: { values: { value: number | null }[] }; measured: Counted };
  message?: { classes: { buckets: (Counted & { key: string })[] } };
}

/** The figures of a time that a page begins with, each with what it means; without documents, what is missing. */
export async function findFigures(
  source: ChartSource,
  { names, config }: DashboardsSetting,
  range: TimeRange,
): Promise<Tile[]> {
  const rules = loadRules(config.alerts.file);
  const patternOf = (index: string): string => `${names.get(`ml-api-${index}`) ?? `ml-api-${index}`}*`;
  const middle = Math.floor((range.from + range.to) / 2);
  const halves = [
    { range: { timestamp: { lt: middle, format: 'epoch_millis' } } },
    { range: { timestamp: { gte: middle, format: 'epoch_millis' } } },
  ];
  const aggs = {
    logs: {
      halves: {
        filters: { filters: halves },
        aggs: {
          calls: { filter: { exists: { field: 'status_code' } } },
          errors: { filter: { range: { status_code: { gte: 400 } } } },
        },
      },
    },
    perfs: {
      latency: { percentiles: { field: 'latency_ms', percents: [50, 95], keyed: false } },
      measured: { filter: { exists: { field: 'latency_ms' } } },
    },
    message: { classes: { terms: { field: 'result.prediction', size: 10 } } },
  } satisfies Record<keyof Answers, SearchBody['aggs']>;
  const query = queryOf('timestamp', range);
  const kinds = Object.keys(aggs) as (keyof Answers)[];
  const found = await source.search(
    kinds.map((kind) => ({ index: patternOf(kind), body: { size: 0, query, aggs: aggs[kind] } })),
  );
  const answers = Object.fromEntries(kinds.map((kind, n) => [kind, found[n]?.aggregations])) as Answers;
  const index = patternOf('message');
  return [
    ...tellCalls(answers, rules),
    tellLatency(answers, rules),
    tellClasses(answers, config.dashboards.classes as Record<string, string>),
    tellDrift(
      await source.sample(index, { from: range.from, to: middle - 1 }, SAMPLE),
      await source.sample(index, { from: middle, to: range.to }, SAMPLE),
    ),
  ];
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const grouped = (count: number): string => count.toLocaleString('en');

/** The state of a value by an alert's thresholds. */
function judge(rules: readonly Rule[], name: string, value: number): Tile['state'] {
  const rule = rules.find((each) => each.name === name);
  if (!rule) return undefined;
  return value > rule.critical ? 'bad' : value > rule.warning ? 'warning' : 'good';
}

function tellCalls({ logs }: Answers, rules: readonly Rule[]): Tile[] {
  const halves = logs?.halves.buckets;
  if (!halves) return [{ name: 'Calls', value: '–', note: 'there are no logs yet' }];
  const rates = halves.map(({ calls, errors }) =>
    calls.doc_count > 0 ? errors.doc_count / calls.doc_count : undefined,
  );
  const sum = (part: 'calls' | 'errors'): number => halves[0][part].doc_count + halves[1][part].doc_count;
  const [calls, errors] = [sum('calls'), sum('errors')];
  const logged = halves[0].doc_count + halves[1].doc_count;
  const tile = { name: 'Calls', value: grouped(calls), note: `in ${grouped(logged)} logs` };
  if (calls === 0) return [tile, { name: 'Error rate', value: '–', note: 'no calls in this time' }];
  const [before, after] = rates;
  const trend =
    before === undefined || after === undefined
      ? ''
      : `${after > before ? '▲' : after < before ? '▼' : '='} ${percent(before)} → ${percent(after)} from half to half; `;
  const rate = errors / calls;
  const note = `${trend}${grouped(errors)} of the calls`;
  return [
    tile,
    { name: 'Error rate', value: percent(rate), note, state: judge(rules, 'error_rate', 100 * rate) },
  ];
}

function tellLatency({ perfs }: Answers, rules: readonly Rule[]): Tile {
  const [p50, p95] = perfs?.latency.values.map(({ value }) => value) ?? [];
  const name = 'Latency, p50 and p95';
  if (p50 == null || p95 == null) return { name, value: '–', note: 'no call was measured' };
  const shown = [p50, p95].map((ms) => (ms < 100 ? ms.toFixed(1) : grouped(Math.round(ms))));
  const note = `half, and 95 %, of ${grouped(perfs!.measured.doc_count)} calls took no longer`;
  return { name, value: `${shown.join(', ')} ms`, note, state: judge(rules, 'latency', p50) };
}

function tellClasses({ message }: Answers, names: Record<string, string>): Tile {
  const buckets = message?.classes.buckets ?? [];
  const all = buckets.reduce((sum, { doc_count }) => sum + doc_count, 0);
  const most = buckets[0];
  if (!most) return { name: 'Predictions', value: '–', note: 'there are none' };
  const isNamed = buckets.every(({ key }) => key in names);
  const watched = isNamed ? Object.keys(names).at(-1)! : most.key;
  const count = buckets.find(({ key }) => key === watched)?.doc_count ?? 0;
  const called = isNamed ? names[watched] : `“${watched}”, the most frequent,`;
  return {
    name: isNamed ? `${called} share` : 'Predictions',
    value: percent(count / all),
    note: `${called} was predicted ${grouped(count)} times of ${grouped(all)}`,
  };
}

function tellDrift(before: readonly object[], after: readonly object[]): Tile {
  const [reference, current] = [before, after].map((documents) => {
    const sample = new Sample();
    for (const document of documents) sample.add({ ...document });
    return sample;
  });
  const features = compare(reference!, current!, MIN_COUNT);
  const verdict = findMostDrift(features);
  const name = 'Drift';
  if (verdict === 'too few' || verdict === 'too many')
    return { name, value: '–', note: `fewer than ${MIN_COUNT} predictions in a half of this time` };
  const drifted = features
    .filter(({ drift }) => drift === verdict)
    .map(({ feature }) => feature.split('.').pop());
  const which = verdict === 'stable' ? 'no feature or result' : drifted.slice(0, 3).join(', ');
  const more = verdict !== 'stable' && drifted.length > 3 ? ` and ${drifted.length - 3} more` : '';
  const state = ({ stable: 'good', moderate: 'warning', major: 'bad' } as const)[verdict];
  return { name, value: verdict, note: `${which}${more} changed from half to half`, state };
}
