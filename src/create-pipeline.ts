import { hostname } from 'node:os';
import { Checkpoint } from './checkpoint.ts';
import type { Config } from './config/config.ts';
import type { LoadedConfig } from './config/load.ts';
import { DeadLetters } from './dead-letters.ts';
import { elasticsearchOptions, elasticsearchUrl } from './elasticsearch/options.ts';
import { Filter } from './filter.ts';
import { parseEntry } from './parse.ts';
import { PluginChain } from './plugin-chain.ts';
import { loadPlugins } from './plugin-loader.ts';
import { suffixReader } from './rotation.ts';
import { isLoopback, parseListen } from './server/listen.ts';
import type { Sink } from './sinks/sink.ts';
import { redisAddress, redisOptions } from './sources/redis.ts';
import type { Source } from './sources/source.ts';
import type { Stages } from './stages.ts';
import { timestampReader } from './timestamp.ts';
import { SidecarError } from './util/errors.ts';
import { patienceMs } from './util/retry.ts';

// Clients of servers take tenths of a second to load: each kind loads its own, when it is made.

/** A part, and what it is called: for people, and for the checkpoint that belongs to the pair of them. */
interface Named<Part> {
  /** `redis://localhost:6379/0 api_logs`; never holds a secret. */
  address: string;
  /** `follow`: the run does not end by itself, and so waits for servers without an end. */
  make(follow: boolean): Promise<Part>;
}

/** A remote Space, which others use too, is asked no more often than this. */
const GENTLE_MS = 2_000;

const SOURCE_KINDS: Record<Config['pipeline']['source'], (config: Config) => Named<Source>> = {
  redis: (config) => {
    const { logs_key: key } = config.redis;
    return {
      address: `${redisAddress(config)} ${key}`,
      make: async (follow) => {
        const { RedisListSource } = await import('./sources/redis-list.ts');
        const intervalMs = config.pipeline.poll_interval * 1000;
        return new RedisListSource({ ...redisOptions(config, follow), key, intervalMs });
      },
    };
  },
  'redis-stream': (config) => {
    const { logs_key: key, group, claim_after } = config.redis;
    const consumer = config.redis.consumer ?? hostname();
    return {
      address: `${redisAddress(config)} ${key} ${group} ${consumer}`,
      make: async (follow) => {
        const { RedisStreamSource } = await import('./sources/redis-stream.ts');
        const options = redisOptions(config, follow);
        return new RedisStreamSource({ ...options, key, group, consumer, claimAfterMs: claim_after * 1000 });
      },
    };
  },
  gradio: ({ gradio, pipeline }) => {
    const { url, token, api_name: apiName, endpoint, timeout } = gradio;
    if (url === undefined || !URL.canParse(url)) {
      const given = url === undefined ? '' : `, and ${url} is none`;
      throw new SidecarError(
        'config',
        `the source "gradio" needs the address of a Space${given}: give GRADIO_URL, such as https://owner-name.hf.space`,
      );
    }
    return {
      address: new URL(url).origin,
      make: async (follow) => {
        const { GradioSource } = await import('./sources/gradio.ts');
        return new GradioSource({
          url,
          token,
          apiName,
          endpoint,
          timeoutMs: timeout * 1000,
          intervalMs: Math.max(GENTLE_MS, pipeline.poll_interval * 1000),
          shortestMs: GENTLE_MS,
          patienceMs: patienceMs(follow),
        });
      },
    };
  },
  file: ({ file: { path }, pipeline }) => {
    if (path === undefined) {
      throw new SidecarError(
        'config',
        'the source "file" needs a file: give --path, or file.path in the YAML',
      );
    }
    return {
      address: path,
      make: async () => {
        const { FileSource } = await import('./sources/file.ts');
        return new FileSource({ path, intervalMs: pipeline.poll_interval * 1000 });
      },
    };
  },
  http: ({ http, limits }) => {
    const { listen, token, username, password, body_bytes: bodyBytes } = http;
    const address = parseListen(listen, 'HTTP_LISTEN');
    if ((username === undefined) !== (password === undefined))
      throw new SidecarError(
        'config',
        'http.username and http.password go together: set HTTP_USERNAME and HTTP_PASSWORD',
      );
    if (!isLoopback(address.host) && token === undefined && username === undefined) {
      throw new SidecarError(
        'config',
        `${listen} is open to other machines: set HTTP_TOKEN, or HTTP_USERNAME and HTTP_PASSWORD, or listen on 127.0.0.1`,
      );
    }
    return {
      address: listen,
      make: async (follow) => {
        if (!follow)
          throw new SidecarError(
            'config',
            'the source "http" waits for requests without an end: add --continuous',
          );
        const { HttpSource } = await import('./sources/http.ts');
        return new HttpSource({
          address,
          token,
          username,
          password,
          bodyBytes,
          heldBytes: limits.in_flight_bytes,
        });
      },
    };
  },
};

const SINK_KINDS: Record<Config['pipeline']['sink'], (config: Config) => Named<Sink>> = {
  elasticsearch: (config) => ({
    address: new URL(elasticsearchUrl(config)).host,
    make: async (follow) => {
      const { ElasticsearchSink } = await import('./sinks/elasticsearch.ts');
      return new ElasticsearchSink(elasticsearchOptions(config, follow), config.indices.rotation);
    },
  }),
  vector: ({ vector, indices }) => ({
    address: new URL(vector.url).host,
    make: async (follow) => {
      const { VectorSink } = await import('./sinks/vector.ts');
      const { url, username, password, request_timeout } = vector;
      const requestTimeoutMs = request_timeout * 1000;
      const { prefix } = indices;
      return new VectorSink({
        url,
        username,
        password,
        requestTimeoutMs,
        patienceMs: patienceMs(follow),
        prefix,
      });
    },
  }),
  stdout: ({ indices }) => ({
    address: 'stdout',
    make: async () => {
      const { StdoutSink } = await import('./sinks/stdout.ts');
      return new StdoutSink(indices.prefix);
    },
  }),
  directory: ({ directory }) => ({
    address: directory.path,
    make: async () => {
      const { DirectorySink } = await import('./sinks/directory.ts');
      return new DirectorySink(directory.path);
    },
  }),
};

/** The stages of a configuration, and the names of its two ends. */
export interface Assembly {
  stages: Stages;
  sourceAddress: string;
  sinkAddress: string;
}

/** Makes the stages of a pipeline; reaches out to no server yet. Throws `SidecarError` for what can't work. */
export async function assemble({ config, base }: LoadedConfig, follow: boolean): Promise<Assembly> {
  const { pipeline, indices, limits } = config;
  const source = SOURCE_KINDS[pipeline.source](config);
  const sink = SINK_KINDS[pipeline.sink](config);
  const options = { readTimestamp: timestampReader(pipeline.timezone), maxEntryBytes: limits.entry_bytes };
  const stages: Stages = {
    source: await source.make(follow),
    parse: (entry) => parseEntry(entry, options),
    plugins: await pluginChain({ config, base }),
    sink: await sink.make(follow),
    checkpoint: new Checkpoint(
      config.state.path,
      `${pipeline.source} ${source.address} to ${pipeline.sink} ${sink.address} ${indices.prefix}`,
    ),
    deadLetters: new DeadLetters(config.dead_letters.path, config.dead_letters.max_bytes),
  };
  return { stages, sourceAddress: source.address, sinkAddress: sink.address };
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
