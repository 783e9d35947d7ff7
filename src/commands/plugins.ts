import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CommandModule } from 'yargs';
import { pluginChain } from '../create-pipeline.ts';
import { loadPlugins } from '../plugin-loader.ts';
import { SidecarError } from '../util/errors.ts';
import { COMMON_FLAGS, type Command, configFrom, yargsOptions } from './options.ts';

/** `plugins`: what is loaded; `plugins new`: a skeleton to start from. */
export const pluginsCommand: Command = {
  builder: (yargs) =>
    yargs
      .command(newCommand)
      .options(yargsOptions(COMMON_FLAGS))
      .option('json', { type: 'boolean', default: false, describe: 'Print a JSON array' }),
  handler: async (args) => {
    const loaded = configFrom(args, COMMON_FLAGS);
    // The chain checks options and index names, as a run would.
    await pluginChain(loaded);
    const { plugins, formats } = loaded.config;
    const uses = await loadPlugins([...plugins, ...formats], loaded.base);
    const rows = uses.map(({ plugin, index }, n) => ({
      name: plugin.name,
      kind: n < plugins.length ? 'plugin' : 'format',
      index: index ?? plugin.index?.name ?? null,
      events: plugin.index ? (plugin.index.filtered === false ? 'all' : 'filtered') : 'all',
      description: plugin.description ?? '',
    }));
    if (args.json) return void process.stdout.write(`${JSON.stringify(rows)}\n`);
    const width = Math.max(...rows.map((row) => row.name.length));
    for (const { name, kind, index, events, description } of rows) {
      const where = index
        ? `${events} events to ${index}`
        : kind === 'plugin'
          ? 'reshapes events'
          : 'reads entries';
      process.stdout.write(`${name.padEnd(width)}  ${where}${description ? `: ${description}` : ''}\n`);
    }
  },
};

const newCommand: CommandModule = {
  command: 'new <name>',
  describe: 'Write plugins/<name>.ts and its test, ready to run',
  builder: (yargs) =>
    yargs.positional('name', { type: 'string', demandOption: true, describe: 'Such as ml-api-errors' }),
  handler: ({ name }) => {
    const plugin = String(name);
    if (!/^[a-z][a-z0-9-]*$/.test(plugin)) {
      throw new SidecarError(
        'config',
        `"${plugin}" is no name for a plugin: use small letters, digits and dashes, such as ml-api-errors`,
      );
    }
    const files = {
      [join('plugins', `${plugin}.ts`)]: skeleton(plugin),
      [join('test', 'plugins', `${plugin}.test.ts`)]: skeletonTest(plugin),
    };
    for (const file of Object.keys(files)) {
      if (existsSync(file)) throw new SidecarError('config', `${file} is there already; choose another name`);
    }
    mkdirSync('plugins', { recursive: true });
    mkdirSync(join('test', 'plugins'), { recursive: true });
    for (const [file, text] of Object.entries(files)) writeFileSync(file, text);
    process.stdout.write(
      `Wrote ${Object.keys(files).join(' and ')}.\nTest it:    node --import tsx --test test/plugins/${plugin}.test.ts\nSwitch it on: add \`- use: ../plugins/${plugin}.ts\` to plugins: in configs/pipeline.yaml\n`,
    );
  },
};

function skeleton(name: string): string {
  const index = name.startsWith('ml-api-') ? name : `ml-api-${name}`;
  return `import { defineFields, definePlugin } from 'ml-log-sidecar/plugin';

const fields = defineFields({
  timestamp: { type: 'date', from: 'timestamp', required: true },
  http_path: { type: 'keyword', from: 'httpPath' },
  status_code: { type: 'short', from: 'statusCode', required: true },
});

/** \`${index}\`: calls that the API failed to answer. */
export default definePlugin({
  name: '${name}',
  description: 'calls that the API failed to answer',
  index: { name: '${index}', filtered: false, ...fields.index() },
  create: () => ({
    documents: (event) => ((event.statusCode ?? 0) < 500 ? undefined : fields.document(event)),
  }),
});
`;
}

function skeletonTest(name: string): string {
  return `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runPlugin } from 'ml-log-sidecar/testing';
import plugin from '../../plugins/${name}.ts';

test('${name} keeps failed calls only', () => {
  const documents = runPlugin(plugin, [
    '2026-11-24 19:26:39 - api - INFO - API Call - POST /predict - Status: 503 - Time: 2.5ms',
    '2026-11-24 19:26:40 - api - INFO - API Call - GET / - Status: 200 - Time: 0.5ms',
  ]);
  assert.deepEqual(
    documents.map(({ body }) => body),
    [{ timestamp: '2026-11-24T19:26:39.000Z', http_path: '/predict', status_code: 503 }],
  );
});
`;
}
