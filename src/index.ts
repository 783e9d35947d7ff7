export {
  ElasticsearchIndexer,
  LogCollector,
  LogFilter,
  LogPipeline,
  type LogPipelineOptions,
} from './api.ts';
export type { Entry } from './entry.ts';
export type { LogEvent } from './event.ts';
export type { Fields } from './field-table.ts';
export type { IndexCounts, RunStats } from './run-stats.ts';
export type { Outcome } from './sinks/sink.ts';
export { SidecarError } from './util/errors.ts';
export type { Json, JsonObject } from './util/json.ts';
