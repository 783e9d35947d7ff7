import { inspect } from 'node:util';
import type { Entry } from '../entry.ts';
import { isDeeperThan, isObject, type Json, parseDelimited } from '../util/json.ts';
import { GradioError, toOneLine } from './gradio-errors.ts';
import type { SpaceHttp } from './gradio-http.ts';

/** Some logs, newest first. */
export interface LogPage {
  /** How many logs there are, those that the Space leaves out of its pages included. */
  total: number;
  /** Perhaps fewer than asked for, even where more follow. */
  logs: Entry[];
}

/** One way to ask for logs. */
export interface Form {
  /** For people. */
  name: string;
  /** Bounds of the limit. */
  least: number;
  most: number;
  ask(limit: number, offset: number, signal: AbortSignal): Promise<LogPage>;
  /** Whether offsets are heeded. */
  paged(signal: AbortSignal): Promise<boolean>;
}

/** A parameter of an API name: what it may be, and what it is when nobody says. */
export interface Parameter {
  name: string;
  least: number;
  most: number;
  fallback: Json;
}

/** Logs in a whole page: the limit of the real app. */
export const PAGE_SIZE = 100;
/** An offset that no list reaches. */
const BEYOND = 1_000_000_000;
/** JSON nested deeper than this can't be written out safely, so it becomes text. */
const MAX_NESTING = 1000;
const OFFSET = /offset|skip|start|d[ée]but/i;

/** `POST {prefix}/call/{name}` answers an event id, and the stream of that id, which can be read once, the logs. */
export function queueForm(http: SpaceHttp, prefix: string, name: string, parameters: Parameter[]): Form {
  const offsetAt = parameters.findIndex((parameter) => OFFSET.test(parameter.name));
  const named = parameters.findIndex((parameter) => /limit/i.test(parameter.name));
  const limitAt =
    named >= 0
      ? named
      : parameters.findIndex(({ fallback }, at) => at !== offsetAt && typeof fallback === 'number');
  const path = `${prefix}/call/${name}`;
  const { least = 1, most = Number.POSITIVE_INFINITY } = parameters[limitAt] ?? {};
  return {
    name: `the Gradio API name /${name}`,
    least,
    most,
    paged: async () => offsetAt >= 0,
    ask: async (limit, offset, signal) => {
      const data = parameters.map(({ fallback }, at) =>
        at === limitAt ? limit : at === offsetAt ? offset : fallback,
      );
      const joined = await http.json(path, signal, { data });
      const id = isObject(joined) ? joined.event_id : undefined;
      if (typeof id !== 'string') throw createUnexpectedAnswer(joined);
      const event = await http.lastEvent(`${path}/${encodeURIComponent(id)}`, signal);
      const value = parseDelimited(event.data);
      if (event.event === 'error') throw createApiFailure(name, value === undefined ? event.data : value);
      if (!Array.isArray(value)) throw createUnexpectedAnswer(event.data);
      return pageOf(value.find((output) => isObject(output) || typeof output === 'string'));
    },
  };
}

/** `GET {path}?limit=…&offset=…` answers the logs. */
export function plainForm(http: SpaceHttp, path: string): Form {
  let paged: boolean | undefined;
  const ask: Form['ask'] = async (limit, offset, signal) =>
    pageOf(await http.json(logsPath(path, limit, offset), signal));
  return {
    name: `the endpoint ${path}`,
    least: 1,
    most: PAGE_SIZE,
    ask,
    paged: async (signal) => {
      paged ??= (await ask(1, BEYOND, signal)).logs.length === 0;
      return paged;
    },
  };
}

/** The path of some logs of a plain JSON endpoint. */
export function logsPath(path: string, limit: number, offset: number): string {
  return `${path}?limit=${limit}&offset=${offset}`;
}

function pageOf(value: Json | undefined): LogPage {
  const answer = typeof value === 'string' ? parseDelimited(value) : value;
  if (!isObject(answer)) throw createUnexpectedAnswer(value);
  const { logs, total, error } = answer;
  if (logs === undefined && error !== undefined)
    throw new GradioError(
      `the API behind it answers: ${toOneLine(error)}`,
      'Is that API running, and can the Space reach it?',
    );
  if (!Array.isArray(logs) || !Number.isSafeInteger(total) || (total as number) < 0)
    throw createUnexpectedAnswer(answer);
  return { total: total as number, logs: logs.map(toEntry) };
}

function toEntry(log: Json): Entry {
  if (typeof log === 'string') return log;
  if (isDeeperThan(log, MAX_NESTING))
    return inspect(log, { depth: 32, breakLength: Number.POSITIVE_INFINITY });
  return isObject(log) ? log : JSON.stringify(log);
}

function createUnexpectedAnswer(answer: Json | undefined): GradioError {
  return new GradioError(
    `its answer is not {"logs": […], "total": …}: ${toOneLine(answer ?? 'nothing')}`,
    'Does GRADIO_URL name the right Space? gradio.api_name or gradio.endpoint name another endpoint',
  );
}

/** `event: error`, whose data is null, a text, or an object that may say why. */
function createApiFailure(name: string, value: Json): GradioError {
  const why = isObject(value) ? value.error : value;
  const told = why === null || why === undefined ? 'it does not say why' : toOneLine(why);
  return new GradioError(`its /${name} failed: ${told}`, "See the Space's own log");
}
