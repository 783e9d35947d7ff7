import type { JsonObject } from './util/json.ts';

/** What a source holds, untouched: a text line, or a JSON value that came as one. */
export type Entry = string | JsonObject;
