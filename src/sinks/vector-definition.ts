import { type Check, failed, ok } from '../checks/result.ts';
import { defineSink } from '../component.ts';
import type { FromSchema } from '../config/from-schema.ts';
import { HTTP_URL, SECRET, section, TEXT } from '../config/sections.ts';
import { ELASTICSEARCH_SECTIONS } from '../elasticsearch/options.ts';
import { t } from '../terminal/messages.ts';
import { reasonOf } from '../util/errors.ts';
import { patienceMs } from '../util/retry.ts';
import { parseUrl } from '../util/url.ts';
import { heldInElasticsearch } from './held-in-elasticsearch.ts';
import { LateSink } from './late-sink.ts';

/** How long a probe waits for an answer, in ms. */
const PROBE_MS = 10_000;

const VECTOR_SECTION = section("Vector's http_server source, as vector.toml sets it up.", {
  url: {
    ...HTTP_URL,
    default: 'http://127.0.0.1:8688/',
    description: 'Its address and path.',
    variable: 'VECTOR_URL',
  },
  username: { ...TEXT, description: "User, as in the source's `auth`.", variable: 'VECTOR_USERNAME' },
  password: { ...SECRET, description: 'Password.', variable: 'VECTOR_PASSWORD' },
  request_timeout: {
    type: 'number',
    minimum: 1,
    default: 60,
    description: 'How long it may take until documents are stored, in seconds.',
  },
});

/** The sink `vector`. */
export const vectorSink = defineSink({
  name: 'vector',
  help: "Vector's http_server source, which confirms what it has stored",
  label: { en: 'Vector', fr: 'Vector' },
  // Vector writes there; `check` looks at what it finds.
  sections: { vector: VECTOR_SECTION, ...ELASTICSEARCH_SECTIONS },
  configure(config) {
    const { url, username, password, request_timeout: timeout } = config.vector;
    const { host, pathname } = parseUrl(url, 'VECTOR_URL', 'http://127.0.0.1:8688/');
    return {
      address: host,
      create: async (follow) =>
        new LateSink(async () => {
          const { VectorSink } = await import('./vector.ts');
          return new VectorSink({
            url,
            username,
            password,
            requestTimeoutMs: timeout * 1000,
            patienceMs: patienceMs(follow),
            prefix: config.indices.prefix,
          });
        }),
      lingerMs: 30,
      gathers: true,
      async *probe(indices) {
        yield await probeVector(config.vector, `${host}${pathname}`);
        const { checkElasticsearch } = await import('../checks/check-cluster.ts');
        yield* checkElasticsearch(config, indices, false);
      },
      ...heldInElasticsearch(config),
    };
  },
});

/** A POST without events is answered as one with events would be, and delivers nothing. */
async function probeVector(
  { url, username, password }: FromSchema<typeof VECTOR_SECTION>,
  address: string,
): Promise<Check> {
  const { Agent, request } = await import('undici');
  const agent = new Agent({
    connectTimeout: PROBE_MS,
    headersTimeout: PROBE_MS,
    bodyTimeout: PROBE_MS,
  });
  const login = Buffer.from(`${username}:${password ?? ''}`).toString('base64');
  const headers: Record<string, string> = username === undefined ? {} : { authorization: `Basic ${login}` };
  try {
    const { statusCode: status } = await request(url, {
      method: 'POST',
      headers,
      body: '',
      dispatcher: agent,
    });
    if (status === 200) return ok('vector', t('takes logs at {address}', { address }));
    const action =
      status === 401
        ? t("Set VECTOR_USERNAME and VECTOR_PASSWORD to those of the http_server source's `auth`")
        : t("VECTOR_URL must be the address and path of Vector's http_server source, as in vector.toml");
    return failed('vector', t('{address} answers {status}', { address, status }), action, 2);
  } catch (error) {
    const says = t('{address} could not be reached: {why}', { address, why: reasonOf(error) });
    return failed('vector', says, t('Is Vector running there with vector.toml, and is VECTOR_URL right?'), 3);
  } finally {
    await agent.destroy();
  }
}
