import type { Refusal } from '../backup/restore.ts';
import { elasticsearchOptions } from '../elasticsearch/options.ts';
import { kibanaOptions } from '../kibana/kibana-client.ts';
import { Progress } from '../terminal/progress.ts';
import { table } from '../terminal/table.ts';
import { EXIT } from '../util/errors.ts';
import { log } from '../util/log.ts';
import { COMMON_FLAGS, type Command, configFrom, listOf, yargsOptions } from './options.ts';

/** With `--json`, so many refused documents are listed; all are counted, and logged on stderr. */
const MOST_LISTED = 1_000;

/** `import`: what `export` wrote, back into Elasticsearch and Kibana. */
export const importCommand: Command = {
  builder: (yargs) =>
    yargs
      .options(yargsOptions(COMMON_FLAGS))
      .option('input', {
        type: 'string',
        demandOption: true,
        requiresArg: true,
        describe: 'The backup: a folder backup_YYYYMMDD_HHMMSS',
      })
      .option('only', {
        type: 'string',
        requiresArg: true,
        describe: 'Only these indices, such as ml-api-logs,ml-api-perfs',
      })
      .option('rename', {
        type: 'string',
        requiresArg: true,
        describe:
          'FROM=TO, and more with commas: under another name; ml-api-*=restored-* for all that begin so',
      })
      .option('json', { type: 'boolean', default: false, describe: 'Print one JSON object' })
      .example('$0 import --input ./backup/backup_20251122_103000', 'everything')
      .example(
        '$0 import --input … --only ml-api-logs --rename ml-api-logs=restored-logs',
        'one, beside the other',
      )
      .epilogue(
        "Checksums are verified before anything is written. With KIBANA_URL set, data views and dashboards are put back, unless --only or --rename is given. Exit codes: 0 done, 1 something was refused (each document is named on stderr, with Elasticsearch's reason), 2 wrong usage, configuration or backup, 3 a server could not be reached.",
      ),
  handler: async (args) => {
    const { config } = configFrom(args, COMMON_FLAGS);
    const options = elasticsearchOptions(config, false);
    const { ElasticsearchSink } = await import('../sinks/elasticsearch.ts');
    const { elasticsearchClient } = await import('../elasticsearch/client.ts');
    const { importBackup } = await import('../backup/restore.ts');
    const { Kibana } = await import('../kibana/kibana-client.ts');
    const kibana = kibanaOptions(config);
    const client = elasticsearchClient(options);
    const sink = new ElasticsearchSink(options);
    const progress = new Progress();
    const refused: Refusal[] = [];
    try {
      const context = {
        client,
        options,
        sink,
        progress,
        prefix: config.indices.prefix,
        kibana: kibana && new Kibana(kibana),
        onRefused: (refusal: Refusal) => {
          progress.clear();
          log.error(`${refusal.index} refused ${refusal.id}: ${refusal.reason}`);
          if (refused.length < MOST_LISTED) refused.push(refusal);
        },
      };
      const choice = { only: listOf(args.only), rename: listOf(args.rename) };
      const { indexes, kibana: objects } = await importBackup(context, String(args.input), choice);
      const results = Object.entries(indexes);
      if (results.some(([, { error, refused }]) => error !== undefined || refused > 0))
        process.exitCode = EXIT.deadLetters;
      if (args.json)
        return void process.stdout.write(
          `${JSON.stringify({ input: args.input, indexes, kibana: objects, refused })}\n`,
        );
      const rows = results.map(([name, { stored, existing, refused }]) =>
        [name, stored, existing, refused].map(String),
      );
      process.stdout.write(table([['index', 'stored', 'already there', 'refused'], ...rows], [1, 2, 3]));
      for (const [name, { error }] of results)
        if (error !== undefined)
          process.stdout.write(
            `${name}: nothing was imported: ${error}. Import it under another name with --rename\n`,
          );
      if (objects !== undefined) process.stdout.write(`Kibana: ${objects} objects\n`);
    } finally {
      progress.clear();
      await sink.close();
      await client.close();
    }
  },
};
