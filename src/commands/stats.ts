import { createPluginChain } from '../create-pipeline.ts';
import { type Figures, type IndexFigures, queryFigures } from '../elasticsearch/statistics.ts';
import { t } from '../terminal/messages.ts';
import { formatTable } from '../terminal/table.ts';
import { defineCommand } from './define.ts';
import { withElasticsearch } from './elasticsearch.ts';
import { time } from './options.ts';

/** `stats`: what the indices hold, and the documented aggregates of it. */
export const command = defineCommand({
  options: {
    since: time('Aggregate only what came since then, such as 90m, 24h or 2026-11-24; all time by default'),
  },
  run: async ({ args, load, say, tell }) => {
    const loaded = load();
    const plugins = await createPluginChain(loaded);
    const found = await withElasticsearch(loaded.config, (client) =>
      queryFigures(client, plugins, args.since),
    );
    say(formatFigures(found));
    tell(found);
  },
});

function formatFigures({ since, indices, ...parts }: Figures): string {
  const lines = [
    formatTable([INDEX_HEAD.map((name) => t(name)), ...indices.map(formatIndex)], [1, 2, 4, 5]) +
      `${t('"per hour" is the mean from the oldest document to the newest.')}\n`,
    `${since === null ? t('Of all time:') : t('Since {time}:', { time: since })}\n`,
    formatTable([
      [t('latency'), formatLatency(parts.latency_ms)],
      [t('error rate'), formatErrorRate(parts.calls)],
      [t('predictions'), formatPredictions(parts.predictions)],
    ]),
  ];
  const { top_functions: functions } = parts;
  if (functions && functions.length > 0) {
    const rows = functions.map((each) => [
      each.function_name,
      each.filename ?? '',
      String(each.profiles),
      String(each.calls),
      each.total_ms.toFixed(1),
      each.mean_ms.toFixed(2),
    ]);
    lines.push(formatTable([FUNCTIONS_HEAD.map((name) => t(name)), ...rows], [2, 3, 4, 5]));
  }
  return lines.join('\n');
}

const INDEX_HEAD = ['index', 'documents', 'size', 'newest (UTC)', 'per hour', 'last hour'] as const;
const FUNCTIONS_HEAD = ['costly functions', 'file', 'profiles', 'calls', 'total ms', 'mean ms'] as const;

function formatIndex({
  index,
  parts,
  documents,
  bytes,
  newest,
  per_hour,
  last_hour,
}: IndexFigures): string[] {
  if (parts === 0) return [index, '-', '-', t('not there yet'), '-', '-'];
  const time = newest === null ? '-' : newest.slice(0, 19).replace('T', ' ');
  const rate = per_hour === null ? '-' : per_hour < 10 ? per_hour.toFixed(1) : String(Math.round(per_hour));
  return [index, String(documents), formatSize(bytes), time, rate, String(last_hour)];
}

/** Bytes as people read them: `91.2 kB`. */
function formatSize(bytes: number | null): string {
  if (bytes === null) return '-';
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const n = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${(bytes / 1000 ** n).toFixed(n === 0 ? 0 : 1)} ${units[n]}`;
}

const formatPercent = (share: number): string => `${(share * 100).toFixed(1)} %`;

function formatLatency(figures: Figures['latency_ms']): string {
  if (!figures || figures.measured === 0) return t('nothing was measured');
  const { measured, ...values } = figures;
  const texts = Object.entries(values).map(([name, value]) => `${name} ${(value ?? 0).toFixed(1)} ms`);
  return t('{figures} ({count} measured)', { figures: texts.join(', '), count: measured });
}

function formatErrorRate(calls: Figures['calls']): string {
  if (!calls || calls.error_rate === null) return t('no calls');
  const { total, client_errors, server_errors, error_rate } = calls;
  return t('{share} of {total} calls: {client} answered 4xx, {server} answered 5xx', {
    share: formatPercent(error_rate),
    total,
    client: client_errors,
    server: server_errors,
  });
}

function formatPredictions(found: Figures['predictions']): string {
  if (!found || found.length === 0) return t('none');
  return found.map(({ label, count, share }) => `${label} ${count} (${formatPercent(share)})`).join(', ');
}
