import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { readShipped } from '../config/load.ts';
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
    const files = writeSkeleton(format ? 'format' : 'plugin', name);
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

/** A plugin, or a format, to start from, and its test, by their paths. */
export function writeSkeleton(kind: 'plugin' | 'format', name: string): Record<string, string> {
  const index = name.startsWith('ml-api-') ? name : `ml-api-${name}`;
  const write = (file: string): string =>
    readShipped(`configs/skeletons/${file}`).replaceAll('NAME', name).replaceAll('INDEX', index);
  return {
    [join('plugins', `${name}.ts`)]: write(`${kind}.ts`),
    [join('test', 'plugins', `${name}.test.ts`)]: write(`${kind}.test.ts`),
  };
}
