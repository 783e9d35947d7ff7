import { join } from 'node:path';
import { type Check, ok } from '../checks/result.ts';
import type { LoadedConfig } from '../config/load.ts';
import { configureComponents, createEntryParser, createPluginChain, nameState } from '../create-pipeline.ts';
import { t } from '../terminal/messages.ts';
import { sinkFlags, sourceFlags } from './config-flags.ts';
import { defineCommand } from './define.ts';
import { describeRoute, orFailed, tellChecks } from './tell-checks.ts';

/** `check`: is everything there that a run needs, and as it should be; what is not, and what to do about it. */
export const command = defineCommand({
  flags: { ...sourceFlags(), ...sinkFlags() },
  exitCodes: { 0: 'nothing failed (there may be warnings)', 1: 'something failed' },
  run: (context) => tellChecks(runChecks(context.load), context),
});

async function* runChecks(load: () => LoadedConfig): AsyncGenerator<Check> {
  const make = async () => {
    const loaded = load();
    const { config } = loaded;
    return { config, ...configureComponents(config), plugins: await createPluginChain(loaded) };
  };
  const made = await orFailed('configuration', make, t('Put that right and check again'));
  if ('state' in made) return yield made;
  const { config, source, sink, plugins } = made;
  const { source: name } = config.pipeline;
  yield ok('configuration', describeRoute(config.pipeline, source.address, sink.address));
  const contents = await source.probe();
  if ('state' in contents) yield contents;
  else {
    const { checkContents } = await import('../checks/check-source.ts');
    const parse = createEntryParser(config, plugins.formats);
    yield* checkContents(config, { name, address: source.address, contents }, parse);
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
