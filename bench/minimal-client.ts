/**
 * What the sidecar is compared with: as little as a program in Node can do with the same two clients. It takes logs from the
 * list as soon as one is there, and posts them as they are, without plugins, ids, a buffer or a second try.
 */
import { Client } from '@elastic/elasticsearch';
import { Redis } from 'ioredis';

const { REDIS_URL = '', REDIS_LOGS_KEY = '', ELASTICSEARCH_URL = '' } = process.env;
const redis = new Redis(REDIS_URL);
const client = new Client({ node: ELASTICSEARCH_URL });
for (;;) {
  // BRPOP takes one log: at 1,000 logs a second, it and Elasticsearch would not keep up.
  const [, logs] = (await redis.blmpop(0, 1, REDIS_LOGS_KEY, 'RIGHT', 'COUNT', 500))!;
  const lines = logs.map((message) => `{"create":{}}\n${JSON.stringify({ message })}\n`);
  await client.transport.request({
    method: 'POST',
    path: '/bench_minimal/_bulk',
    querystring: { filter_path: 'errors,items.*.status,items.*.error' },
    bulkBody: lines.join(''),
  });
}
