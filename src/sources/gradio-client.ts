import { inspect } from 'node:util';
import type { Entry } from '../event.ts';
import { deeperThan, isObject, type Json, type JsonObject, parseDelimited } from '../json.ts';
import { GradioError, SpaceHttp, type SpaceOptions, shown } from './gradio-http.ts';

/** What to ask a Space for, where it is not to be found out. */
export interface GradioOptions extends SpaceOptions {
  /** The API name of the logs, such as `/logs_api`. */
  apiName?: string | undefined;
  /** The path of a plain JSON endpoint, such as `/api/logs`; Gradio's queue is then not asked. */
  endpoint?: string | undefined;
}

/** Some logs, newest first. */
export interface Page {
  /** How many logs there are, those that the Space leaves out of its pages included. */
  total: number;
  /** Perhaps fewer than asked for, even where more follow. */
  logs: Entry[];
}

/** One way to ask for logs. */
interface Form {
  name: string;
  least: number;
  most: number;
  ask(limit: number, offset: number, signal: AbortSignal): Promise<Page>;
  paged(signal: AbortSignal): Promise<boolean>;
}

interface Parameter {
  name: string;
  least: number;
  most: number;
  fallback: Json;
}

const PAGE = 100;
const PLAIN_PATHS = ['/logs_api', '/api/logs', '/logs'];
/** An offset that no list reaches. */
const BEYOND = 1_000_000_000;
/** JSON that nests deeper can't be written out again safely; it becomes text. */
const MAX_NESTING = 1000;
const OFFSET = /offset|skip|start|d[ée]but/i;

/**
 * A Space's logs, page by page: through Gradio's queue (as of Gradio 4), or from a plain JSON endpoint, whichever
 * the Space turns out to have. Every method throws `GradioError`, or, when its signal aborts, the signal's reason.
 */
export class GradioClient {
  readonly #options: GradioOptions;
  readonly #http: SpaceHttp;
  #form: Form | undefined;

  constructor(options: GradioOptions) {
    this.#options = options;
    this.#http = new SpaceHttp(options);
  }

  /** At most `limit` logs, and no more than the Space allows, behind the newest `offset`. */
  async page(limit: number, offset: number, signal: AbortSignal): Promise<Page> {
    const form = await this.#found(signal);
    return form.ask(Math.max(form.least, Math.min(limit, form.most)), offset, signal);
  }

  /** The limit of a whole page. */
  async pageSize(signal: AbortSignal): Promise<number> {
    const form = await this.#found(signal);
    return Math.max(form.least, Math.min(PAGE, form.most));
  }

  /** Whether offsets are heeded. Ask while the Space has logs: else it can't be told. */
  async paged(signal: AbortSignal): Promise<boolean> {
    return (await this.#found(signal)).paged(signal);
  }

  /** How the Space is asked, for people. */
  get form(): string {
    return this.#form?.name ?? 'nothing yet';
  }

  /** Begins anew: connections, and what was found out. */
  async reset(): Promise<void> {
    this.#form = undefined;
    await this.#http.reset();
  }

  /** Lets go of connections. */
  close(): Promise<void> {
    return this.#http.close();
  }

  async #found(signal: AbortSignal): Promise<Form> {
    this.#form ??= await this.#find(signal);
    return this.#form;
  }

  async #find(signal: AbortSignal): Promise<Form> {
    const { apiName, endpoint } = this.#options;
    const config = endpoint === undefined ? await this.#http.json('/config', signal) : undefined;
    const gradio = isObject(config) && Array.isArray(config.dependencies) ? config : undefined;
    const names = gradio ? apiNames(gradio) : [];
    const name = apiName === undefined ? logsName(names) : apiName.replace(/^\//, '');
    if (gradio && name !== undefined && names.includes(name)) {
      const prefix = typeof gradio.api_prefix === 'string' ? gradio.api_prefix : '';
      const info = await this.#http.json(`${prefix}/info`, signal);
      return queueForm(this.#http, prefix, name, parametersOf(name, gradio, info));
    }
    if (apiName === undefined) {
      for (const path of endpoint === undefined ? PLAIN_PATHS : [endpoint]) {
        if ((await this.#http.json(query(path, 1, 0), signal)) !== undefined)
          return plainForm(this.#http, path);
      }
    }
    const asked = apiName ?? endpoint;
    const missing = asked === undefined ? 'no endpoint for logs' : `no endpoint ${asked}`;
    const has = gradio
      ? `, only the API names ${names.map((known) => `/${known}`).join(', ') || '(none)'}`
      : '';
    throw new GradioError(
      `it has ${missing}${has}`,
      gradio
        ? 'Set gradio.api_name to the right one'
        : 'Is GRADIO_URL right? If the Space is private, set HF_TOKEN. Another endpoint can be named by gradio.endpoint',
    );
  }
}

/** `POST {prefix}/call/{name}` answers an event id, and the stream of that id, which can be read once, the logs. */
function queueForm(http: SpaceHttp, prefix: string, name: string, parameters: Parameter[]): Form {
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
      if (typeof id !== 'string') throw unfit(joined);
      const event = await http.lastEvent(`${path}/${encodeURIComponent(id)}`, signal);
      const value = parseDelimited(event.data);
      if (event.event === 'error') throw failed(name, value ?? event.data);
      if (!Array.isArray(value)) throw unfit(event.data);
      return pageOf(value.find((output) => isObject(output) || typeof output === 'string'));
    },
  };
}

/** `GET {path}?limit=…&offset=…` answers the logs. */
function plainForm(http: SpaceHttp, path: string): Form {
  let paged: boolean | undefined;
  const ask: Form['ask'] = async (limit, offset, signal) =>
    pageOf(await http.json(query(path, limit, offset), signal));
  return {
    name: `the endpoint ${path}`,
    least: 1,
    most: PAGE,
    ask,
    paged: async (signal) => {
      paged ??= (await ask(1, BEYOND, signal)).logs.length === 0;
      return paged;
    },
  };
}

function query(path: string, limit: number, offset: number): string {
  return `${path}?limit=${limit}&offset=${offset}`;
}

function pageOf(value: Json | undefined): Page {
  const answer = typeof value === 'string' ? parseDelimited(value) : value;
  if (!isObject(answer)) throw unfit(value);
  const { logs, total, error } = answer;
  if (logs === undefined && error !== undefined)
    throw new GradioError(
      `the API behind it answers: ${shown(error)}`,
      'Is that API running, and can the Space reach it?',
    );
  if (!Array.isArray(logs) || !Number.isSafeInteger(total) || (total as number) < 0) throw unfit(answer);
  return { total: total as number, logs: logs.map(entryOf) };
}

function entryOf(log: Json): Entry {
  if (typeof log === 'string') return log;
  if (deeperThan(log, MAX_NESTING)) return inspect(log, { depth: 32, breakLength: Number.POSITIVE_INFINITY });
  return isObject(log) ? log : JSON.stringify(log);
}

function unfit(answer: Json | undefined): GradioError {
  return new GradioError(
    `its answer is not {"logs": […], "total": …}: ${shown(answer ?? 'nothing')}`,
    'Does GRADIO_URL name the right Space? gradio.api_name or gradio.endpoint name another endpoint',
  );
}

/** `event: error`, whose data is null, a text, or an object that may say why. */
function failed(name: string, value: Json): GradioError {
  const why = isObject(value) ? value.error : value;
  const told = why === null || why === undefined ? 'it does not say why' : shown(why);
  return new GradioError(
    `its /${name} failed: ${told}`,
    "See the Space's own log; a limit that is refused is a matter of gradio.api_name",
  );
}

/** The names that the app's functions can be called by. */
function apiNames({ dependencies }: JsonObject): string[] {
  return (dependencies as Json[])
    .map((dependency) => (isObject(dependency) ? dependency.api_name : undefined))
    .filter((name) => typeof name === 'string')
    .map((name) => name.replace(/^\//, ''));
}

/** The documented name, or else the only one that speaks of logs. */
function logsName(names: readonly string[]): string | undefined {
  if (names.includes('logs_api')) return 'logs_api';
  const near = names.filter((name) => /logs?($|[^a-z])/i.test(name));
  return near.length === 1 ? near[0] : undefined;
}

/** A function's parameters in their order: names from the app's info, bounds and values from its config. */
function parametersOf(name: string, config: JsonObject, info: Json | undefined): Parameter[] {
  const documented = listOf(objectOf(objectOf(objectOf(info).named_endpoints)[`/${name}`]).parameters);
  const dependency = (config.dependencies as Json[]).map(objectOf).find((one) => one.api_name === name);
  const components = new Map(listOf(config.components).map((one) => [objectOf(one).id, objectOf(one)]));
  const inputs = listOf(dependency?.inputs)
    .map((id) => components.get(id) ?? {})
    .filter(({ type }) => type !== 'state');
  return Array.from({ length: Math.max(documented.length, inputs.length) }, (_, at) => {
    const { parameter_name, parameter_default, label } = objectOf(documented[at]);
    const props = objectOf(inputs[at]?.props);
    return {
      name: `${parameter_name ?? props.label ?? label ?? ''}`,
      least: typeof props.minimum === 'number' ? Math.ceil(props.minimum) : 1,
      most: typeof props.maximum === 'number' ? Math.floor(props.maximum) : Number.POSITIVE_INFINITY,
      fallback: parameter_default ?? props.value ?? null,
    };
  });
}

const objectOf = (value: Json | undefined): JsonObject => (isObject(value) ? value : {});
const listOf = (value: Json | undefined): Json[] => (Array.isArray(value) ? value : []);
