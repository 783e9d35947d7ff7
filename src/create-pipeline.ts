import { Checkpoint } from './checkpoint.ts';
import type { ConfiguredSink, ConfiguredSource } from './component.ts';
import type { LoadedConfig } from './config/load.ts';
import type { Config } from './config/schema.ts';
import { DeadLetters } from './dead-letters.ts';
import { Filter } from './filter.ts';
import { parseEntry } from './parse.ts';
import { PluginChain } from './plugin-chain.ts';
import { loadPlugins } from './plugin-loader.ts';
import { findDefinition, SINKS, SOURCES } from './registry.ts';
import { suffixReader } from './rotation.ts';
import type { Stages } from './stages.ts';
import { timestampReader } from './timestamp.ts';
import { SidecarError } from './util/errors.ts';

/** Picks source and sink, and configures them. Throws `SidecarError` (`config`) for what can't work. */
export function configureComponents(config: Config): { source: ConfiguredSource; sink: ConfiguredSink } {
  const { pipeline } = config;
  return {
    source: findDefinition(SOURCES, pipeline.source).configure(config),
    sink: findDefinition(SINKS, pipeline.sink).configure(config),
  };
}

/** The stages of a configuration, and the names of its two ends. */
export interface Assembly {
  stages: Stages;
  sourceAddress: string;
  sinkAddress: string;
}

/** Makes the stages of a pipeline; reaches out to no server yet. Throws `SidecarError` for what can't work. */
export async function assemble({ config, base }: LoadedConfig, follow: boolean): Promise<Assembly> {
  const { pipeline, indices } = config;
  const { source, sink } = configureComponents(config);
  const stages: Stages = {
    source: await source.create(follow),
    parse: createEntryParser(config),
    plugins: await pluginChain({ config, base }),
    sink: await sink.create(follow),
    checkpoint: new Checkpoint(
      config.state.path,
      `${pipeline.source} ${source.address} to ${pipeline.sink} ${sink.address} ${indices.prefix}`,
    ),
    deadLetters: new DeadLetters(config.dead_letters.path, config.dead_letters.max_bytes),
  };
  return { stages, sourceAddress: source.address, sinkAddress: sink.address };
}

/** Creates the reader of entries that the configuration asks for; it throws for one that is too large. */
export function createEntryParser({ pipeline, limits }: Config): Stages['parse'] {
  const options = { readTimestamp: timestampReader(pipeline.timezone), maxEntryBytes: limits.entry_bytes };
  return (entry) => parseEntry(entry, options);
}

/** The configured plugins, loaded. */
export async function pluginChain({ config, base }: LoadedConfig): Promise<PluginChain> {
  const filter = new Filter(config.pipeline.filter);
  // ELASTICSEARCH_INDEX names the index of all logs; the others keep the names of their plugins.
  const entries = config.plugins.map((entry) =>
    entry.use === 'ml-api-logs' ? { ...entry, index: entry.index ?? config.elasticsearch.index } : entry,
  );
  const { prefix, rotation } = config.indices;
  const uses = await loadPlugins(entries, base);
  return new PluginChain(uses, prefix, (event) => filter.passes(event), suffixReader(rotation));
}

/** What the index of a plugin is called. Throws `SidecarError` (`config`) where that plugin is not configured. */
export async function indexOf(loaded: LoadedConfig, plugin: string): Promise<string> {
  const index = (await pluginChain(loaded)).indexNames.get(plugin);
  if (index !== undefined) return index;
  throw new SidecarError('config', `${plugin} is not among the configured plugins, so it has no index`);
}
