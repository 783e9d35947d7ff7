import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '@elastic/elasticsearch';
import type { ArgumentsCamelCase } from 'yargs';
import type { LoadedConfig } from '../config/load.ts';
import { indexOf, pluginChain } from '../create-pipeline.ts';
import type { ElasticsearchOptions } from '../elasticsearch/client.ts';
import { elasticsearchOptions } from '../elasticsearch/options.ts';
import type { StoredDocument } from '../elasticsearch/snapshot.ts';
import { kibanaOptions } from '../kibana/kibana-client.ts';
import { Progress } from '../terminal/progress.ts';
import { table } from '../terminal/table.ts';
import { SidecarError } from '../util/errors.ts';
import { log } from '../util/log.ts';
import { COMMON_FLAGS, type Command, configFrom, listOf, yargsOptions } from './options.ts';

/** `export`: the indices, and Kibana's data views and dashboards, into a folder that `import` restores. */
export const exportCommand: Command = {
  builder: (yargs) =>
    yargs
      .options(yargsOptions(COMMON_FLAGS))
      .option('output', {
        type: 'string',
        default: './backup',
        requiresArg: true,
        describe: 'The folder that backup_YYYYMMDD_HHMMSS is made in',
      })
      .option('only', {
        type: 'string',
        requiresArg: true,
        describe: 'Only these indices, such as ml-api-logs,ml-api-perfs',
      })
      .option('resume', {
        type: 'boolean',
        default: false,
        describe: 'Go on with the newest backup there that was broken off',
      })
      .option('format', {
        choices: ['ndjson', 'parquet'] as const,
        default: 'ndjson' as const,
        requiresArg: true,
        describe: 'parquet: one file of ml-api-message, a column for each input and result',
      })
      .option('json', { type: 'boolean', default: false, describe: 'Print one JSON object' })
      .example('$0 export --output ./backup', 'every index of the configuration')
      .epilogue(
        'With KIBANA_URL set, data views and dashboards are kept too. Progress is shown on a terminal. An export that was ' +
          'broken off goes on where it was, if that is less than an hour ago; later, the index in hand begins anew. ' +
          'Parquet always begins anew. Exit codes: 0 done, 2 wrong usage or configuration, 3 a server or folder ' +
          'could not be reached.',
      ),
  handler: async (args) => {
    const loaded = configFrom(args, COMMON_FLAGS);
    const options = elasticsearchOptions(loaded.config, false);
    const { elasticsearchClient } = await import('../elasticsearch/client.ts');
    const client = elasticsearchClient(options);
    try {
      if (args.format === 'parquet') await toParquet(args, loaded, client, options);
      else await toBackup(args, loaded, client, options);
    } finally {
      await client.close();
    }
  },
};

async function toBackup(
  args: ArgumentsCamelCase,
  loaded: LoadedConfig,
  client: Client,
  options: ElasticsearchOptions,
): Promise<void> {
  const output = String(args.output);
  const { beginExport, finishExport, unfinishedExport } = await import('../backup/write-backup.ts');
  const { Kibana } = await import('../kibana/kibana-client.ts');
  const kibana = kibanaOptions(loaded.config);
  const context = {
    client,
    options,
    kibana: kibana && new Kibana(kibana),
    progress: new Progress(),
  };
  const unfinished = await unfinishedExport(output);
  if (args.resume && unfinished === undefined)
    throw new SidecarError(
      'config',
      `${output} holds no backup that was broken off; export without --resume`,
    );
  if (!args.resume && unfinished !== undefined)
    log.warn(`${unfinished} is not finished; export --resume goes on with it. This is a new one`);
  const started = performance.now();
  const only = listOf(args.only);
  const names = only.length > 0 ? only : (await pluginChain(loaded)).indices.map(({ name }) => name);
  const folder = args.resume ? unfinished! : await beginExport(context, names, output);
  const manifest = await finishExport(context, folder).catch((error) => {
    if (error instanceof SidecarError)
      error.message += `\nexport --resume --output ${output} goes on with ${folder}`;
    throw error;
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  if (args.json) return void process.stdout.write(`${JSON.stringify({ folder, ...manifest })}\n`);
  const rows = Object.entries(manifest.indexes).map(([name, { documents }]) => {
    const { bytes = 0 } = manifest.files[`indexes/${name}_documents.ndjson`] ?? {};
    return [name, `${documents}`, `${bytes}`];
  });
  process.stdout.write(
    [
      table([['index', 'documents', 'bytes'], ...rows], [1, 2]),
      manifest.kibana
        ? `Kibana: ${manifest.kibana.dataviews} data views, ${manifest.kibana.dashboards} dashboards\n`
        : '',
      `${manifest.total_documents} documents in ${folder}, ${seconds} s\n`,
      `Restore them with: ml-log-sidecar import --input ${folder}\n`,
    ].join(''),
  );
}

async function toParquet(
  args: ArgumentsCamelCase,
  loaded: LoadedConfig,
  client: Client,
  options: ElasticsearchOptions,
): Promise<void> {
  if (args.resume) throw new SidecarError('config', '--resume is for --format ndjson; Parquet begins anew');
  if (args.only !== undefined)
    throw new SidecarError(
      'config',
      '--only is for --format ndjson; Parquet is made of ml-api-message alone',
    );
  const { Snapshot } = await import('../elasticsearch/snapshot.ts');
  const { columnsOf, writeParquet } = await import('../backup/parquet.ts');
  const { stamp } = await import('../backup/write-backup.ts');
  const { requestError } = await import('../elasticsearch/client.ts');
  const index = await indexOf(loaded, 'ml-api-message');
  const output = String(args.output);
  const path = join(output, `${index}_${stamp(new Date())}.parquet`);
  const progress = new Progress();
  try {
    const snapshot = await Snapshot.open(client, options, [index]);
    const total = await snapshot.count({ match_all: {} });
    const documents = async function* (label: string): AsyncGenerator<StoredDocument> {
      let done = 0;
      for await (const page of snapshot.pages({ match_all: {} })) {
        yield* page.documents;
        done += page.documents.length;
        progress.show(label, done, total);
      }
    };
    // A column's type must be known before its first value is written: the same documents are read twice.
    const columns = await columnsOf(documents('reading columns'));
    await mkdir(output, { recursive: true });
    const rows = await writeParquet(`${path}.part`, columns, documents('writing'));
    await rename(`${path}.part`, path);
    await snapshot.close();
    progress.clear();
    if (args.json)
      process.stdout.write(`${JSON.stringify({ path, rows, columns: Object.fromEntries(columns) })}\n`);
    else process.stdout.write(`${path}: ${rows} rows, ${columns.size} columns\n`);
  } catch (error) {
    progress.clear();
    throw requestError(options, error, `to export ${index}`);
  }
}
