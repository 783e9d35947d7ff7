import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from '@elastic/elasticsearch';
import { ndjson, TestList, Workspace } from '../helpers.ts';
import { elasticsearchUrl, redisUrl, uniqueName } from '../services/env.ts';
import type { Service } from '../services/service.ts';
import { startVector } from '../services/vector.ts';

/** Every index, and in it every document by id. */
export type Contents = Record<string, Record<string, Record<string, unknown>>>;

/** Long enough for an Elasticsearch that has just started on a busy machine. */
const WAIT_MS = 90_000;
const NAMES = ['logs', 'message', 'perfs', 'top-func'];

/** A Redis list, a sidecar's folder, a real Vector and the indices behind it. */
export class Topology {
  readonly prefix = `${uniqueName('vector')}-`;
  readonly list: TestList;
  readonly workspace: Workspace;
  readonly elasticsearch: Client;
  readonly #config: string;
  readonly #url: string;
  readonly #vectors: Service[] = [];

  /** `config` is Vector's file, `pipeline` is added to the sidecar's configuration. */
  constructor(
    t: TestContext,
    config: string,
    { url = elasticsearchUrl(), pipeline = {} }: { url?: string; pipeline?: Record<string, unknown> } = {},
  ) {
    this.#config = config;
    this.#url = url;
    this.list = new TestList(t);
    this.workspace = new Workspace(t, this.prefix, pipeline);
    this.elasticsearch = new Client({ node: url, maxRetries: 0 });
    t.after(async () => {
      for (const vector of this.#vectors) await vector.stop();
      const present = await this.elasticsearch.indices.get({ index: `${this.prefix}*` }).catch(() => ({}));
      for (const index of Object.keys(present)) await this.elasticsearch.indices.delete({ index });
      await this.elasticsearch.indices.deleteIndexTemplate({ name: `${this.prefix}*` }).catch(() => {});
      await this.elasticsearch.close();
    });
  }

  /** The Vector that was started last. */
  get vector(): Service {
    return this.#vectors.at(-1)!;
  }

  /** The environment that Vector and the sidecar share. */
  get env(): Record<string, string> {
    return {
      REDIS_URL: redisUrl(),
      REDIS_LOGS_KEY: this.list.key,
      ELASTICSEARCH_URL: this.#url,
      INDICES_PREFIX: this.prefix,
      PIPELINE_POLL_INTERVAL: '0.2',
      ...(this.vector ? { VECTOR_URL: this.vector.url } : {}),
    };
  }

  /** Runs `setup`, which makes the indices. */
  async setup(): Promise<void> {
    const { code, stderr } = await this.workspace.run(['setup'], this.env);
    assert.equal(code, 0, stderr);
  }

  /** Starts Vector; where one ran before, another on its port. */
  async start(env: Record<string, string> = {}): Promise<void> {
    const cli = join(import.meta.dirname, '../../src/cli.js');
    const port = this.vector?.port;
    const vector = await startVector(
      this.#config,
      { HOME: this.workspace.folder, ML_LOG_SIDECAR: `${process.execPath} ${cli}`, ...this.env, ...env },
      { cwd: this.workspace.folder, ...(port === undefined ? {} : { port }) },
    );
    this.#vectors.push(vector);
  }

  /** Kills Vector as a crash would, and what it started only so far as that notices it. */
  async crash(): Promise<void> {
    process.kill(this.vector.pid, 'SIGKILL');
    await new Promise((resolve) => this.vector.child.once('exit', resolve));
  }

  /** What is in the indices now; nothing where Elasticsearch does not answer. */
  async contents(): Promise<Contents> {
    const contents: Contents = {};
    for (const name of NAMES) {
      const index = this.prefix + name;
      await this.elasticsearch.indices.refresh({ index });
      const { hits } = await this.elasticsearch.search<Record<string, unknown>>({ index, size: 10_000 });
      contents[name] = Object.fromEntries(hits.hits.map(({ _id, _source }) => [_id, _source!]));
    }
    return contents;
  }

  /** How many logs are stored. */
  async logs(): Promise<number> {
    await this.elasticsearch.indices.refresh({ index: `${this.prefix}logs` });
    return (await this.elasticsearch.count({ index: `${this.prefix}logs` })).count;
  }

  /** What the indices must hold: what another run makes of the list, without any shipper. */
  async expected(): Promise<Contents> {
    const { code, stderr } = await this.workspace.run(
      ['run', '--sink', 'directory', '--out', 'expected'],
      this.env,
    );
    assert.equal(code, 0, stderr);
    return Object.fromEntries(
      NAMES.map((name) => [
        name,
        Object.fromEntries(
          this.workspace
            .output(this.prefix + name, 'expected')
            .map(({ _id, ...body }) => [_id as string, body]),
        ),
      ]),
    );
  }

  /** Waits until all is stored, and compares every document. Returns the counts. */
  async assertComplete(): Promise<Record<string, number>> {
    const expected = await this.expected();
    const total = (contents: Contents): number =>
      Object.values(contents).reduce((sum, documents) => sum + Object.keys(documents).length, 0);
    const deadline = Date.now() + WAIT_MS;
    let found: Contents = await this.contents().catch(() => ({}));
    while (total(found) < total(expected)) {
      const said = `${total(found)} of ${total(expected)} documents are stored. Vector said:\n${this.vector.log().slice(-4000)}`;
      assert.ok(Date.now() < deadline, said);
      await delay(50);
      found = await this.contents().catch(() => ({}));
    }
    for (const name of NAMES) {
      assert.deepEqual(Object.keys(found[name]!).sort(), Object.keys(expected[name]!).sort(), name);
      for (const [id, body] of Object.entries(expected[name]!))
        assert.deepEqual(asVectorHasIt(found[name]![id]), asVectorHasIt(body));
    }
    return Object.fromEntries(NAMES.map((name) => [name, Object.keys(found[name]!).length]));
  }

  /** The dead letters of the sidecar. */
  letters(): Record<string, unknown>[] {
    const folder = join(this.workspace.folder, 'data/dead-letters');
    let files: string[] = [];
    try {
      files = readdirSync(folder);
    } catch {}
    return files.flatMap((file) => ndjson(readFileSync(join(folder, file), 'utf8')));
  }
}

/** Vector's JSON reader may miss a number's last bit, and UTF-8 has no half surrogate pairs. */
function asVectorHasIt(body: unknown): unknown {
  return JSON.parse(JSON.stringify(body), (_, value) =>
    typeof value === 'number'
      ? Number(value.toPrecision(12))
      : typeof value === 'string'
        ? Buffer.from(value).toString()
        : value,
  );
}
