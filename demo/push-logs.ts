/**
 * Plays an API that logs to Redis: pushes the sample's logs, over and over, with the time of now, each with `LPUSH` and
 * `LTRIM` to the newest 1000.
 *
 *     node dist/demo/push-logs.js [logs a second, 5 by default]
 *
 * REDIS_URL, REDIS_HOST, REDIS_PORT and REDIS_LOGS_KEY are the sidecar's own.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { FileSource } from '../src/sources/file.ts';

const { REDIS_URL, REDIS_HOST = 'localhost', REDIS_PORT = '6379', REDIS_LOGS_KEY = 'api_logs' } = process.env;
const perSecond = Number(process.argv[2] ?? 5);
if (!(perSecond > 0)) throw new Error(`"${process.argv[2]}" is not a number of logs a second`);

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
const redis = new Redis(REDIS_URL ?? `redis://${REDIS_HOST}:${REDIS_PORT}`);
redis.on('error', (error) => console.error(`Redis: ${error.message}`));

while (!stop.signal.aborted) {
  const sample = new FileSource({ paths: ['samples/api.log'], intervalMs: 1000 });
  for await (const { entries } of sample.batches({ follow: false, batchSize: 1, signal: stop.signal })) {
    const now = new Date().toISOString().slice(0, 19).replace('T', ' ');
    const entry = String(entries[0]).replace(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/, now);
    await redis.multi().lpush(REDIS_LOGS_KEY, entry).ltrim(REDIS_LOGS_KEY, 0, 999).exec();
    await delay(1000 / perSecond, undefined, { signal: stop.signal }).catch(() => {});
    if (stop.signal.aborted) break;
  }
  await sample.close();
}
redis.disconnect();
