import { isObject, type Json, type JsonObject } from '../util/json.ts';
import { GradioError } from './gradio-errors.ts';
import {
  type Form,
  type LogPage,
  logsPath,
  PAGE_SIZE,
  type Parameter,
  plainForm,
  queueForm,
} from './gradio-forms.ts';
import { SpaceHttp, type SpaceOptions } from './gradio-http.ts';

/** What to ask a Space for, where that is not left to be found out. */
export interface GradioOptions extends SpaceOptions {
  /** The API name of the logs, such as `/logs_api`. */
  apiName?: string | undefined;
  /** The path of a plain JSON endpoint, such as `/api/logs`; Gradio's queue is then not asked. */
  endpoint?: string | undefined;
}

const PLAIN_PATHS = ['/logs_api', '/api/logs', '/logs'];

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
  async page(limit: number, offset: number, signal: AbortSignal): Promise<LogPage> {
    const form = await this.#found(signal);
    return form.ask(Math.max(form.least, Math.min(limit, form.most)), offset, signal);
  }

  /** The limit of a whole page. */
  async pageSize(signal: AbortSignal): Promise<number> {
    const form = await this.#found(signal);
    return Math.max(form.least, Math.min(PAGE_SIZE, form.most));
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
        if ((await this.#http.json(logsPath(path, 1, 0), signal)) !== undefined)
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
        : 'Is GRADIO_URL right? If the Space is private, set HF_TOKEN; gradio.endpoint names another endpoint',
    );
  }
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
