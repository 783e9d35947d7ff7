import { reasonOf, SidecarError } from '../errors.ts';
import type { ElasticsearchOptions } from '../sinks/elasticsearch.ts';

/** Saved objects, as Kibana's export answers them. */
export interface SavedObjects {
  /** One JSON object a line; the last one is Kibana's summary. */
  text: string;
  /** How many objects were asked for; those that they refer to come along uncounted. */
  count: number;
}

/** Kibana's saved objects API (https://www.elastic.co/docs/api/doc/kibana/group/endpoint-saved-objects). */
export class Kibana {
  readonly #url: string;
  readonly #headers: Record<string, string>;
  readonly #timeoutMs: number;

  /** `url` may hold a space's path: `https://kibana:5601/s/ops`. Kibana knows Elasticsearch's credentials. */
  constructor(url: string, { apiKey, username, password, requestTimeoutMs }: ElasticsearchOptions) {
    this.#url = url.replace(/\/+$/, '');
    this.#timeoutMs = requestTimeoutMs;
    const login = username && `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}`;
    const authorization = apiKey ? `ApiKey ${apiKey}` : login;
    // Kibana refuses a POST without the first one.
    this.#headers = { 'kbn-xsrf': 'ml-log-sidecar', ...(authorization ? { authorization } : {}) };
  }

  /** Every object of a type, with what it refers to. Throws `SidecarError`. */
  async exportObjects(type: 'index-pattern' | 'dashboard'): Promise<SavedObjects> {
    const text = await this.#post('_export', JSON.stringify({ type, includeReferencesDeep: true }), {
      'content-type': 'application/json',
    });
    const objects = text.split('\n').filter((line) => line !== '');
    const count = objects.filter((line) => JSON.parse(line).type === type).length;
    return { text: objects.map((line) => `${line}\n`).join(''), count };
  }

  /** Puts objects back under the same ids, in place of those that are there; answers how many. Throws `SidecarError`. */
  async importObjects(text: string): Promise<number> {
    const form = new FormData();
    form.append('file', new Blob([text], { type: 'application/ndjson' }), 'objects.ndjson');
    const answer = JSON.parse(await this.#post('_import?overwrite=true', form)) as {
      successCount: number;
      errors?: { type: string; id: string; error: { type: string } }[];
    };
    if (answer.errors?.length) {
      const why = answer.errors.map(({ type, id, error }) => `${type} ${id}: ${error.type}`).join(', ');
      throw new SidecarError('config', `Kibana at ${this.#host} refused saved objects: ${why}`);
    }
    return answer.successCount;
  }

  get #host(): string {
    return new URL(this.#url).host;
  }

  async #post(path: string, body: string | FormData, headers: Record<string, string> = {}): Promise<string> {
    let response: Response;
    let text: string;
    try {
      response = await fetch(`${this.#url}/api/saved_objects/${path}`, {
        method: 'POST',
        headers: { ...this.#headers, ...headers },
        body,
        signal: AbortSignal.timeout(this.#timeoutMs),
      });
      text = await response.text();
    } catch (cause) {
      const why = cause instanceof TypeError && cause.cause ? cause.cause : cause;
      throw new SidecarError(
        'unreachable',
        `Kibana at ${this.#host} could not be reached: ${reasonOf(why)}. Is KIBANA_URL right? Unset it to go without Kibana`,
        { cause },
      );
    }
    if (response.ok) return text;
    throw new SidecarError(
      response.status >= 500 ? 'unreachable' : 'config',
      `Kibana at ${this.#host} answered ${response.status}: ${text.slice(0, 300)}. Check KIBANA_URL and Elasticsearch's credentials`,
    );
  }
}
