import type { Client } from '@elastic/elasticsearch';

import { findIndexOf } from '../create-pipeline.ts';
import type { Comparison } from '../drift/compare.ts';
import type { Sample } from '../drift/samples.ts';
import type { ElasticsearchOptions } from '../elasticsearch/client.ts';
import { t } from '../terminal/messages.ts';
import { Progress } from '../terminal/progress.ts';
import { formatTable } from '../terminal/table.ts';
import { SidecarError } from '../util/errors.ts';
import { readTime } from '../util/time.ts';
import { defineCommand } from './define.ts';
import { withElasticsearch } from './elasticsearch.ts';
import { count, text, time, withDefault } from './options.ts';

/** Maximum number of features without enough values that are named; all are in the JSON. */
const MOST_NAMED = 20;

/** A window of time, in ms since 1970, without its end. */
interface Window {
  from: number;
  to: number;
}

/** `drift`: whether inputs and predictions are distributed as they were. */
export const command = defineCommand({
  options: {
    current: withDefault('1d', text('The window that is judged: since 12h, 1d, 2w or a time, or FROM/TO')),
    reference: withDefault(
      '7d',
      text('The window it is compared with: this long before the first, or FROM/TO'),
    ),
    'reference-file': text(
      'Documents of ml-api-message as NDJSON instead, such as training data, or from export',
    ),
    at: time('When --current ends, instead of now'),
    'min-count': count(100, 'Features with fewer values in either window are not judged', { least: 2 }),
  },
  examples: [
    ['drift --current 1d --reference 4w', 'the last day against the four weeks before'],
    ['drift --reference 2026-11-01/2026-11-08', 'the last day against a week of November'],
  ],
  notes:
    'PSI: below 0.1 stable, below 0.25 moderate, otherwise major; also stable where chance alone explains it: "by ' +
    'chance" is what the PSI of an unchanged distribution stays below in 95 of 100 cases. KS: Kolmogorov-Smirnov, of ' +
    'numbers only; * marks p < 0.05. Numbers with at most ten values, booleans and texts are categories.',
  exitCodes: { 0: 'compared, whatever was found' },
  run: async ({ args, load, say, tell }) => {
    const loaded = load();
    const now = Date.now();
    const window = readWindow(args.current, '--current', now, args.at ?? now);
    const before = readWindow(args.reference, '--reference', now, window.from);
    const file = args['reference-file'];
    const minCount = args['min-count'];
    const index = await findIndexOf(loaded, 'ml-api-message');
    const { readSampleFile } = await import('../drift/samples.ts');
    const { compare, findMostDrift } = await import('../drift/compare.ts');
    await withElasticsearch(loaded.config, async (client, options) => {
      const reference =
        file === undefined ? await readSample(client, options, index, before) : await readSampleFile(file);
      const current = await readSample(client, options, index, window);
      const features = compare(reference, current, minCount);
      tell({
        drift: findMostDrift(features),
        index,
        reference: {
          ...(file === undefined ? toIso(before) : { file }),
          documents: reference.documents,
        },
        current: { ...toIso(window), documents: current.documents },
        min_count: minCount,
        features,
      });
      const { documents: count } = reference;
      say(
        `${t('reference: {window}, {count} documents', { window: file ?? formatWindow(before), count })}\n`,
      );
      say(
        `${t('current:   {window}, {count} documents', { window: formatWindow(window), count: current.documents })}\n\n`,
      );
      const isEmpty = reference.documents === 0 || current.documents === 0;
      say(
        isEmpty
          ? `${t('There is nothing to compare in {index}.', { index })}\n`
          : formatFeatures(features, minCount),
      );
    });
  },
});

/** Reads `FROM/TO`, or the beginning of a window that ends at `end`. Throws `SidecarError` (`config`). */
function readWindow(text: string, flag: string, now: number, end: number): Window {
  const [from, to, more] = text.split('/');
  const window = {
    from: readTime(from!, flag, now, end),
    to: to === undefined ? end : readTime(to, flag, now),
  };
  if (more === undefined && window.from < window.to) return window;
  throw new SidecarError(
    'config',
    `${flag}: "${text}" does not end after it begins; write FROM/TO, such as 2026-11-01/2026-11-08`,
  );
}

function toIso({ from, to }: Window): { from: string; to: string } {
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
}

function formatWindow(window: Window): string {
  return t('{from} to {to}', toIso(window));
}

/** The documents of a window, as they are now. */
async function readSample(
  client: Client,
  options: ElasticsearchOptions,
  index: string,
  window: Window,
): Promise<Sample> {
  const { Snapshot } = await import('../elasticsearch/snapshot.ts');
  const { createRequestError } = await import('../elasticsearch/client.ts');
  const { Sample } = await import('../drift/samples.ts');
  const sample = new Sample();
  const progress = new Progress();
  const { from, to } = toIso(window);
  const query = { range: { timestamp: { gte: from, lt: to } } };
  try {
    const snapshot = await Snapshot.open(client, options, [index]);
    const label = t('reading {from} to {to}', { from: from.slice(0, 10), to: to.slice(0, 10) });
    const documents = snapshot.documents(query, (done, total) => progress.show(label, done, total));
    for await (const { source } of documents) sample.add(JSON.parse(source));
    await snapshot.close();
    return sample;
  } catch (error) {
    throw createRequestError(options, error, `to read ${index}`);
  } finally {
    progress.clear();
  }
}

function formatFeatures(features: readonly Comparison[], minCount: number): string {
  const judged = features.filter(({ psi }) => psi !== undefined);
  const rows = judged.map(
    ({ feature, kind, drift, psi, psi_by_chance, ks, mean, missing, reference, current }) => [
      feature,
      t(kind),
      t(drift as 'stable'),
      psi!.toFixed(3),
      psi_by_chance!.toFixed(3),
      ks ? ks.d.toFixed(3) : '-',
      ks ? `${ks.p < 0.0001 ? '<0.0001' : ks.p.toFixed(4)}${ks.significant ? '*' : ' '}` : '- ',
      mean ? `${formatNumber(mean.reference)} → ${formatNumber(mean.current)}` : '-',
      missing.reference + missing.current > 0
        ? `${formatShare(missing.reference)} → ${formatShare(missing.current)}`
        : '-',
      `${reference} → ${current}`,
    ],
  );
  const head = [
    ...[t('feature'), t('kind'), t('drift'), 'PSI', t('by chance'), 'KS D', 'p '],
    ...[t('mean'), t('missing'), t('values')],
  ];
  const parts = [
    rows.length === 0
      ? `${t('No feature has enough values to be judged.')}\n`
      : formatTable([head, ...rows], [3, 4, 5, 6, 7, 8, 9]),
  ];
  const fewer = features.filter(({ drift }) => drift === 'too few');
  if (fewer.length > 0) {
    const named = fewer
      .slice(0, MOST_NAMED)
      .map(({ feature, reference, current }) => `${feature} (${reference} → ${current})`);
    const values = { count: minCount, features: named.join(', '), more: fewer.length - named.length };
    parts.push(
      `\n${
        values.more > 0
          ? t('Too few values (--min-count {count}): {features}, and {more} more', values)
          : t('Too few values (--min-count {count}): {features}', values)
      }\n`,
    );
  }
  const many = features.filter(({ drift }) => drift === 'too many').map(({ feature }) => feature);
  if (many.length > 0)
    parts.push(`\n${t('Texts with too many different values: {features}', { features: many.join(', ') })}\n`);
  return parts.join('');
}

const formatNumber = (value: number): string => String(Number(value.toPrecision(4)));
const formatShare = (share: number): string => `${(share * 100).toFixed(1)}%`;
