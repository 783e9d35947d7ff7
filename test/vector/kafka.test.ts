import assert from 'node:assert/strict';
import { test } from 'node:test';
import { temporaryFolder } from '../helpers.ts';
import { elasticsearchUrl } from '../services/env.ts';
import { noKafkaInVector, validate } from '../services/vector.ts';

// Without a broker, so without the health checks that would ask it.
for (const name of ['agent', 'aggregator']) {
  test(`kafka/${name}.toml is valid`, { skip: noKafkaInVector }, (t) => {
    const env = { ELASTICSEARCH_URL: elasticsearchUrl() };
    const config = `configs/vector/kafka/${name}.toml`;
    const { ok, said } = validate(config, env, temporaryFolder(t), ['--skip-healthchecks']);
    assert.ok(ok, said);
  });
}
