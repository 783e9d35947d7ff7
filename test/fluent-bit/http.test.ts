import assert from 'node:assert/strict';
import { appendFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { type CommandLine, eventually, TestIndices, temporaryFolder, Workspace } from '../helpers.ts';
import { line, realLines } from '../samples.ts';
import { elasticsearchUrl } from '../services/env.ts';
import { noFluentBit, startFluentBit } from '../services/fluent-bit.ts';
import { freePort, type Service } from '../services/service.ts';

/** A log file, Fluent Bit that follows it, the sidecar that Fluent Bit posts to, and Elasticsearch. */
class Topology {
  readonly indices: TestIndices;
  readonly workspace: Workspace;
  readonly file: string;
  readonly #data: string;
  #port = 0;
  sidecar!: CommandLine;
  readonly #running: Service[] = [];

  constructor(t: TestContext) {
    // Before what they work on goes.
    t.after(async () => {
      for (const fluentBit of this.#running) await fluentBit.stop();
      await this.sidecar.stop('SIGKILL');
    });
    this.indices = new TestIndices(t);
    this.workspace = new Workspace(t, this.indices.prefix);
    this.#data = temporaryFolder(t);
    this.file = this.workspace.write('api.log', '');
  }

  /** The Fluent Bit that was started last. */
  get fluentBit(): Service {
    return this.#running.at(-1)!;
  }

  write(lines: readonly string[]): void {
    appendFileSync(this.file, lines.map((text) => `${text}\n`).join(''));
  }

  async startSidecar(): Promise<void> {
    this.#port ||= await freePort();
    this.sidecar = this.workspace.start(['run', '--source', 'http', '--continuous'], {
      HTTP_LISTEN: `127.0.0.1:${this.#port}`,
      HTTP_TOKEN: 'secret',
      ELASTICSEARCH_URL: elasticsearchUrl(),
    });
    await this.sidecar.says(/taking logs/);
  }

  async startFluentBit(changed: Record<string, string> = {}): Promise<void> {
    const replaced = { 'port: 8787': `port: ${this.#port}`, ...changed };
    const env = { LOG_FILE: this.file, HTTP_TOKEN: 'secret' };
    const fluentBit = await startFluentBit('http.yaml', replaced, env, { dataDir: this.#data });
    this.#running.push(fluentBit);
  }

  /** How many logs there are; also before there is an index. */
  async logs(): Promise<number> {
    return this.indices.count('logs').catch(() => 0);
  }

  async arrived(count: number): Promise<void> {
    await eventually(`${count} logs arrive`, async () => (await this.logs()) >= count);
    assert.equal(await this.logs(), count);
    assert.ok(!existsSync(join(this.workspace.folder, 'data/dead-letters')));
  }
}

async function started(t: TestContext, changed: Record<string, string> = {}): Promise<Topology> {
  const topology = new Topology(t);
  await topology.startSidecar();
  await topology.startFluentBit(changed);
  return topology;
}

test('what an API writes to a file arrives, and is taken apart as from Redis', {
  skip: noFluentBit,
}, async (t) => {
  const topology = await started(t);
  topology.write(realLines);
  await eventually('all documents arrive', async () => {
    const counts = await topology.indices.counts().catch(() => undefined);
    return isDeepStrictEqual(counts, { logs: 253, message: 107, perfs: 107, 'top-func': 535 });
  });
});

test('with its multiline parser, a traceback stays with its line', { skip: noFluentBit }, async (t) => {
  const topology = await started(t, { '# multiline.parser': 'multiline.parser' });
  const traceback = `${line('it failed')}\nTraceback (most recent call last):\n  File "x.py", line 1\nValueError: no`;
  topology.write([line('before'), traceback, line('after')]);
  await topology.arrived(3);
  const messages = [...(await topology.indices.documents('logs')).values()].map(({ message }) => message);
  assert.ok(messages.includes(traceback.slice(traceback.indexOf('it failed'))), messages.join('\n---\n'));
});

test('each side may be killed, and stopped, at any time: all arrives, once', {
  skip: noFluentBit,
  timeout: 180_000,
}, async (t) => {
  const topology = await started(t);
  const stop = new AbortController();
  let written = 0;
  const writing = (async () => {
    while (!stop.signal.aborted) {
      topology.write(Array.from({ length: 5 }, () => line(`log ${written++}`)));
      await delay(40);
    }
  })();
  for (const signal of ['SIGKILL', 'SIGKILL', 'SIGTERM'] as const) {
    const before = await topology.logs();
    await eventually('some arrive', async () => (await topology.logs()) > before);
    await topology.sidecar.stop(signal);
    await delay(700);
    await topology.startSidecar();
    await delay(300);
    await topology.fluentBit.kill(signal);
    await topology.startFluentBit();
  }
  stop.abort();
  await writing;
  await topology.arrived(written);
  const messages = [...(await topology.indices.documents('logs')).values()].map(({ message }) => message);
  assert.equal(new Set(messages).size, written);
});
