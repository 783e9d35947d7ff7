export {
  ElasticsearchIndexer,
  LogCollector,
  LogFilter,
  LogPipeline,
  type LogPipelineOptions,
} from './api.ts';
export { SidecarError } from './errors.ts';
export type { Entry, Event } from './event.ts';
export type { Json, JsonObject } from './json.ts';
export {
  type Body,
  type Document,
  definePlugin,
  type Hooks,
  type IndexDefinition,
  type Plugin,
} from './plugins.ts';
export type { Outcome } from './sinks/sink.ts';
export type { IndexStats, Stats } from './stats.ts';
export { runPlugin } from './testing.ts';
