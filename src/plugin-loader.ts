import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, isAbsolute, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { SHIPPED_FORMATS } from './formats/shipped.ts';
import type { Plugin } from './plugin.ts';
import type { PluginUse } from './plugin-chain.ts';
import { reasonOf, SidecarError } from './util/errors.ts';
import type { JsonObject } from './util/json.ts';
import { importOptional } from './util/optional-package.ts';
import { stampOf } from './util/stamp.ts';

/** The plugins that ship; each is a file of that name in `plugins/`. */
export const SHIPPED_PLUGINS = [
  'redact',
  'ml-api-logs',
  'ml-api-message',
  'ml-api-perfs',
  'ml-api-top-func',
] as const;

/** One item of `plugins:` in the configuration. */
export interface PluginEntry {
  /** A shipped plugin's name, or the path of a TypeScript or JavaScript file. */
  use: string;
  /** Another name for the plugin's index. */
  index?: string | undefined;
  options?: JsonObject | undefined;
}

/**
 * Loads the plugins of a configuration; `base` is the folder that relative paths start from. TypeScript files are
 * loaded as they are, on every Node. Throws `SidecarError` (`plugin`) that names the entry.
 */
export async function loadPlugins(entries: readonly PluginEntry[], base: string): Promise<PluginUse[]> {
  const uses: PluginUse[] = [];
  for (const entry of entries) {
    const plugin = await loadPlugin(entry.use, base);
    // A format may be asked twice, with other options.
    const isFormat = formatOf(entry.use) !== undefined;
    if (!isFormat && uses.some((use) => use.plugin.name === plugin.name && use.index === entry.index)) {
      throw new SidecarError(
        'plugin',
        `plugin ${plugin.name} is listed twice; remove one, or give one another \`index:\``,
      );
    }
    const shipped = isShippedPlugin(entry.use);
    uses.push({ plugin, options: entry.options ?? {}, index: entry.index, shipped });
  }
  return uses;
}

async function loadPlugin(use: string, base: string): Promise<Plugin> {
  const format = formatOf(use);
  if (format) return format;
  const shipped = isShipped(use);
  if (!shipped && !/[./\\]/.test(use)) {
    const known = [...SHIPPED_PLUGINS, ...SHIPPED_FORMATS.map(({ name }) => name)];
    throw new SidecarError(
      'plugin',
      `there is no plugin "${use}": the shipped ones are ${known.join(', ')}; one of your own is a path, such as ./plugins/${use}.ts`,
    );
  }
  const path = shipped ? fileURLToPath(shippedUrl(use)) : isAbsolute(use) ? use : resolve(base, use);
  if (!existsSync(path)) throw new SidecarError('plugin', `plugin "${use}": there is no file ${path}`);
  let module: { default?: unknown };
  try {
    module = shipped ? await import(pathToFileURL(path).href) : await importModule(path);
  } catch (cause) {
    const hint =
      // Without `"type": "module"` beside it, a file's imports are CommonJS's.
      /^(ERR_)?MODULE_NOT_FOUND$/.test(String((cause as NodeJS.ErrnoException).code))
        ? `; run \`npm install\` in ${dirname(path)} for what it imports`
        : '';
    throw new SidecarError(
      'plugin',
      `plugin "${use}" could not be loaded: ${reasonOf(cause)}${placeOf(cause)}${hint}`,
      {
        cause,
      },
    );
  }
  // Where no package.json says `"type": "module"`, the file's exports arrive one level deeper.
  const exported = module.default as { default?: unknown } | undefined;
  const plugin = (exported?.default ?? exported) as Partial<Plugin> | undefined;
  if (typeof plugin?.name !== 'string' || typeof plugin.create !== 'function') {
    throw new SidecarError(
      'plugin',
      `plugin "${use}" (${path}) must \`export default definePlugin({ name, create })\``,
    );
  }
  return plugin as Plugin;
}

/** Whether a plugin or format of this name ships. */
export function isShippedPlugin(use: string): boolean {
  return isShipped(use) || formatOf(use) !== undefined;
}

function formatOf(use: string): Plugin | undefined {
  return SHIPPED_FORMATS.find(({ name }) => name === use);
}

function isShipped(use: string): boolean {
  return (SHIPPED_PLUGINS as readonly string[]).includes(use);
}

/** The file beside this one: TypeScript where this runs from source, JavaScript where it was built. */
function shippedUrl(name: string): URL {
  const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return new URL(`../plugins/${name}.${ending}`, import.meta.url);
}

/** Where a file's syntax is wrong: Node tells it in the first line of the stack only. */
function placeOf(cause: unknown): string {
  const [, place] =
    (cause instanceof SyntaxError && /^(?:file:\/\/)?(\/.*:\d+)\n/.exec(cause.stack ?? '')) || [];
  return place === undefined ? '' : ` (${place})`;
}

/** Node's error codes for TypeScript it can't load itself: all of it before 22.18, later only what types alone don't cover, such as enums. */
const NEEDS_TSX = new Set(['ERR_UNKNOWN_FILE_EXTENSION', 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX']);

/** Modules that Node itself was asked for, and keeps as they were, with the stamps of their folders then. */
const kept = new Map<string, string>();

/** Loads a module of one's own as it is now. */
async function importModule(path: string): Promise<{ default?: unknown }> {
  const url = pathToFileURL(path).href;
  let why = 'taking up a changed plugin needs tsx, which is not installed';
  const stamp = stampOf([dirname(path)]);
  const stampThen = kept.get(url) ?? stamp;
  if (stamp === stampThen) {
    kept.set(url, stamp);
    try {
      return await import(url);
    } catch (cause) {
      if (!NEEDS_TSX.has((cause as NodeJS.ErrnoException).code ?? '')) throw cause;
      why = `Node ${process.versions.node} can't read it: it takes Node 22.18 or newer, and no enums or namespaces; or tsx, which is not installed`;
    }
  }
  // tsx costs a quarter of a second to load, so only those who need it pay. Each call of it loads all modules anew, but
  // those of CommonJS that are imported by others.
  const { cache } = createRequire(import.meta.url);
  for (const key of Object.keys(cache)) if (key.includes('?namespace=')) delete cache[key];
  const { tsImport } = await importOptional(() => import('tsx/esm/api'), why, 'tsx@4');
  // So that what it throws names lines as they are written.
  process.setSourceMapsEnabled(true);
  return tsImport(url, import.meta.url);
}
