import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { DiskBuffer } from './buffer/disk-buffer.ts';
import { Journal } from './buffer/journal.ts';
import { Segments } from './buffer/segments.ts';
import type { ConfiguredSink, ConfiguredSource } from './component.ts';
import { withPrefix } from './config/index-prefix.ts';
import type { LoadedConfig } from './config/load.ts';
import type { Config } from './config/schema.ts';
import { DeadLetters } from './dead-letters.ts';
import type { Entry } from './entry.ts';
import { Filter } from './filter.ts';
import { defaultFormats } from './formats/shipped.ts';
import { createEventParser, type Format, type Parsed } from './parse.ts';
import { PluginChain } from './plugin-chain.ts';
import { loadPlugins } from './plugin-loader.ts';
import { findDefinition, SINKS, SOURCES } from './registry.ts';
import { createSuffixReader } from './rotation.ts';
import type { Stages } from './stages.ts';
import { createTimestampReader } from './timestamp.ts';
import { SidecarError } from './util/errors.ts';
import { Lock } from './util/lock.ts';

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
  /** How long logs are gathered for this sink, in ms. */
  lingerMs: number;
}

/**
 * Makes the stages of a pipeline, with the plugins that are `loaded` already, or else with those of the configuration;
 * reaches out to no server yet. Throws `SidecarError` for what can't work.
 */
export async function assemblePipeline(
  { config, base }: LoadedConfig,
  follow: boolean,
  loaded?: PluginChain,
): Promise<Assembly> {
  const { source, sink } = configureComponents(config);
  const name = nameState(config);
  const state = join(config.state.path, name);
  const { path = config.state.path, max_bytes } = config.buffer;
  const segments = new Segments(join(path, name), max_bytes);
  const journal = new Journal(join(state, 'journal'), () => segments.sync());
  const plugins = loaded ?? (await createPluginChain({ config, base }));
  const parse = createEntryParser(config, plugins.formats);
  const stages: Stages = {
    source: await source.create(follow),
    parse,
    plugins,
    sink: await sink.create(follow),
    lock: new Lock(join(state, 'lock')),
    journal,
    buffer: new DiskBuffer(segments, journal, parse, max_bytes, sink.gathers),
    deadLetters: new DeadLetters(config.dead_letters.path, config.dead_letters.max_bytes),
  };
  const { linger: lingerMs = sink.lingerMs } = config.pipeline;
  return { stages, sourceAddress: source.address, sinkAddress: sink.address, lingerMs };
}

/** What the folder of a configuration's source and sink is called within `state.path`: readable, and unique. */
export function nameState(config: Config): string {
  const { source, sink } = configureComponents(config);
  const { pipeline, indices } = config;
  const name = `${pipeline.source} ${source.address} to ${pipeline.sink} ${sink.address} ${indices.prefix}`;
  const readable = name.replace(/[^a-zA-Z0-9]+/g, '-').slice(0, 60);
  return `${readable}-${createHash('sha256').update(name).digest('hex').slice(0, 8)}`;
}

/**
 * Creates the reader of entries that the configuration asks for, by the formats that ship where no others are given; it
 * throws for an entry that is too large.
 */
export function createEntryParser(
  { pipeline, limits }: Config,
  formats: readonly Format[] = defaultFormats(),
): (entry: Entry) => Parsed {
  const readTimestamp = createTimestampReader(pipeline.timezone, pipeline.day_first);
  return createEventParser({ readTimestamp, maxEntryBytes: limits.entry_bytes, formats });
}

/** The configured plugins and formats, loaded. */
export async function createPluginChain({
  config,
  base,
}: Pick<LoadedConfig, 'config' | 'base'>): Promise<PluginChain> {
  const filter = new Filter(config.pipeline.filter);
  const { prefix, rotation } = config.indices;
  // ELASTICSEARCH_INDEX names the index of all logs; the others keep the names of their plugins.
  const allLogs = withPrefix(config.elasticsearch.index, prefix);
  const loaded = await loadPlugins([...config.plugins, ...config.formats], base);
  const uses = loaded.map((use) => {
    const { plugin, index } = use;
    if (plugin.index === undefined || index !== undefined) return use;
    if (plugin.name !== 'ml-api-logs') return { ...use, index: withPrefix(plugin.index.name, prefix) };
    if (allLogs.startsWith(prefix)) return { ...use, index: allLogs };
    throw new SidecarError(
      'config',
      `ELASTICSEARCH_INDEX: "${allLogs}" must begin with "${prefix}", as every index does; write ${prefix}${allLogs}, or give all indices another prefix with INDICES_PREFIX=${allLogs.replace(/[^-_.]*$/, '') || `${allLogs}-`}`,
    );
  });
  const suffixOf = createSuffixReader(rotation, config.pipeline.day_first);
  return new PluginChain(uses, prefix, (event) => filter.passes(event), suffixOf);
}

/** What the index of a plugin is called. Throws `SidecarError` (`config`) where that plugin is not configured. */
export async function findIndexOf(loaded: LoadedConfig, plugin: string): Promise<string> {
  const index = (await createPluginChain(loaded)).indexNames.get(plugin);
  if (index !== undefined) return index;
  throw new SidecarError('config', `${plugin} is not among the configured plugins, so it has no index`);
}
