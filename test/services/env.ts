import { randomBytes } from 'node:crypto';

/** The shared Redis of this test run. */
export function redisUrl(): string {
  return required('TEST_REDIS_URL');
}

/** The shared Elasticsearch of this test run. */
export function elasticsearchUrl(): string {
  return required('TEST_ELASTICSEARCH_URL');
}

/** A name that no other test uses, nor this one in another run: fit for a Redis key and for an index prefix. */
export function uniqueName(prefix: string): string {
  return `${prefix.toLowerCase()}-${randomBytes(6).toString('hex')}`;
}

function required(variable: string): string {
  const value = process.env[variable];
  if (!value) throw new Error(`${variable} is not set: run \`make test\`, or set ${variable}`);
  return value;
}
