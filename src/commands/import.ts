import type { RefusedDocument } from '../backup/restore.ts';
import { openKibana } from '../kibana/kibana-client.ts';
import { t } from '../terminal/messages.ts';
import { Progress } from '../terminal/progress.ts';
import { formatTable } from '../terminal/table.ts';
import { EXIT } from '../util/errors.ts';
import { log } from '../util/log.ts';
import { defineCommand } from './define.ts';
import { withElasticsearch } from './elasticsearch.ts';
import { list, required, text } from './options.ts';

/** Maximum number of refused documents that `--json` lists; all are counted, and logged on stderr. */
const MOST_LISTED = 1_000;

/** `import`: what `export` wrote, back into Elasticsearch and Kibana. */
export const command = defineCommand({
  options: {
    input: required(text('The backup: a folder backup_YYYYMMDD_HHMMSS')),
    only: list('Only these indices, such as ml-api-logs,ml-api-perfs'),
    rename: list(
      'FROM=TO, and more with commas: under another name; ml-api-*=restored-* for all that begin so',
    ),
  },
  examples: [
    ['import --input ./backup/backup_20251122_103000', 'everything'],
    ['import --input … --only ml-api-logs --rename ml-api-logs=restored-logs', 'one, beside the other'],
  ],
  notes:
    'Checksums are verified before anything is written. With KIBANA_URL set, data views and dashboards are restored, ' +
    'unless --only or --rename is given.',
  exitCodes: {
    [EXIT.deadLetters]:
      "something was refused (each document is named on stderr, with Elasticsearch's reason)",
    [EXIT.usage]: 'wrong usage, configuration or backup',
  },
  run: async ({ args, load, say, tell }) => {
    const { config } = load();
    const { ElasticsearchSink } = await import('../sinks/elasticsearch.ts');
    const { importBackup } = await import('../backup/restore.ts');
    const { input, only, rename } = args;
    return withElasticsearch(config, async (client, options) => {
      const sink = new ElasticsearchSink(options);
      const progress = new Progress();
      const refused: RefusedDocument[] = [];
      try {
        const context = {
          client,
          options,
          sink,
          progress,
          prefix: config.indices.prefix,
          kibana: openKibana(config),
          onRefused: (refusal: RefusedDocument) => {
            progress.clear();
            log.error(`${refusal.index} refused ${refusal.id}: ${refusal.reason}`);
            if (refused.length < MOST_LISTED) refused.push(refusal);
          },
        };
        const { indexes, kibana: objects } = await importBackup(context, input, { only, rename });
        const results = Object.entries(indexes);
        tell({ input, indexes, kibana: objects, refused });
        const rows = results.map(([name, { stored, existing, refused }]) =>
          [name, stored, existing, refused].map(String),
        );
        say(formatTable([[t('index'), t('stored'), t('already there'), t('refused')], ...rows], [1, 2, 3]));
        for (const [index, { error: reason }] of results)
          if (reason !== undefined)
            say(
              `${t('{index}: nothing was imported: {reason}. Import it under another name with --rename', { index, reason })}\n`,
            );
        if (objects !== undefined) say(`${t('Kibana: {count} objects', { count: objects })}\n`);
        const isComplete = results.every(([, { error, refused }]) => error === undefined && refused === 0);
        return isComplete ? EXIT.ok : EXIT.deadLetters;
      } finally {
        progress.clear();
        await sink.close();
      }
    });
  },
});
