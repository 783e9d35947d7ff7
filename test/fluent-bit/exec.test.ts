import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { eventually, TestIndices, TestList, temporaryFolder, Workspace } from '../helpers.ts';
import { realEntries, realLines } from '../samples.ts';
import { elasticsearchUrl, redisUrl, uniqueName } from '../services/env.ts';
import { noFluentBit, startFluentBit } from '../services/fluent-bit.ts';
import { root, type Service } from '../services/service.ts';

/** A Redis list, Fluent Bit that runs the sidecar on it, and Elasticsearch. */
class Topology {
  readonly list: TestList;
  readonly indices: TestIndices;
  readonly workspace: Workspace;
  readonly #data: string;
  readonly #pipeline = uniqueName('pipeline');
  readonly #running: Service[] = [];

  constructor(t: TestContext) {
    // Before what it works on goes.
    t.after(async () => {
      for (const fluentBit of this.#running) await fluentBit.stop();
      await this.indices.client.ingest.deletePipeline({ id: this.#pipeline }, { ignore: [404] });
    });
    this.list = new TestList(t);
    this.indices = new TestIndices(t);
    this.workspace = new Workspace(t, this.indices.prefix);
    this.#data = temporaryFolder(t);
  }

  /** The Fluent Bit that was started last. */
  get fluentBit(): Service {
    return this.#running.at(-1)!;
  }

  get env(): Record<string, string> {
    return {
      REDIS_URL: redisUrl(),
      REDIS_LOGS_KEY: this.list.key,
      ELASTICSEARCH_URL: elasticsearchUrl(),
      PIPELINE_POLL_INTERVAL: '0.2',
    };
  }

  /** What the head of the file says to do once. */
  async setup(): Promise<void> {
    const { code, stderr } = await this.workspace.run(['setup'], this.env);
    assert.equal(code, 0, stderr);
    const body = JSON.parse(readFileSync(join(root, 'configs/fluent-bit/ingest-pipeline.json'), 'utf8'));
    await this.indices.client.ingest.putPipeline({ id: this.#pipeline, ...body });
  }

  async start(): Promise<void> {
    const cli = join(import.meta.dirname, '../../src/cli.js');
    const { hostname, port } = new URL(elasticsearchUrl());
    const replaced = {
      'index: ml-api-': `index: ${this.indices.prefix}`,
      'host: 127.0.0.1': `host: ${hostname}`,
      'port: 9200': `port: ${port}`,
      'pipeline: ml-log-sidecar': `pipeline: ${this.#pipeline}`,
    };
    const env = { ...this.env, ML_LOG_SIDECAR: `${process.execPath} ${cli}` };
    const options = { dataDir: this.#data, cwd: this.workspace.folder };
    const fluentBit = await startFluentBit('exec.yaml', replaced, env, options);
    this.#running.push(fluentBit);
  }

  /** The sidecar that Fluent Bit has started. */
  sidecar(): Promise<number> {
    return eventually('Fluent Bit starts the sidecar', () => {
      try {
        return Number(execFileSync('pgrep', ['-P', `${this.fluentBit.pid}`], { encoding: 'utf8' }));
      } catch {
        return undefined;
      }
    });
  }

  /** Waits until the indices hold what another sink makes of the list, document for document. */
  async assertComplete(): Promise<void> {
    const args = ['run', '--sink', 'directory', '--out', 'expected'];
    assert.equal((await this.workspace.run(args, this.env)).code, 0);
    for (const name of ['logs', 'message', 'perfs', 'top-func']) {
      const documents = this.workspace.output(this.indices.prefix + name, 'expected');
      const expected = new Map(documents.map(({ _id, ...body }) => [_id as string, body]));
      await eventually(
        `${expected.size} documents arrive in ${name}`,
        async () => (await this.indices.count(name)) >= expected.size,
      );
      assert.deepEqual(rounded(await this.indices.documents(name)), rounded(expected));
    }
  }
}

/** Fluent Bit writes numbers with 16 digits, where some have 17. */
function rounded(documents: Map<string, unknown>): unknown {
  const round = (_key: string, value: unknown): unknown =>
    typeof value === 'number' ? Number(value.toPrecision(14)) : value;
  return Object.fromEntries(
    [...documents].sort().map(([id, body]) => [id, JSON.parse(JSON.stringify(body, round))]),
  );
}

async function started(t: TestContext): Promise<Topology> {
  const topology = new Topology(t);
  await topology.setup();
  await topology.start();
  return topology;
}

const dated = realEntries.filter((entry) => /^\d{4}-/.test(entry));

test('every document that Fluent Bit reads from the sidecar arrives, as another sink would write it', {
  skip: noFluentBit,
  timeout: 90_000,
}, async (t) => {
  const topology = await started(t);
  await topology.list.push([...realLines, ...dated]);
  await topology.assertComplete();
});

test('a sidecar that is killed, and then a Fluent Bit, lose and double nothing', {
  skip: noFluentBit,
  timeout: 180_000,
}, async (t) => {
  const topology = await started(t);
  await topology.list.push(realLines.slice(0, 100));
  await eventually('some are stored', async () => (await topology.indices.count('logs')) > 0);
  process.kill(await topology.sidecar(), 'SIGKILL');
  await topology.list.push(realLines.slice(100, 150));
  await topology.assertComplete();
  const orphan = await topology.sidecar();
  process.kill(topology.fluentBit.pid, 'SIGKILL');
  await eventually('a sidecar without Fluent Bit ends', () => !existsSync(`/proc/${orphan}`));
  await topology.list.push(realLines.slice(150));
  await topology.start();
  await topology.assertComplete();
});

test('told to end, Fluent Bit ends, and the sidecar with it', {
  skip: noFluentBit,
  timeout: 90_000,
}, async (t) => {
  const topology = await started(t);
  const sidecar = await topology.sidecar();
  await topology.list.push(realLines);
  await topology.assertComplete();
  process.kill(topology.fluentBit.pid, 'SIGTERM');
  await eventually(
    'both end',
    () => !existsSync(`/proc/${topology.fluentBit.pid}`) && !existsSync(`/proc/${sidecar}`),
  );
});
