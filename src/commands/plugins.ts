import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { createPluginChain } from '../create-pipeline.ts';
import { loadPlugins } from '../plugin-loader.ts';
import { t, translateTitle } from '../terminal/messages.ts';
import { SidecarError } from '../util/errors.ts';
import { isObject, parseJson } from '../util/json.ts';
import { defineCommand } from './define.ts';
import { flag, required, text } from './options.ts';

const newCommand = defineCommand({
  options: {
    name: required(text('A name such as ml-api-errors')),
    format: flag('A format, which reads entries, instead of a plugin with an index'),
  },
  positionals: ['name'],
  run: async ({ args: { name, format }, say, tell }) => {
    if (!/^[a-z][a-z0-9-]*$/.test(name)) {
      throw new SidecarError(
        'config',
        `"${name}" is not a name for a plugin: use small letters, digits and dashes, such as ml-api-errors`,
      );
    }
    const files = {
      [join('plugins', `${name}.ts`)]: format ? writeFormatSkeleton(name) : writeSkeleton(name),
      [join('test', 'plugins', `${name}.test.ts`)]: format ? writeFormatTest(name) : writeSkeletonTest(name),
    };
    for (const file of Object.keys(files)) {
      if (existsSync(file)) throw new SidecarError('config', `${file} is there already; choose another name`);
    }
    mkdirSync('plugins', { recursive: true });
    mkdirSync(join('test', 'plugins'), { recursive: true });
    Object.assign(files, writeModuleMarks());
    for (const [file, text] of Object.entries(files)) writeFileSync(file, text);
    const written = Object.keys(files);
    // Node 22.18 and newer read TypeScript.
    const node = 'typescript' in process.features ? 'node' : 'node --import tsx';
    const list = format ? 'formats:' : 'plugins:';
    for (const file of written) say(`${t('Wrote {file}', { file })}\n`);
    say(`${t('Test it: {node} --test {file}', { node, file: written[1] as string })}\n`);
    say(
      `${t('Switch it on: put `- use: {file}` first under {list} in configs/pipeline.yaml', { file: `../plugins/${name}.ts`, list })}\n`,
    );
    tell({ written });
  },
});

/** `plugins`: what is loaded; `plugins new`: a skeleton to start from. */
export const command = defineCommand({
  commands: [['new <name>', 'Write plugins/<name>.ts and its test, ready to run', newCommand]],
  run: async ({ load, say, tell }) => {
    const loaded = load();
    // The chain checks options and index names, as a run would.
    const { indexNames } = await createPluginChain(loaded);
    const { plugins, formats } = loaded.config;
    const uses = await loadPlugins([...plugins, ...formats], loaded.base);
    const rows = uses.map(({ plugin, index }, n) => ({
      name: plugin.name,
      kind: n < plugins.length ? 'plugin' : 'format',
      index: index ?? indexNames.get(plugin.name) ?? null,
      events: plugin.index ? (plugin.index.filtered === false ? 'all' : 'filtered') : 'all',
      description: plugin.description ?? '',
    }));
    tell(rows);
    const width = Math.max(...rows.map((row) => row.name.length));
    for (const { name, kind, index, events, description } of rows) {
      const where = index
        ? t(events === 'all' ? 'all events to {index}' : 'filtered events to {index}', { index })
        : t(kind === 'plugin' ? 'reshapes events' : 'reads entries');
      say(`${name.padEnd(width)}  ${where}${description && `: ${translateTitle(description)}`}\n`);
    }
  },
});

/**
 * The files that make plugins and their tests ES modules, where the project's package.json does not say that its files are
 * (npm writes `"type": "commonjs"`): Node would not load them, nor TypeScript compile them (TS1295).
 */
export function writeModuleMarks(): Record<string, string> {
  if (isModule(resolve('.'))) return {};
  const marks = ['plugins', join('test', 'plugins')].map((folder) => join(folder, 'package.json'));
  return Object.fromEntries(
    marks.filter((file) => !existsSync(file)).map((file) => [file, '{ "type": "module" }\n']),
  );
}

/** Whether the files of a folder are ES modules, by the nearest package.json. */
function isModule(folder: string): boolean {
  const file = join(folder, 'package.json');
  if (existsSync(file)) {
    const settings = parseJson(readFileSync(file, 'utf8'));
    return isObject(settings) && settings.type === 'module';
  }
  return folder !== dirname(folder) && isModule(dirname(folder));
}

/** A plugin to start from. */
export function writeSkeleton(name: string): string {
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

/** Its test. */
export function writeSkeletonTest(name: string): string {
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

function writeFormatSkeleton(name: string): string {
  return `import { definePlugin } from 'ml-log-sidecar/plugin';

const LINE = /^<(?<level>\\w+)> at (?<time>\\S+ \\S+): (?<message>.*)$/s;

/** Lines such as \`<warn> at 2026-11-24 19:26:39: the queue is long\`. */
export default definePlugin({
  name: '${name}',
  description: 'lines with the level first',
  create: () => ({
    parse(entry) {
      const parts = typeof entry === 'string' ? LINE.exec(entry)?.groups : undefined;
      return parts && { time: parts.time, level: parts.level, message: parts.message! };
    },
  }),
});
`;
}

function writeFormatTest(name: string): string {
  return `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readEntry } from 'ml-log-sidecar/testing';
import format from '../../plugins/${name}.ts';

test('${name} reads time, level and message', () => {
  const event = readEntry(format, '<warn> at 2026-11-24 19:26:39: the queue is long');
  assert.deepEqual(
    [event?.timestamp, event?.level, event?.message],
    ['2026-11-24T19:26:39.000Z', 'WARNING', 'the queue is long'],
  );
  assert.equal(readEntry(format, 'something else'), undefined);
});
`;
}
