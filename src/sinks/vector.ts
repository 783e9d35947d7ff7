import { errors, Pool } from 'undici';
import type { IndexDocument } from '../plugin.ts';
import { reasonOf, SidecarError } from '../util/errors.ts';
import { Lines } from '../util/lines.ts';
import { type PackedBody, packBody } from '../util/pack-body.ts';
import { backoffMs, sleep, Trouble } from '../util/retry.ts';
import { isLocalUrl } from '../util/url.ts';
import { formatLine } from './line.ts';
import type { Outcome, Sink } from './sink.ts';

/** How to reach Vector's `http_server` source, which must have `acknowledgements` on the sink behind it. */
export interface VectorOptions {
  /** The source's address and path. */
  url: string;
  /** As in the source's `auth`. */
  username?: string | undefined;
  password?: string | undefined;
  /** How long Vector may take to have a request stored, in ms. */
  requestTimeoutMs: number;
  /** How long a Vector that can't be reached is tried before `unreachable` is thrown, in ms; may be infinite. */
  patienceMs: number;
  /** What index names begin with; it is left out of the route. */
  prefix: string;
}

const HINT =
  'Is Vector running there with vector.toml, does it reach Elasticsearch, and is VECTOR_URL right?';
/** How often a document that was refused alone is sent: Elasticsearch may have been busy (429), which Vector hides. */
const ATTEMPTS = 4;
/** This many refused requests in a row, with none taken, point to Vector rather than to documents. */
const ENOUGH = 20;

/**
 * Posts documents as NDJSON, gzipped where it is worth it, one `{"id","route","body"}` a line, and takes 200 for stored: Vector answers
 * once its sink has been answered. Ids make sending again harmless. Vector's 400 means that something in
 * one of Elasticsearch's bulk requests was refused, and these hold what came in several requests at the same
 * time; who is to blame is found out by sending halves, with nothing else on its way.
 */
export class VectorSink implements Sink {
  readonly acknowledges = true;
  readonly #options: VectorOptions;
  readonly #host: string;
  /** Vector runs on this machine. */
  readonly #isHere: boolean;
  readonly #pool: Pool;
  readonly #trouble: Trouble;
  readonly #underWay = new Set<Promise<unknown>>();
  /** Resolves once no suspects are being told apart. */
  #quiet: Promise<unknown> = Promise.resolve();
  /** A line that was stored: that it is taken again tells a refused document from a Vector that refuses all. */
  #witness: Buffer | undefined;

  constructor(options: VectorOptions) {
    const url = new URL(options.url);
    const limit = options.requestTimeoutMs;
    this.#options = options;
    this.#host = url.host;
    this.#isHere = isLocalUrl(url);
    this.#pool = new Pool(url.origin, { headersTimeout: limit, bodyTimeout: limit });
    this.#trouble = new Trouble(`Vector at ${url.host}`, HINT, options.patienceMs);
  }

  async open(): Promise<void> {}

  async write(documents: readonly IndexDocument[], signal: AbortSignal): Promise<Outcome[]> {
    if (documents.length === 0) return [];
    return this.#write(
      new Lines(documents.map((document) => formatLine(document, this.#options.prefix))),
      signal,
    );
  }

  async #write(lines: Lines, signal: AbortSignal): Promise<Outcome[]> {
    const outcomes = new Array<Outcome>(lines.length).fill('stored');
    for (;;) {
      if ((await this.#postAmongOthers(lines, signal)) === undefined) {
        lines.release();
        return outcomes;
      }
      const refused = this.#quiet.then(() => this.#tellApart(lines, signal));
      this.#quiet = refused.catch(() => {});
      const reasons = await refused;
      if (reasons) {
        for (const [at, said] of reasons) outcomes[at] = { refused: reasonFor(said) };
        return outcomes;
      }
      const every = new Error("it refuses every document, and its log has Elasticsearch's reason");
      await this.#wait(every, signal);
    }
  }

  async #postAmongOthers(lines: Lines, signal: AbortSignal): Promise<string | undefined> {
    let quiet: unknown;
    do {
      quiet = this.#quiet;
      await quiet;
    } while (quiet !== this.#quiet);
    const posted = this.#post(lines.bytes, signal);
    this.#underWay.add(posted);
    return posted.finally(() => this.#underWay.delete(posted));
  }

  /** Why documents are refused, by place; `undefined` where that can't be told, since Vector refuses everything. */
  async #tellApart(lines: Lines, signal: AbortSignal): Promise<Map<number, string> | undefined> {
    await Promise.allSettled(this.#underWay);
    if (this.#witness !== undefined && !(await this.#works(signal))) return undefined;
    let suspects = await this.#refusedAlone(lines, signal);
    for (let attempt = 1; attempt < ATTEMPTS && suspects && suspects.size > 0; attempt++) {
      await sleep(backoffMs(attempt), signal);
      const again = new Map<number, string>();
      for (const at of suspects.keys()) {
        const said = await this.#post(lines.at([at]), signal);
        if (said !== undefined) again.set(at, said);
      }
      suspects = again;
    }
    return suspects?.size === 0 || (await this.#works(signal)) ? suspects : undefined;
  }

  /** Halves until those that are refused stand alone; `undefined` where nothing at all is taken. */
  async #refusedAlone(lines: Lines, signal: AbortSignal): Promise<Map<number, string> | undefined> {
    const refused = new Map<number, string>();
    const parts = [Array.from({ length: lines.length }, (_, n) => n)];
    for (let tries = 0; parts.length > 0; tries++) {
      if (tries >= ENOUGH && this.#witness === undefined) return undefined;
      const part = parts.shift()!;
      const said = await this.#post(lines.at(part), signal);
      if (said === undefined) continue;
      const half = part.length >> 1;
      if (half === 0) refused.set(part[0]!, said);
      else parts.push(part.slice(0, half), part.slice(half));
    }
    return refused;
  }

  async #works(signal: AbortSignal): Promise<boolean> {
    return this.#witness !== undefined && (await this.#post(this.#witness, signal)) === undefined;
  }

  /** Posts until Vector has judged the lines: `undefined` where they are stored, else why it refuses them. */
  async #post(lines: Buffer, signal: AbortSignal): Promise<string | undefined> {
    const packed = await packBody(lines, this.#isHere);
    for (;;) {
      const { status, said } = await this.#request(packed, signal).catch(noAnswer);
      const what = readVectorStatus(status);
      if (what === 'stored') {
        this.#trouble.over();
        this.#witness = Buffer.from(lines.subarray(lines.lastIndexOf('\n', -2) + 1));
        return undefined;
      }
      if (what === 'refused') return said;
      const problem = said + (ADVICE[status] ?? '');
      if (what === 'misdirected' && this.#witness === undefined)
        throw new SidecarError('config', `Vector at ${this.#host} takes no logs: ${problem}`);
      await this.#wait(new Error(problem), signal);
    }
  }

  async #wait(error: Error, signal: AbortSignal): Promise<void> {
    if (!(await this.#trouble.wait(error, signal))) throw this.#trouble.unreachable(error);
  }

  async #request({ body, headers }: PackedBody, signal: AbortSignal): Promise<VectorReply> {
    const { username, password = '' } = this.#options;
    const { pathname, search } = new URL(this.#options.url);
    const login = Buffer.from(`${username}:${password}`).toString('base64');
    const answer = await this.#pool.request({
      method: 'POST',
      path: pathname + search,
      headers: {
        'content-type': 'application/x-ndjson',
        ...headers,
        ...(username === undefined ? {} : { authorization: `Basic ${login}` }),
      },
      body,
      signal,
    });
    const text = await answer.body.text();
    return {
      status: answer.statusCode,
      said: `it answered ${answer.statusCode} ${text.slice(0, 200)}`.trimEnd(),
    };
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}

/** An answer's HTTP status, 0 where there was none, and what it said. */
interface VectorReply {
  status: number;
  said: string;
}

function noAnswer(error: unknown): VectorReply {
  const late = error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError;
  return { status: 0, said: late ? 'no answer in time (vector.request_timeout)' : reasonOf(error) };
}

/** What an answer's status means: all are stored; some are refused, or too large; try again; it's no place for logs. */
export type VectorAnswer = 'stored' | 'refused' | 'again' | 'misdirected';

/** Reads the HTTP status of an answer, 0 for none. */
export function readVectorStatus(status: number): VectorAnswer {
  if (status >= 200 && status < 300) return 'stored';
  if (status === 400 || status === 413) return 'refused';
  if (status === 0 || status === 408 || status === 429 || status >= 500) return 'again';
  return 'misdirected';
}

function reasonFor(said: string): string {
  return `Vector refuses it, alone and ${ATTEMPTS} times, while it takes others: ${said}. Vector's log has Elasticsearch's own reason`;
}

const ADVICE: Readonly<Record<number, string>> = {
  401: ". Set VECTOR_USERNAME and VECTOR_PASSWORD to those of the http_server source's `auth`",
  404: ". VECTOR_URL must end with the http_server source's `path`",
};
