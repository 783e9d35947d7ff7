import { isAbsolute, resolve } from 'node:path';
import { type Check, ok } from '../checks/result.ts';
import type { LoadedConfig } from '../config/load.ts';
import { configureComponents, createPluginChain } from '../create-pipeline.ts';
import { isShippedPlugin } from '../plugin-loader.ts';
import { plural, quote, t } from '../terminal/messages.ts';
import { showPath } from '../util/show-path.ts';
import { configFlags, sinkFlags, sourceFlags } from './config-flags.ts';
import { defineCommand } from './define.ts';
import { describeRoute, orFailed, tellChecks } from './tell-checks.ts';

/** `validate`: whether configuration and plugins can work, without any server. */
export const command = defineCommand({
  flags: { ...sourceFlags(), ...sinkFlags(), ...configFlags('alerts.file') },
  exitCodes: { 0: 'all is valid', 2: 'something is not' },
  notes: 'No server is asked: `check` does that.',
  run: (context) => tellChecks(runValidations(context.load), context),
});

/** Each behind those that it builds on; what can't be told any more is left out. */
async function* runValidations(load: () => LoadedConfig): AsyncGenerator<Check> {
  const loaded = await attempt('configuration', async () => {
    const found = load();
    return { found, components: configureComponents(found.config) };
  });
  if ('state' in loaded) return yield loaded;
  const { found, components } = loaded;
  const { config, base, file } = found;
  const { source, sink } = components;
  const route = describeRoute(config.pipeline, source.address, sink.address);
  yield ok('configuration', quote(`${showPath(file)}: ${route}`));
  const chain = await attempt('plugins', () => createPluginChain(found));
  if ('state' in chain) yield chain;
  else {
    const { plugins, formats } = config;
    const names = plugins.map(({ use }) => use).join(', ');
    yield ok(
      'plugins',
      t('{plugins}, and {formats}', { plugins: names, formats: plural(formats.length, 'format') }),
    );
    const { checkMappings } = await import('../checks/check-mappings.ts');
    for (const index of chain.indices) yield checkMappings(index);
  }
  const own = [...config.plugins, ...config.formats]
    .map(({ use }) => use)
    .filter((use) => !isShippedPlugin(use) && /\.[mc]?ts$/.test(use))
    .map((use) => (isAbsolute(use) ? use : resolve(base, use)));
  const { checkTypes } = await import('../checks/check-types.ts');
  yield await checkTypes(own, process.cwd());
  const { loadRules } = await import('../alerts/rules.ts');
  const rules = await attempt('alerts', async () => loadRules(config));
  yield 'state' in rules ? rules : ok('alerts', t('{count} alerts', { count: rules.length }));
}

const attempt = <T extends object>(name: string, make: () => Promise<T>): Promise<T | Check> =>
  orFailed(name, make, t('Put that right and validate again'));
