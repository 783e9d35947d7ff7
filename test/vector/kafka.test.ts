import assert from 'node:assert/strict';
import { after, before, type TestContext, test } from 'node:test';
import { type CommandLine, eventually, temporaryFolder } from '../helpers.ts';
import { realEntries, realLines } from '../samples.ts';
import { startElasticsearch } from '../services/elasticsearch.ts';
import { elasticsearchUrl, uniqueName } from '../services/env.ts';
import { PARTITIONS, partitionsOf, startKafka } from '../services/kafka.ts';
import type { Service } from '../services/service.ts';
import { noKafkaInVector, startVector, validate } from '../services/vector.ts';
import { Topology } from './topology.ts';

const AGENT = 'configs/vector/kafka/agent.toml';
const AGGREGATOR = 'configs/vector/kafka/aggregator.toml';
const CONTINUOUS = ['run', '--sink', 'vector', '--continuous', '--batch-size', '20'];

let kafka: Service;
let elasticsearch: Service;
before(async () => {
  if (noKafkaInVector) return;
  // One after the other: what has started is stopped where the next one can't be.
  kafka = await startKafka();
  elasticsearch = await startElasticsearch();
});
after(async () => {
  await kafka?.stop();
  await elasticsearch?.stop();
});

/** A sidecar and a Vector beside it, a topic of its own in Kafka, and two Vectors behind that. */
class KafkaTopology extends Topology {
  readonly #name = uniqueName('kafka');
  readonly aggregators: Service[] = [];
  sidecar!: CommandLine;
  #pushed = 0;

  constructor(t: TestContext) {
    super(t, AGENT, { url: elasticsearch.url });
    t.after(() => Promise.all(this.aggregators.map((each) => each.stop())));
  }

  override get env(): Record<string, string> {
    return {
      ...super.env,
      KAFKA_BOOTSTRAP_SERVERS: kafka.url,
      KAFKA_TOPIC: this.#name,
      KAFKA_GROUP: this.#name,
    };
  }

  /** Starts all of them, and waits until the first logs have gone through, by both aggregators. */
  async begin(): Promise<void> {
    await this.setup();
    await this.start();
    this.run();
    // The topic is there once something has been written to it.
    await this.push();
    for (let n = 0; n < 2; n++) await this.aggregate();
    await eventually(
      'two share the partitions',
      () => this.shares.join() === `${PARTITIONS / 2},${PARTITIONS / 2}`,
    );
    await eventually('some are stored', async () => (await this.logs()) > 0);
  }

  /** How many partitions each aggregator reads. */
  get shares(): number[] {
    return partitionsOf(kafka, this.#name);
  }

  /** Starts the sidecar; where one ran before, it goes on where that was. */
  run(): void {
    this.sidecar = this.workspace.start(CONTINUOUS, this.env);
  }

  async aggregate(): Promise<void> {
    this.aggregators.push(await startVector(AGGREGATOR, this.env));
  }

  /** Pushes some more logs, and does not wait for them. */
  async push(): Promise<void> {
    await this.list.push(LOGS.slice(this.#pushed, this.#pushed + 40));
    this.#pushed += 40;
  }

  /** Pushes the rest, waits until all is stored, and compares every document. */
  async finish(): Promise<void> {
    await this.list.push(LOGS.slice(this.#pushed));
    await this.assertComplete();
    assert.equal((await this.sidecar.stop()).code, 0, this.sidecar.stderr);
    assert.deepEqual(this.letters(), []);
  }
}

/** Oldest first. */
const LOGS = [...realLines, ...realEntries];

// Without a broker, so without the health checks that would ask it.
for (const config of [AGENT, AGGREGATOR]) {
  test(`${config} is valid`, { skip: noKafkaInVector }, (t) => {
    const env = { ELASTICSEARCH_URL: elasticsearchUrl() };
    const { ok, said } = validate(config, env, temporaryFolder(t), ['--skip-healthchecks']);
    assert.ok(ok, said);
  });
}

test('an aggregator, the agent, the sidecar and the broker are killed: each document is there once', {
  skip: noKafkaInVector,
}, async (t) => {
  const topology = new KafkaTopology(t);
  await topology.begin();

  await topology.push();
  await topology.aggregators[0]!.kill();
  await topology.push();
  await eventually('one reads them all', () => topology.shares.join() === `${PARTITIONS}`);
  await topology.aggregate();

  await topology.push();
  await topology.crash();
  await topology.push();
  await topology.sidecar.says(/Vector at .* can't be reached/);
  await topology.start();

  await topology.push();
  await topology.sidecar.stop('SIGKILL');
  topology.run();

  await topology.push();
  const { port, dataDir } = kafka;
  await kafka.kill();
  await topology.push();
  kafka = await startKafka({ port, dataDir });
  await topology.finish();
});

test('Elasticsearch is killed behind Kafka: each document is there once, and a sidecar is answered meanwhile', {
  skip: noKafkaInVector,
}, async (t) => {
  const topology = new KafkaTopology(t);
  await topology.begin();
  await topology.push();
  const { port, dataDir } = elasticsearch;
  await elasticsearch.kill();
  await topology.push();
  const once = await topology.workspace.run(['run', '--sink', 'vector', '--state', 'other'], topology.env);
  assert.equal(once.code, 0, once.stderr);
  elasticsearch = await startElasticsearch({ port, dataDir });
  await topology.finish();
});
