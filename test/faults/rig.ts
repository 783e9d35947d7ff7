import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { type CommandLine, type Ended, Workspace } from '../helpers.ts';
import { elasticsearchUrl, redisUrl, uniqueName } from '../services/env.ts';
import { type Line, Lines } from './lines.ts';
import { Oracle, type Verdict } from './oracle.ts';
import { FaultProxy } from './proxy.ts';

/** `FAULTS_LONG=1` asks for the long form. */
export const long = process.env.FAULTS_LONG === '1';

/** Where a rig's servers are; the shared ones by default. */
export interface RigOptions {
  redis?: string;
  /** What the sidecar is told, where that is a proxy in front of `redis`. */
  redisForSidecar?: string;
  elasticsearch?: string;
  /** How many entries the list keeps. */
  cap?: number;
  /** Added to the sidecar's configuration. */
  config?: Record<string, unknown>;
}

/** A Redis list, a sidecar, a proxy that harms, an Elasticsearch, and the oracle over all of it. */
export class Rig {
  readonly key = uniqueName('faults');
  readonly prefix = `${uniqueName('faults')}-`;
  readonly lines = new Lines();
  readonly oracle: Oracle;
  readonly workspace: Workspace;
  readonly redis: Redis;
  readonly proxy: FaultProxy;
  /** The sidecar that was started last. */
  sidecar!: CommandLine;
  /** What all earlier ones said. */
  #said = '';
  readonly #options: RigOptions;

  private constructor(t: TestContext, proxy: FaultProxy, options: RigOptions) {
    this.#options = options;
    this.proxy = proxy;
    this.workspace = new Workspace(t, this.prefix, options.config);
    this.oracle = new Oracle(options.elasticsearch ?? elasticsearchUrl(), this.prefix, this.path('dead'));
    this.redis = new Redis(options.redis ?? redisUrl(), { retryStrategy: () => 50 });
    this.redis.on('error', () => {});
    t.after(async () => {
      this.sidecar?.child.kill('SIGKILL');
      if (this.redis.status === 'ready') await this.redis.del(this.key).catch(() => {});
      this.redis.disconnect();
      await this.oracle.clear().catch(() => {});
    });
  }

  static async start(t: TestContext, options: RigOptions = {}): Promise<Rig> {
    const proxy = await FaultProxy.start(t, options.elasticsearch ?? elasticsearchUrl());
    return new Rig(t, proxy, options);
  }

  /** A path in the folder that the sidecar runs in. */
  path(name: string): string {
    return join(this.workspace.folder, name);
  }

  /** Starts the sidecar, through the proxy; `continuous` unless other arguments are given. */
  run(args: readonly string[] = ['--continuous'], env: Record<string, string> = {}): CommandLine {
    if (this.sidecar) this.#said += this.sidecar.stderr;
    this.sidecar = this.workspace.start(['run', '--json', '--state', this.path('state'), ...args], {
      REDIS_URL: this.#options.redisForSidecar ?? this.#options.redis ?? redisUrl(),
      REDIS_LOGS_KEY: this.key,
      ELASTICSEARCH_URL: this.proxy.url,
      PIPELINE_POLL_INTERVAL: '0.1',
      ...env,
    });
    return this.sidecar;
  }

  /** The sidecar has ended. */
  get isGone(): boolean {
    return this.sidecar.child.exitCode !== null || this.sidecar.child.signalCode !== null;
  }

  /** What all sidecars have said on stderr. */
  get said(): string {
    return this.#said + this.sidecar.stderr;
  }

  /** How many gaps were told. */
  get gaps(): number {
    return this.said.match(/all \d+ entries changed between two reads/g)?.length ?? 0;
  }

  /** Pushes as the API does, oldest first; the oracle knows of each. */
  async push(lines: readonly Line[]): Promise<void> {
    const { cap = 1000 } = this.#options;
    for (let from = 0; from < lines.length; from += 500) {
      const commands = this.redis.multi();
      for (const { text } of lines.slice(from, from + 500))
        commands.lpush(this.key, text).ltrim(this.key, 0, cap - 1);
      await commands.exec();
    }
    this.oracle.sent.push(...lines);
  }

  /** Pushes one more line and waits until it is stored: all before it has been read then. */
  async drained(seconds = 60): Promise<void> {
    const last = this.lines.note();
    await this.push([last]);
    const deadline = Date.now() + seconds * 1000;
    while (!(await this.oracle.holds(last))) {
      assert.ok(!this.isGone, `the sidecar ended:\n${this.said}`);
      assert.ok(Date.now() < deadline, `not drained in ${seconds} s; the sidecar said:\n${this.said}`);
      await delay(50);
    }
  }

  /** Waits until all is stored, stops the sidecar in peace, and asks the oracle. */
  async settled(seconds?: number): Promise<Verdict> {
    await this.drained(seconds);
    const { code } = await this.sidecar.stop();
    assert.equal(code, 0, this.said);
    return this.oracle.verdict();
  }

  /** Kills the sidecar outright and waits until it is gone. */
  kill = (): Promise<Ended> => this.sidecar.stop('SIGKILL');

  /** The path of the journal; `undefined` while there is none. */
  get journalPath(): string | undefined {
    const [folder] = existsSync(this.path('state')) ? readdirSync(this.path('state')) : [];
    const path = folder && join(this.path('state'), folder, 'journal');
    return path && existsSync(path) ? path : undefined;
  }

  /** The journal's bytes, as text; empty while there is none. */
  journal(): string {
    return this.journalPath ? readFileSync(this.journalPath, 'latin1') : '';
  }
}

/** How much memory a running command line holds, resident, in MB. */
export function megabytes({ child }: CommandLine): number {
  const [, kilobytes = '0'] =
    /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? [];
  return Math.round(Number(kilobytes) / 1024);
}

/** Nothing is missing, nothing is there twice, and nothing ended as a dead letter that need not. */
export function assertAllThere(verdict: Verdict, letters = 0): void {
  assert.deepEqual(
    {
      doubled: verdict.doubled,
      missing: verdict.missing,
      letters: verdict.letters.length,
      unreadable: verdict.unreadable,
    },
    { doubled: [], missing: [], letters, unreadable: 0 },
  );
  assert.equal(verdict.stored + letters, verdict.expected);
  for (const { reason } of verdict.letters) assert.ok(reason.length > 0);
}
