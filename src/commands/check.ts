import { join } from 'node:path';
import { type Check, failed, ok } from '../checks/result.ts';
import type { LoadedConfig } from '../config/load.ts';
import { configureComponents, createEntryParser, createPluginChain, nameState } from '../create-pipeline.ts';
import type { PluginChain } from '../plugin-chain.ts';
import { quote, t } from '../terminal/messages.ts';
import { SidecarError } from '../util/errors.ts';
import { sinkFlags, sourceFlags } from './config-flags.ts';
import { defineCommand } from './define.ts';
import { describeRoute, tellChecks } from './tell-checks.ts';

/** `check`: is everything there that a run needs, and as it should be; what is not, and what to do about it. */
export const command = defineCommand({
  flags: { ...sourceFlags(), ...sinkFlags() },
  exitCodes: { 0: 'nothing failed (there may be warnings)', 1: 'something failed' },
  run: (context) => tellChecks(runChecks(context.load), context),
});

async function* runChecks(load: () => LoadedConfig): AsyncGenerator<Check> {
  let loaded: LoadedConfig;
  let components: ReturnType<typeof configureComponents>;
  let plugins: PluginChain;
  try {
    loaded = load();
    components = configureComponents(loaded.config);
    plugins = await createPluginChain(loaded);
  } catch (error) {
    if (!(error instanceof SidecarError)) throw error;
    yield failed('configuration', quote(error.message), t('Put that right and check again'), 2);
    return;
  }
  const { config } = loaded;
  const { source, sink } = components;
  const { source: name } = config.pipeline;
  yield ok('configuration', describeRoute(config.pipeline, source.address, sink.address));
  const contents = await source.probe();
  if ('state' in contents) yield contents;
  else {
    const { checkContents } = await import('../checks/check-source.ts');
    const parse = createEntryParser(config, plugins.formats);
    yield* checkContents(config, { name, address: source.address, contents }, (entry) => parse(entry).event);
  }
  yield* sink.probe(plugins.indices);
  const { openKibana } = await import('../kibana/kibana-client.ts');
  const kibana = openKibana(config);
  if (kibana) {
    const { checkKibana } = await import('../checks/check-kibana.ts');
    yield await checkKibana(kibana);
  }
  const { checkPosition } = await import('../checks/check-position.ts');
  const folder = join(config.state.path, nameState(config));
  yield await checkPosition(folder, source, sink, plugins.indices);
  const { checkBuffer } = await import('../checks/check-buffer.ts');
  const { path = config.state.path, max_bytes } = config.buffer;
  yield await checkBuffer(join(path, nameState(config)), folder, max_bytes);
  const { checkFolder } = await import('../checks/check-folder.ts');
  const { checkDeadLetters } = await import('../checks/check-dead-letters.ts');
  yield await checkFolder('state', config.state.path, 'state.path');
  yield await checkDeadLetters(config);
}
