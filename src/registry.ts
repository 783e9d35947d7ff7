import { directorySink } from './sinks/directory-definition.ts';
import { elasticsearchSink } from './sinks/elasticsearch-definition.ts';
import { stdoutSink } from './sinks/stdout-definition.ts';
import { vectorSink } from './sinks/vector-definition.ts';
import { fileSource } from './sources/file-definition.ts';
import { gradioSource } from './sources/gradio-definition.ts';
import { httpSource } from './sources/http-definition.ts';
import { redisListSource } from './sources/redis-list-definition.ts';
import { redisStreamSource } from './sources/redis-stream-definition.ts';

/** The sources there are. The first is the default. */
export const SOURCES = [redisListSource, redisStreamSource, gradioSource, fileSource, httpSource] as const;

/** The sinks there are. The first is the default. */
export const SINKS = [elasticsearchSink, vectorSink, stdoutSink, directorySink] as const;

/** Finds the definition of a name that the configuration's schema admits. */
export function findDefinition<D extends { name: string }>(definitions: readonly D[], name: D['name']): D {
  return definitions.find((definition) => definition.name === name) as D;
}
