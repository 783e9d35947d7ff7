import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Line } from './lines.ts';

const KEYS: Record<string, (document: Record<string, unknown>) => string> = {
  logs: ({ message }) => `logs ${message}`,
  message: ({ transaction_id }) => `message ${transaction_id}`,
  perfs: ({ transaction_id }) => `perfs ${transaction_id}`,
  'top-func': ({ transaction_id, function_name }) => `top-func ${transaction_id} ${function_name}`,
};

/** What tells a document of an index, named without prefix, from all that make others. */
export function keyOf(index: string, document: Record<string, unknown>): string {
  return KEYS[index]?.(document) ?? `an index that nobody asked for: ${index}`;
}

/** A dead letter, as its file holds it. */
export interface Letter {
  stage: string;
  at: string;
  reason: string;
  id?: string;
  entry: string;
}

/** What became of everything that was sent. */
export interface Verdict {
  /** Logs. */
  sent: number;
  /** Documents that they must become, and those found. */
  expected: number;
  stored: number;
  /** Index and key of every document there once too often, and of every one that is nowhere. */
  doubled: string[];
  missing: string[];
  /** How many runs of neighbours, in the order of sending, the logs that are nowhere form. */
  holes: number;
  /** Distinct dead letters. */
  letters: Letter[];
  /** Lines of dead-letter files that can't be read. */
  unreadable: number;
}

/**
 * Counts, without a line of the program's own code, what was sent against what is in the indices of a prefix and
 * in the dead letters of a folder.
 */
export class Oracle {
  readonly sent: Line[] = [];
  readonly #url: string;
  readonly #prefix: string;
  readonly #deadLetters: string;

  constructor(url: string, prefix: string, deadLetters: string) {
    this.#url = url;
    this.#prefix = prefix;
    this.#deadLetters = deadLetters;
  }

  /** Whether a line's document is in `ml-api-logs`. */
  async holds({ documents }: Line): Promise<boolean> {
    const message = documents[0]?.[1];
    await this.#post(`/${this.#prefix}logs/_refresh`).catch(() => {});
    const query = { match_phrase: { message } };
    const found = await this.#post(`/${this.#prefix}logs/_count`, { query }).catch(() => ({ count: 0 }));
    return (found as { count: number }).count > 0;
  }

  /** `stored`: the keys of what reached another place than Elasticsearch. */
  async verdict(stored?: readonly string[]): Promise<Verdict> {
    const { letters, unreadable } = this.#letters();
    const left = new Map<string, number>();
    const add = (key: string, by: number): void => void left.set(key, (left.get(key) ?? 0) + by);
    for (const { documents } of this.sent) for (const [index, key] of documents) add(`${index} ${key}`, 1);
    const expected = [...left.values()].reduce((sum, count) => sum + count, 0);
    const found = stored ?? (await this.#stored());
    for (const key of found) add(key, -1);
    const byText = new Map(this.sent.map((line) => [line.text, line]));
    for (const { stage, at, entry } of letters) {
      for (const [index, key] of byText.get(entry)?.documents ?? [])
        if (stage === 'parse' || at === `${this.#prefix}${index}` || at === `ml-api-${index}`)
          add(`${index} ${key}`, -1);
    }
    const keys = (sign: number): string[] => [...left].filter(([, n]) => n * sign > 0).map(([key]) => key);
    const missing = keys(1);
    const gone = new Set(missing);
    const isGone = (line: Line | undefined): boolean =>
      line?.documents.some(([index, key]) => gone.has(`${index} ${key}`)) === true;
    const holes = this.sent.filter((line, n) => isGone(line) && !isGone(this.sent[n - 1])).length;
    return {
      sent: this.sent.length,
      expected,
      stored: found.length,
      doubled: keys(-1),
      missing,
      holes,
      letters,
      unreadable,
    };
  }

  /** Index and key of every document. */
  async #stored(): Promise<string[]> {
    const keys: string[] = [];
    for (const name of Object.keys(KEYS)) {
      const index = this.#prefix + name;
      await this.#post(`/${index}/_refresh`);
      let page = (await this.#post(`/${index}/_search?scroll=1m`, { size: 5000, sort: ['_doc'] })) as Page;
      while (page.hits.hits.length > 0) {
        for (const { _source } of page.hits.hits) keys.push(keyOf(name, _source));
        page = (await this.#post('/_search/scroll', { scroll: '1m', scroll_id: page._scroll_id })) as Page;
      }
      // A server has few of them.
      await fetch(`${this.#url}/_search/scroll/${page._scroll_id}`, { method: 'DELETE' });
    }
    return keys;
  }

  /** A letter that a crash made the program write twice counts once. */
  #letters(): { letters: Letter[]; unreadable: number } {
    const letters = new Map<string, Letter>();
    let unreadable = 0;
    let names: string[] = [];
    try {
      names = readdirSync(this.#deadLetters);
    } catch {}
    for (const name of names.filter((each) => each.endsWith('.ndjson'))) {
      const lines = readFileSync(join(this.#deadLetters, name), 'utf8').split('\n').filter(Boolean);
      for (const line of lines) {
        try {
          const { time: _, ...letter } = JSON.parse(line);
          letters.set(JSON.stringify(letter), letter);
        } catch {
          unreadable++;
        }
      }
    }
    return { letters: [...letters.values()], unreadable };
  }

  /** Deletes the indices. */
  async clear(): Promise<void> {
    const found = await fetch(`${this.#url}/_cat/indices/${this.#prefix}*?h=index`);
    for (const index of (await found.text()).split('\n').filter(Boolean))
      await fetch(`${this.#url}/${index}`, { method: 'DELETE' });
  }

  async #post(path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(this.#url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
  }
}

interface Page {
  _scroll_id: string;
  hits: { hits: { _source: Record<string, unknown> }[] };
}
