export {
  ElasticsearchIndexer,
  LogCollector,
  LogFilter,
  LogPipeline,
  type LogPipelineOptions,
} from './api.ts';
export type { Entry } from './entry.ts';
export type { LogEvent } from './event.ts';
export {
  definePlugin,
  type Fields,
  type Hooks,
  type IndexDefinition,
  type IndexDocument,
  type Plugin,
} from './plugin.ts';
export type { IndexCounts, RunStats } from './run-stats.ts';
export type { Outcome } from './sinks/sink.ts';
export { runPlugin } from './testing.ts';
export { SidecarError } from './util/errors.ts';
export type { Json, JsonObject } from './util/json.ts';
