import { loadRules, type Rule } from '../alerts/rules.ts';
import { compare, findMostDrift } from '../drift/compare.ts';
import { Sample } from '../drift/samples.ts';
import { t } from '../terminal/messages.ts';
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
  const rules = loadRules(config);
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
  if (!halves) return [{ name: t('Calls'), value: '–', note: t('there are no logs yet') }];
  const rates = halves.map(({ calls, errors }) =>
    calls.doc_count > 0 ? errors.doc_count / calls.doc_count : undefined,
  );
  const sum = (part: 'calls' | 'errors'): number => halves[0][part].doc_count + halves[1][part].doc_count;
  const [calls, errors] = [sum('calls'), sum('errors')];
  const logged = halves[0].doc_count + halves[1].doc_count;
  const tile = {
    name: t('Calls'),
    value: grouped(calls),
    note: t('in {count} logs', { count: grouped(logged) }),
  };
  if (calls === 0) return [tile, { name: t('Error rate'), value: '–', note: t('no calls in this time') }];
  const [before, after] = rates;
  const rate = errors / calls;
  const count = grouped(errors);
  const note =
    before === undefined || after === undefined
      ? t('{count} of the calls', { count })
      : t('{trend} {before} → {after} from half to half; {count} of the calls', {
          ...{ trend: after > before ? '▲' : after < before ? '▼' : '=', count },
          ...{ before: percent(before), after: percent(after) },
        });
  return [
    tile,
    { name: t('Error rate'), value: percent(rate), note, state: judge(rules, 'error_rate', 100 * rate) },
  ];
}

function tellLatency({ perfs }: Answers, rules: readonly Rule[]): Tile {
  const [p50, p95] = perfs?.latency.values.map(({ value }) => value) ?? [];
  const name = t('Latency, p50 and p95');
  if (p50 == null || p95 == null) return { name, value: '–', note: t('no call was measured') };
  const shown = [p50, p95].map((ms) => (ms < 100 ? ms.toFixed(1) : grouped(Math.round(ms))));
  const note = t('half, and 95 %, of {count} calls took no longer', {
    count: grouped(perfs!.measured.doc_count),
  });
  return { name, value: `${shown.join(', ')} ms`, note, state: judge(rules, 'latency', p50) };
}

function tellClasses({ message }: Answers, names: Record<string, string>): Tile {
  const buckets = message?.classes.buckets ?? [];
  const all = buckets.reduce((sum, { doc_count }) => sum + doc_count, 0);
  const most = buckets[0];
  if (!most) return { name: t('Predictions'), value: '–', note: t('there are none') };
  const isNamed = buckets.every(({ key }) => key in names);
  const watched = isNamed ? Object.keys(names).at(-1)! : most.key;
  const count = buckets.find(({ key }) => key === watched)?.doc_count ?? 0;
  const told = { name: names[watched] ?? watched, count: grouped(count), all: grouped(all) };
  return {
    name: isNamed ? t('{name} share', told) : t('Predictions'),
    value: percent(count / all),
    note: isNamed
      ? t('{name} was predicted {count} times of {all}', told)
      : t('“{name}”, the most frequent, was predicted {count} times of {all}', told),
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
  const name = t('Drift');
  if (verdict === 'too few' || verdict === 'too many')
    return {
      name,
      value: '–',
      note: t('fewer than {count} predictions in a half of this time', { count: MIN_COUNT }),
    };
  const drifted = features
    .filter(({ drift }) => drift === verdict)
    .map(({ feature }) => feature.split('.').pop());
  const first = drifted.slice(0, 3).join(', ');
  const state = ({ stable: 'good', moderate: 'warning', major: 'bad' } as const)[verdict];
  const note =
    verdict === 'stable'
      ? t('no feature or result changed from half to half')
      : drifted.length > 3
        ? t('{features} and {more} more changed from half to half', {
            features: first,
            more: drifted.length - 3,
          })
        : t('{features} changed from half to half', { features: first });
  return { name, value: t(verdict), note, state };
}
