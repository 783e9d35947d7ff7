import { readFileSync } from 'node:fs';
import { Agent, FormData, request } from 'undici';
import type { Config } from '../config/schema.ts';
import { reasonOf, SidecarError } from '../util/errors.ts';
import { isObject, type JsonObject, parseJson } from '../util/json.ts';
import { parseUrl } from '../util/url.ts';

/** Where Kibana is, and as whom it is asked. */
export interface KibanaOptions {
  /** Its address, a space's path included: `https://kibana:5601/s/ops`. User and password in it win over those below. */
  url: string;
  apiKey?: string | undefined;
  username?: string | undefined;
  password?: string | undefined;
  /** File with the PEM certificates to trust. */
  caFile?: string | undefined;
}

/** Saved objects, as Kibana's export answers them. */
export interface ExportedObjects {
  /** One JSON object a line; the last one is Kibana's summary. */
  text: string;
  /** How many objects were asked for; those that they refer to come along uncounted. */
  count: number;
}

const TIMEOUT_MS = 60_000;

/**
 * Kibana's saved objects API (https://www.elastic.co/docs/api/doc/kibana/group/endpoint-saved-objects). Its methods throw
 * `SidecarError`: `config` where Kibana refuses, `unreachable` where it doesn't answer, or not yet.
 */
export class Kibana {
  /** Its address, without what may be secret. */
  readonly address: string;
  readonly #headers: Record<string, string>;
  readonly #caFile: string | undefined;

  constructor({ url, apiKey, username, password, caFile }: KibanaOptions) {
    const at = parseUrl(url, 'KIBANA_URL', 'http://localhost:5601');
    const user = decodeURIComponent(at.username) || username;
    const secret = decodeURIComponent(at.password) || password || '';
    at.username = at.password = '';
    this.address = at.href.replace(/\/+$/, '');
    const authorization = apiKey
      ? `ApiKey ${apiKey}`
      : user && `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`;
    // Kibana refuses a POST without the first one, OpenSearch Dashboards without the second (`lifecycle_handlers.ts` of both).
    this.#headers = {
      'kbn-xsrf': 'ml-log-sidecar',
      'osd-xsrf': 'ml-log-sidecar',
      ...(authorization ? { authorization } : {}),
    };
    this.#caFile = caFile;
  }

  /** Every object of a type, with what it refers to. */
  async exportObjects(type: 'index-pattern' | 'dashboard'): Promise<ExportedObjects> {
    const body = JSON.stringify({ type, includeReferencesDeep: true });
    const headers = { 'content-type': 'application/json' };
    const { status, text } = await this.#send('POST', 'saved_objects/_export', { body, headers });
    if (status >= 400) this.#refuse(status, text);
    const objects = text.split('\n').filter((line) => line !== '');
    const count = objects.filter((line) => JSON.parse(line).type === type).length;
    return { text: objects.map((line) => `${line}\n`).join(''), count };
  }

  /**
   * Puts objects, one a line, under their ids; returns how many. Those that are there are replaced, or with
   * `overwrite: false` left as they are.
   */
  async importObjects(text: string, { overwrite = true } = {}): Promise<number> {
    const form = new FormData();
    form.append('file', new File([text], 'objects.ndjson', { type: 'application/ndjson' }));
    const answer = await this.#send('POST', `saved_objects/_import?overwrite=${overwrite}`, { body: form });
    const told = parsed(answer.text);
    const errors = (Array.isArray(told?.errors) ? told.errors : []) as { error?: JsonObject }[];
    // Those that are there are answered as conflicts.
    const isKept = errors.length > 0 && errors.every(({ error }) => error?.type === 'conflict');
    const isDone = told?.success === true || (!overwrite && isKept);
    if (!isDone) this.#refuse(answer.status, answer.text);
    return Number(told?.successCount);
  }

  /** Asks for its state: the HTTP status, and the text of its answer. Needs no privilege. */
  async status(): Promise<{ status: number; text: string }> {
    return this.#send('GET', 'status');
  }

  /** Which of the two it is: OpenSearch Dashboards tells its state by a colour, Kibana by a level. */
  async product(): Promise<'kibana' | 'opensearch'> {
    const { text } = await this.status();
    const overall = (parsed(text)?.status as JsonObject | undefined)?.overall as JsonObject | undefined;
    return typeof overall?.state === 'string' && overall.level === undefined ? 'opensearch' : 'kibana';
  }

  async #send(
    method: 'GET' | 'POST',
    path: string,
    { body = null, headers = {} }: { body?: string | FormData | null; headers?: Record<string, string> } = {},
  ): Promise<{ status: number; text: string }> {
    const agent = new Agent(this.#caFile ? { connect: { ca: readFileSync(this.#caFile) } } : {});
    try {
      const answer = await request(`${this.address}/api/${path}`, {
        method,
        headers: { ...this.#headers, ...headers },
        body,
        dispatcher: agent,
        headersTimeout: TIMEOUT_MS,
        bodyTimeout: TIMEOUT_MS,
      });
      return { status: answer.statusCode, text: await answer.body.text() };
    } catch (cause) {
      throw new SidecarError(
        'unreachable',
        `Kibana at ${this.address} could not be reached: ${reasonOf(cause)}. Is it running there, and is KIBANA_URL right? Unset it to go without Kibana`,
        { cause },
      );
    } finally {
      await agent.close();
    }
  }

  #refuse(status: number, text: string): never {
    throw new SidecarError(
      status >= 500 || status === 429 ? 'unreachable' : 'config',
      `Kibana at ${this.address} refused: ${findKibanaRefusal(status, text)}`,
    );
  }
}

function parsed(text: string): JsonObject | undefined {
  const answer = parseJson(text);
  return isObject(answer) ? answer : undefined;
}

/** Why a request was refused, whole or in part, and what to do. */
function findKibanaRefusal(status: number, text: string): string {
  const answer = parsed(text);
  if (!answer) return `what answers there (${status}) is not Kibana; check KIBANA_URL`;
  const told = `${status} ${answer.message}`;
  if (status === 401)
    return `${told}. Set ELASTICSEARCH_API_KEY, or ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD`;
  if (status === 403) return `${told}. The user needs the Kibana privilege "Saved Objects Management: All"`;
  if (status === 503) return `${told}. It is starting; try again`;
  if (status >= 400) return told;
  const errors = (Array.isArray(answer.errors) ? answer.errors : []) as JsonObject[];
  const reasons = errors.map(({ type, id, error }) => {
    const { type: kind, message } = (error ?? {}) as JsonObject;
    return `${type} ${id}: ${message ?? kind}`;
  });
  return reasons.join('; ') || `it answered ${status} ${text.slice(0, 200)}`;
}

/** The Kibana of a configuration, with Elasticsearch's credentials; `undefined` where it has none. */
export function openKibana({ kibana: { url }, elasticsearch }: Config): Kibana | undefined {
  const { api_key: apiKey, username, password, ca_file: caFile } = elasticsearch;
  return url === undefined ? undefined : new Kibana({ url, apiKey, username, password, caFile });
}
