import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@elastic/elasticsearch';
import { Redis } from 'ioredis';
import { createElasticsearchClient, type ElasticsearchOptions } from '../src/elasticsearch/client.ts';
import { temporaryFolder } from './samples.ts';
import { elasticsearchUrl, redisUrl, uniqueName } from './services/env.ts';
import { waitingFor } from './services/time-limit.ts';

export { temporaryFolder };

/** Resolves with the first answer of `probe` that is not `undefined` or `false`; rejects after 30 s without one. */
export async function eventually<T>(
  what: string,
  probe: () => T | Promise<T>,
): Promise<Exclude<T, undefined | false>> {
  const deadline = Date.now() + 30_000;
  waitingFor.add(what);
  try {
    for (;;) {
      const answer = await probe();
      if (answer !== undefined && answer !== false) return answer as Exclude<T, undefined | false>;
      if (Date.now() > deadline) throw new Error(`it never happened: ${what}`);
      await delay(20);
    }
  } finally {
    waitingFor.delete(what);
  }
}

/** The options of a client for the Elasticsearch at a URL, which may hold credentials. */
export function clientOptions(
  url: string,
  { requestTimeoutMs = 30_000, patienceMs = 5_000 } = {},
): ElasticsearchOptions {
  return { nodes: [url], address: new URL(url).host, requestTimeoutMs, patienceMs };
}

/** A list of the shared Redis, written as the API does; gone after the test. */
export class TestList {
  key = uniqueName('list');
  readonly redis: Redis;

  constructor(t: TestContext, url: string = redisUrl()) {
    this.redis = new Redis(url, { retryStrategy: () => null });
    this.redis.on('error', () => {});
    t.after(async () => {
      await this.redis.del(this.key).catch(() => {});
      this.redis.disconnect();
    });
  }

  /** Pushes entries, oldest first, each with `LPUSH` and `LTRIM` to the newest `cap`. */
  async push(entries: readonly string[], cap = 1000): Promise<void> {
    if (entries.length === 0) return;
    const commands = this.redis.multi();
    for (const entry of entries) commands.lpush(this.key, entry).ltrim(this.key, 0, cap - 1);
    await commands.exec();
  }
}

/** The shared Elasticsearch, seen through indices of one prefix; they, and their templates, are gone after the test. */
export class TestIndices {
  readonly prefix = `${uniqueName('test')}-`;
  readonly client: Client;

  constructor(t: TestContext, url = elasticsearchUrl()) {
    this.client = createElasticsearchClient(clientOptions(url));
    t.after(async () => {
      const present = await this.client.indices.get({ index: `${this.prefix}*` });
      for (const index of Object.keys(present)) await this.client.indices.delete({ index });
      await this.client.indices.deleteIndexTemplate({ name: `${this.prefix}*` }, { ignore: [404] });
      await this.client.close();
    });
  }

  /** What `_count` says of an index; `name` goes without the prefix. */
  async count(name: string, query?: Record<string, unknown>): Promise<number> {
    const index = this.prefix + name;
    await this.client.indices.refresh({ index });
    return (await this.client.count({ index, ...(query ? { query } : {}) })).count;
  }

  /** The counts of the four indices. */
  async counts(): Promise<Record<string, number>> {
    const names = ['logs', 'message', 'perfs', 'top-func'];
    return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await this.count(name)])));
  }

  /** Every document of an index, by id. */
  async documents(name: string): Promise<Map<string, Record<string, unknown>>> {
    const index = this.prefix + name;
    await this.client.indices.refresh({ index });
    const { hits } = await this.client.search<Record<string, unknown>>({ index, size: 10_000 });
    return new Map(hits.hits.map(({ _id, _source }) => [_id as string, _source!]));
  }
}

/** A folder to run the command line in: its configuration, checkpoints, dead letters and output are there. */
export class Workspace {
  readonly folder: string;
  readonly #running: CommandLine[] = [];

  /** `config` is added to a configuration that names the four plugins' indices by `prefix`. */
  constructor(t: TestContext, prefix = 'ml-api-', config: Record<string, unknown> = {}) {
    // Before the folder goes: what still runs would write into it.
    t.after(() => Promise.all(this.#running.map((each) => each.stop('SIGKILL'))));
    this.folder = temporaryFolder(t);
    const names = ['logs', 'message', 'perfs', 'top-func'];
    const plugins = names.map((name) => ({ use: `ml-api-${name}`, index: `${prefix}${name}` }));
    mkdirSync(join(this.folder, 'configs'));
    // JSON is YAML too.
    writeFileSync(
      join(this.folder, 'configs/pipeline.yaml'),
      JSON.stringify({ indices: { prefix }, plugins, ...config }),
    );
  }

  /** Writes a file of the folder and answers its path. */
  write(name: string, content: string | Uint8Array): string {
    const path = join(this.folder, name);
    writeFileSync(path, content);
    return path;
  }

  /** The documents of an index in `out`, the folder of the sink `directory`. */
  output(index: string, out = 'out'): Record<string, unknown>[] {
    return ndjson(readFileSync(join(this.folder, out, `${index}.ndjson`), 'utf8'));
  }

  /**
   * Starts the built command line here; it is killed after the test if it still runs. `stdin` is all that it is sent; with
   * `null`, the pipe stays open for the test to write to.
   */
  start(args: readonly string[], env: Record<string, string> = {}, stdin?: string | null): CommandLine {
    const running = new CommandLine(this.folder, args, env, stdin);
    this.#running.push(running);
    return running;
  }

  /** Runs the built command line to its end. */
  run(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
    return this.start(args, env).ended;
  }
}

/** How a process ended, and what it printed. */
export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** `dist/src/cli.js` as a process of its own, with an environment that holds only what it is given. */
export class CommandLine {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  stdout = '';
  stderr = '';

  constructor(folder: string, args: readonly string[], env: Record<string, string>, stdin?: string | null) {
    const cli = join(import.meta.dirname, '../src/cli.js');
    this.child = spawn(process.execPath, [cli, ...args], {
      cwd: folder,
      env: { PATH: process.env.PATH, HOME: folder, LANG: 'C.UTF-8', ...env },
      stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    if (stdin !== null) this.child.stdin?.end(stdin);
    this.child.stdout!.setEncoding('utf8').on('data', (text) => {
      this.stdout += text;
    });
    this.child.stderr!.setEncoding('utf8').on('data', (text) => {
      this.stderr += text;
    });
    this.ended = new Promise((resolve) =>
      this.child.on('close', (code, signal) =>
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr }),
      ),
    );
  }

  /** Resolves once stdout or stderr matches. */
  async says(pattern: RegExp): Promise<void> {
    const said = await eventually(`${pattern}`, () => {
      if (pattern.test(this.stdout) || pattern.test(this.stderr)) return 'it';
      return this.child.exitCode !== null && 'not it, but ended';
    }).catch((error) => error.message);
    if (said !== 'it') throw new Error(`${pattern}: ${said}. It said:\n${this.stdout}${this.stderr}`);
  }

  /** Sends a signal and waits for the end. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
    this.child.kill(signal);
    return this.ended;
  }
}

/** The values of NDJSON text. */
export function ndjson(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}
