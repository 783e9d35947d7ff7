import type { Client } from '@elastic/elasticsearch';

import { indexOf } from '../create-pipeline.ts';
import type { Comparison } from '../drift/compare.ts';
import type { Sample } from '../drift/samples.ts';
import type { ElasticsearchOptions } from '../elasticsearch/client.ts';
import { elasticsearchOptions } from '../elasticsearch/options.ts';
import { Progress } from '../terminal/progress.ts';
import { table } from '../terminal/table.ts';
import { durationMs } from '../util/duration.ts';
import { SidecarError } from '../util/errors.ts';
import { COMMON_FLAGS, type Command, configFrom, timeOf, yargsOptions } from './options.ts';

/** So many features without enough values are named; all are in the JSON. */
const MOST_NAMED = 20;

/** A window of time, in ms since 1970: `to` lies behind it. */
interface Window {
  from: number;
  to: number;
}

/** `drift`: whether inputs and predictions are distributed as they were. */
export const driftCommand: Command = {
  builder: (yargs) =>
    yargs
      .options(yargsOptions(COMMON_FLAGS))
      .option('current', {
        type: 'string',
        default: '1d',
        requiresArg: true,
        describe: 'What is judged: the last 12h, 1d, 2w …, or FROM/TO (ISO 8601, UTC)',
      })
      .option('reference', {
        type: 'string',
        default: '7d',
        requiresArg: true,
        describe: 'What it is compared with: so long before that, or FROM/TO',
      })
      .option('reference-file', {
        type: 'string',
        requiresArg: true,
        describe: 'Documents of ml-api-message as NDJSON instead, such as training data, or from export',
      })
      .option('at', {
        type: 'string',
        requiresArg: true,
        describe: 'When --current ends (ISO 8601, UTC) instead of now',
      })
      .option('min-count', {
        type: 'number',
        default: 100,
        requiresArg: true,
        describe: 'Features with fewer values in either window are not judged',
      })
      .option('json', { type: 'boolean', default: false, describe: 'Print one JSON object' })
      .example('$0 drift --current 1d --reference 4w', 'the last day against the four weeks before')
      .example('$0 drift --reference 2026-11-01/2026-11-08', 'the last day against a week of November')
      .epilogue(
        'PSI: below 0.1 stable, below 0.25 moderate, else major; stable, too, where chance alone explains it: "by chance" is ' +
          'what the PSI of an unchanged distribution stays below in 95 of 100 cases. KS: Kolmogorov-Smirnov, of numbers ' +
          'only; * marks p < 0.05. Numbers with ten values at most, truths and texts are categories. Exit codes: 0 ' +
          'compared, whatever was found; 2 wrong usage or configuration; 3 a server could not be reached.',
      ),
  handler: async (args) => {
    const loaded = configFrom(args, COMMON_FLAGS);
    const now = args.at === undefined ? Date.now() : timeOf(String(args.at), '--at');
    const window = windowOf(String(args.current), '--current', now);
    const file = args.referenceFile === undefined ? undefined : String(args.referenceFile);
    const before = windowOf(String(args.reference), '--reference', window.from);
    const minCount = Number(args.minCount);
    if (!(minCount >= 2)) throw new SidecarError('config', '--min-count must be 2 or more');
    const options = elasticsearchOptions(loaded.config, false);
    const index = await indexOf(loaded, 'ml-api-message');
    const { elasticsearchClient } = await import('../elasticsearch/client.ts');
    const { sampleOfFile } = await import('../drift/samples.ts');
    const { compare, mostDrift } = await import('../drift/compare.ts');
    const client = elasticsearchClient(options);
    try {
      const reference =
        file === undefined ? await sampleOf(client, options, index, before) : await sampleOfFile(file);
      const current = await sampleOf(client, options, index, window);
      const features = compare(reference, current, minCount);
      const told = {
        drift: mostDrift(features),
        index,
        reference: {
          ...(file === undefined ? shown(before) : { file }),
          documents: reference.documents,
        },
        current: { ...shown(window), documents: current.documents },
        min_count: minCount,
        features,
      };
      if (args.json) return void process.stdout.write(`${JSON.stringify(told)}\n`);
      const lines = [
        `reference: ${file ?? between(before)}, ${reference.documents} documents\n`,
        `current:   ${between(window)}, ${current.documents} documents\n\n`,
      ];
      const empty = reference.documents === 0 || current.documents === 0;
      const found = empty ? `There is nothing to compare in ${index}.\n` : tableOf(features, minCount);
      process.stdout.write(lines.join('') + found);
    } finally {
      await client.close();
    }
  },
};

/** Reads `FROM/TO`, or a duration that ends at `end`. */
function windowOf(text: string, flag: string, end: number): Window {
  const [from, to, more] = text.split('/');
  if (to === undefined) return { from: end - durationMs(text, flag), to: end };
  const window = { from: timeOf(from!, flag), to: timeOf(to, flag) };
  if (more !== undefined || window.from >= window.to)
    throw new SidecarError('config', `${flag}: "${text}" is no FROM/TO whose end is behind its beginning`);
  return window;
}

function shown({ from, to }: Window): { from: string; to: string } {
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
}

function between(window: Window): string {
  const { from, to } = shown(window);
  return `${from} to ${to}`;
}

/** The documents of a window, as they are now. */
async function sampleOf(
  client: Client,
  options: ElasticsearchOptions,
  index: string,
  window: Window,
): Promise<Sample> {
  const { Snapshot } = await import('../elasticsearch/snapshot.ts');
  const { requestError } = await import('../elasticsearch/client.ts');
  const { Sample } = await import('../drift/samples.ts');
  const sample = new Sample();
  const progress = new Progress();
  const { from, to } = shown(window);
  const query = { range: { timestamp: { gte: from, lt: to } } };
  try {
    const snapshot = await Snapshot.open(client, options, [index]);
    const total = await snapshot.count(query);
    let done = 0;
    for await (const { documents } of snapshot.pages(query)) {
      for (const { source } of documents) sample.add(JSON.parse(source));
      done += documents.length;
      progress.show(`reading ${from.slice(0, 10)} to ${to.slice(0, 10)}`, done, total);
    }
    await snapshot.close();
    return sample;
  } catch (error) {
    throw requestError(options, error, `to read ${index}`);
  } finally {
    progress.clear();
  }
}

function tableOf(features: readonly Comparison[], minCount: number): string {
  const judged = features.filter(({ psi }) => psi !== undefined);
  const rows = judged.map(
    ({ feature, kind, drift, psi, psi_by_chance, ks, mean, missing, reference, current }) => [
      feature,
      kind,
      drift,
      psi!.toFixed(3),
      psi_by_chance!.toFixed(3),
      ks ? ks.d.toFixed(3) : '-',
      ks ? `${ks.p < 0.0001 ? '<0.0001' : ks.p.toFixed(4)}${ks.significant ? '*' : ' '}` : '- ',
      mean ? `${short(mean.reference)} → ${short(mean.current)}` : '-',
      missing.reference + missing.current > 0
        ? `${percent(missing.reference)} → ${percent(missing.current)}`
        : '-',
      `${reference} → ${current}`,
    ],
  );
  const head = ['feature', 'kind', 'drift', 'PSI', 'by chance', 'KS D', 'p ', 'mean', 'missing', 'values'];
  const parts = [
    rows.length === 0
      ? 'No feature has enough values to be judged.\n'
      : table([head, ...rows], [3, 4, 5, 6, 7, 8, 9]),
  ];
  const fewer = features.filter(({ drift }) => drift === 'too few');
  if (fewer.length > 0) {
    const named = fewer
      .slice(0, MOST_NAMED)
      .map(({ feature, reference, current }) => `${feature} (${reference} → ${current})`);
    const more = fewer.length > named.length ? `, and ${fewer.length - named.length} more` : '';
    parts.push(`\nToo few values (--min-count ${minCount}): ${named.join(', ')}${more}\n`);
  }
  const many = features.filter(({ drift }) => drift === 'too many').map(({ feature }) => feature);
  if (many.length > 0) parts.push(`\nTexts with too many different values: ${many.join(', ')}\n`);
  return parts.join('');
}

const short = (value: number): string => String(Number(value.toPrecision(4)));
const percent = (share: number): string => `${(share * 100).toFixed(1)}%`;
