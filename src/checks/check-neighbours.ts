import { access, constants, mkdir } from 'node:fs/promises';
import { Agent, request } from 'undici';
import type { Config } from '../config/config.ts';
import { countLines, DeadLetters } from '../dead-letters.ts';
import { elasticsearchOptions } from '../elasticsearch/options.ts';
import { plural } from '../terminal/messages.ts';
import { reasonOf } from '../util/errors.ts';
import { type Check, failed, failure, ok, warning } from './result.ts';

const TIMEOUT_MS = 10_000;

/** An answer's HTTP status and text. Throws where there is none in time. */
async function ask(
  url: string,
  options: { method: 'GET' | 'POST'; headers: Record<string, string>; body?: string },
): Promise<{ status: number; text: string }> {
  const dispatcher = new Agent({
    connectTimeout: TIMEOUT_MS,
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
  });
  try {
    const { statusCode, body } = await request(url, { ...options, dispatcher });
    return { status: statusCode, text: (await body.text()).slice(0, 100_000) };
  } finally {
    await dispatcher.destroy();
  }
}

const basic = (user: string, password = ''): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

/**
 * Vector's `http_server` source: a POST without events is answered as one with events would be, and delivers
 * nothing.
 */
export async function checkVector({ vector }: Config): Promise<Check> {
  const { url, username, password } = vector;
  try {
    const headers: Record<string, string> =
      username === undefined ? {} : { authorization: basic(username, password) };
    const { status } = await ask(url, { method: 'POST', headers, body: '' });
    if (status === 200) return ok('vector', `takes logs at ${url}`);
    const says = `${url} answers ${status}`;
    if (status === 401)
      return failed(
        'vector',
        says,
        "Set VECTOR_USERNAME and VECTOR_PASSWORD to those of the http_server source's `auth`",
        2,
      );
    const action =
      "VECTOR_URL must be the address and path of Vector's http_server source, as in vector.toml";
    return failed('vector', says, action, 2);
  } catch (error) {
    const action = 'Is Vector running there with vector.toml, and is VECTOR_URL right?';
    return failed('vector', `${url} could not be reached: ${reasonOf(error)}`, action, 3);
  }
}

/** Kibana, asked with Elasticsearch's credentials. */
export async function checkKibana(config: Config): Promise<Check> {
  const url = (config.kibana.url as string).replace(/\/+$/, '');
  const { apiKey, username, password } = elasticsearchOptions(config, false);
  const login = apiKey ? `ApiKey ${apiKey}` : username ? basic(username, password) : undefined;
  try {
    const headers: Record<string, string> = login === undefined ? {} : { authorization: login };
    const { status, text } = await ask(`${url}/api/status`, { method: 'GET', headers });
    if (status === 401 || status === 403)
      return failed(
        'kibana',
        `${url} answers ${status}`,
        "Kibana takes Elasticsearch's credentials: ELASTICSEARCH_API_KEY, or _USERNAME and _PASSWORD",
        2,
      );
    const { version, status: state } = JSON.parse(text) as {
      version?: { number?: string };
      status?: { overall?: { level?: string; summary?: string } };
    };
    const { level, summary } = state?.overall ?? {};
    const says = `${version?.number ?? ''} at ${url}: ${level}`.trimStart();
    if (level === 'available') return ok('kibana', says);
    if (level === undefined)
      return failed('kibana', `what answers at ${url} is no Kibana`, 'Check KIBANA_URL', 2);
    return failed(
      'kibana',
      `${says}: ${summary ?? ''}`,
      'Wait until it has started; else its own log says why',
    );
  } catch (error) {
    if (error instanceof SyntaxError)
      return failed('kibana', `what answers at ${url} is no Kibana`, 'Check KIBANA_URL', 2);
    return failed(
      'kibana',
      `${url} could not be reached: ${reasonOf(error)}`,
      'Is Kibana running there, and is KIBANA_URL right?',
      3,
    );
  }
}

/** What could not be stored so far. */
export async function checkDeadLetters({ dead_letters: { path, max_bytes } }: Config): Promise<Check> {
  let count = 0;
  for (const file of await new DeadLetters(path, max_bytes).files()) count += await countLines(file);
  if (count === 0) return ok('dead letters', `none in ${path}`);
  const action = '`dead-letters list` says why; `dead-letters replay` tries again once that is put right';
  return warning(
    'dead letters',
    `${plural(count, 'log')} could not be stored, and ${count === 1 ? 'is' : 'are'} kept in ${path}`,
    action,
  );
}

/** The folder of the sink `directory`, and that of checkpoints. */
export async function checkFolder(name: string, path: string, setting: string): Promise<Check> {
  try {
    await mkdir(path, { recursive: true });
    await access(path, constants.W_OK);
    return ok(name, `${path} can be written`);
  } catch (error) {
    return failure(name, error, `Let this user write there, or set ${setting} to another folder`);
  }
}
