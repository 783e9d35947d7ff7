import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '@elastic/elasticsearch';
import type { LoadedConfig } from '../config/load.ts';
import { createPluginChain, findIndexOf } from '../create-pipeline.ts';
import type { ElasticsearchOptions } from '../elasticsearch/client.ts';
import { openKibana } from '../kibana/kibana-client.ts';
import { t } from '../terminal/messages.ts';
import { Progress } from '../terminal/progress.ts';
import { formatTable } from '../terminal/table.ts';
import { SidecarError } from '../util/errors.ts';
import { log } from '../util/log.ts';
import { type CommandContext, defineCommand } from './define.ts';
import { withElasticsearch } from './elasticsearch.ts';
import { choice, flag, list, text, withDefault } from './options.ts';

const OPTIONS = {
  output: withDefault('./backup', text('The folder that backup_YYYYMMDD_HHMMSS is created in')),
  only: list('Only these indices, such as ml-api-logs,ml-api-perfs'),
  resume: flag('Continue the newest backup there that was interrupted'),
  format: choice(
    ['ndjson', 'parquet'],
    'parquet: one file of ml-api-message, a column for each input and result',
  ),
} as const;

type Context = CommandContext<typeof OPTIONS>;

/** `export`: the indices, and Kibana's data views and dashboards, into a folder that `import` restores. */
export const command = defineCommand({
  options: OPTIONS,
  examples: [['export --output ./backup', 'every index of the configuration']],
  notes:
    'With KIBANA_URL set, data views and dashboards are kept too. Progress is shown on a terminal. An export that was ' +
    'interrupted less than an hour ago continues where it stopped; later, the current index begins anew. Parquet ' +
    'always begins anew.',
  run: async (context) => {
    const loaded = context.load();
    const exportIndices = context.args.format === 'parquet' ? exportParquet : exportBackup;
    await withElasticsearch(loaded.config, (client, options) =>
      exportIndices(context, loaded, client, options),
    );
  },
});

async function exportBackup(
  { args, say, tell }: Context,
  loaded: LoadedConfig,
  client: Client,
  options: ElasticsearchOptions,
): Promise<void> {
  const { output, only } = args;
  const { beginExport, finishExport, findUnfinishedExport } = await import('../backup/write-backup.ts');
  const context = { client, options, kibana: openKibana(loaded.config), progress: new Progress() };
  const unfinished = await findUnfinishedExport(output);
  if (args.resume && unfinished === undefined)
    throw new SidecarError('config', `${output} holds no interrupted backup; export without --resume`);
  if (!args.resume && unfinished !== undefined)
    log.warn(`${unfinished} is not finished; export --resume continues it. This is a new one`);
  const started = performance.now();
  const names = only.length > 0 ? only : (await createPluginChain(loaded)).indices.map(({ name }) => name);
  const folder = args.resume ? unfinished! : await beginExport(context, names, output);
  const manifest = await finishExport(context, folder).catch((error) => {
    if (error instanceof SidecarError)
      error.message += `\nexport --resume --output ${output} continues ${folder}`;
    throw error;
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  tell({ folder, ...manifest });
  const rows = Object.entries(manifest.indexes).map(([name, { documents }]) => {
    const { bytes = 0 } = manifest.files[`indexes/${name}_documents.ndjson`] ?? {};
    return [name, `${documents}`, `${bytes}`];
  });
  say(
    [
      formatTable([[t('index'), t('documents'), t('bytes')], ...rows], [1, 2]),
      manifest.kibana
        ? `${t('Kibana: {dataviews} data views, {dashboards} dashboards', manifest.kibana)}\n`
        : '',
      `${t('{count} documents in {folder}, {seconds} s', { count: manifest.total_documents, folder, seconds })}\n`,
      `${t('Restore them with: ml-log-sidecar import --input {folder}', { folder })}\n`,
    ].join(''),
  );
}

async function exportParquet(
  { args, say, tell }: Context,
  loaded: LoadedConfig,
  client: Client,
  options: ElasticsearchOptions,
): Promise<void> {
  if (args.resume)
    throw new SidecarError('config', '--resume is for --format ndjson; Parquet always begins anew');
  if (args.only.length > 0)
    throw new SidecarError('config', '--only is for --format ndjson; Parquet holds ml-api-message alone');
  const { Snapshot } = await import('../elasticsearch/snapshot.ts');
  const { columnsOf, writeParquet } = await import('../backup/parquet.ts');
  const { formatStamp } = await import('../backup/write-backup.ts');
  const { createRequestError } = await import('../elasticsearch/client.ts');
  const index = await findIndexOf(loaded, 'ml-api-message');
  const { output } = args;
  const path = join(output, `${index}_${formatStamp(new Date())}.parquet`);
  const progress = new Progress();
  try {
    const snapshot = await Snapshot.open(client, options, [index]);
    const documents = (label: string) =>
      snapshot.documents({ match_all: {} }, (done, total) => progress.show(label, done, total));
    // A column's type must be known before its first value is written: the same documents are read twice.
    const columns = await columnsOf(documents(t('reading columns')));
    await mkdir(output, { recursive: true });
    const rows = await writeParquet(`${path}.part`, columns, documents(t('writing')));
    await rename(`${path}.part`, path);
    await snapshot.close();
    progress.clear();
    tell({ path, rows, columns: Object.fromEntries(columns) });
    say(`${t('{path}: {rows} rows, {columns} columns', { path, rows, columns: columns.size })}\n`);
  } catch (error) {
    progress.clear();
    throw createRequestError(options, error, `to export ${index}`);
  }
}
