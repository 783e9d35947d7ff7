import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { FaultProxy, pass } from '../test/faults/proxy.ts';
import { CLI, linesFile, transformOf, workspace } from './bed.ts';
import { logLines } from './data.ts';
import type { Figure } from './figures.ts';
import { quantile, type Spread, spreadOf, usageOf } from './measure.ts';

const KEY = 'bench_live';
const CAP = 1000;

/** Stands before Elasticsearch, and notes when it has answered for which log. While `down`, it hangs up. */
class Watch {
  down = false;
  /** By the number in its message: when a log was answered for, in ms. */
  readonly stored = new Map<number, number>();
  readonly url: string;
  readonly #ends: readonly (() => void)[];

  private constructor(proxy: FaultProxy, ends: readonly (() => void)[]) {
    this.url = proxy.url;
    this.#ends = ends;
    proxy.every = async (exchange) => {
      if (this.down) return void exchange.response.destroy();
      await pass(exchange);
      const now = performance.now();
      for (const [, n] of exchange.body.matchAll(/"message":"log (\d+)"/g)) this.stored.set(Number(n), now);
    };
  }

  static async start(target: string): Promise<Watch> {
    const ends: (() => void)[] = [];
    const after = (end: () => void): void => void ends.push(end);
    return new Watch(await FaultProxy.start({ after }, target), ends);
  }

  close(): void {
    for (const end of this.#ends) end();
  }
}

/** Whether the sidecar is told of changes, or a user whom the server does not tell makes it poll. */
type Way = 'told' | 'polled';
const WAYS: readonly Way[] = ['told', 'polled'];

/** One sidecar that follows a capped list, with the default configuration. */
class Live {
  readonly #watch: Watch;
  readonly #redis: Redis;
  readonly #env: Record<string, string>;
  readonly #real = logLines('text');
  #sent = 0;

  constructor(redis: string, watch: Watch) {
    this.#watch = watch;
    this.#redis = new Redis(redis);
    this.#env = { REDIS_URL: redis, REDIS_LOGS_KEY: KEY, ELASTICSEARCH_URL: watch.url };
  }

  /** Runs a sidecar while `work` does; returns the figures of its summary. */
  async with(
    work: (pid: number) => Promise<void>,
    way: Way = 'told',
  ): Promise<{ gaps: number; logs: number }> {
    await this.#redis.acl('SETUSER', 'polled', 'on', 'nopass', '~*', '&*', '+@all', '-client|tracking');
    await this.#redis.del(KEY);
    await this.push(1);
    const [command, ...args] = [...CLI, 'run', '--continuous', '--json'];
    const child = spawn(command!, args, {
      cwd: workspace(),
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        ...this.#env,
        ...(way === 'polled' ? { REDIS_URL: this.#env.REDIS_URL!.replace('//', '//polled:x@') } : {}),
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.on('data', (text) => {
      said += text;
    });
    await this.#drained();
    await work(child.pid!);
    await this.#drained();
    const ended = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGTERM');
    await ended;
    return JSON.parse(said.trimEnd().split('\n').at(-1)!);
  }

  /** Resolves once the log that was pushed last is stored. */
  async #drained(): Promise<void> {
    while (!this.#watch.stored.has(this.#sent - 1)) await delay(10);
  }

  /** Pushes numbered logs, whose way is watched. */
  async push(count: number): Promise<void> {
    const time = new Date().toISOString().slice(0, 19).replace('T', ' ');
    await this.#push(Array.from({ length: count }, () => `${time} - api - INFO - log ${this.#sent++}`));
  }

  async #push(lines: readonly string[]): Promise<void> {
    const commands = this.#redis.multi();
    for (const line of lines) commands.lpush(KEY, line).ltrim(KEY, 0, CAP - 1);
    await commands.exec();
  }

  /** Pushes 1,000 logs a second, metrics and predictions as the API prints them; returns the memory held by `pid`, in MB. */
  async memory(pid: number, seconds: number): Promise<Spread> {
    const held: number[] = [];
    for (let n = 0; n < seconds * 10; n++) {
      await this.#push(Array.from({ length: 100 }, () => this.#real.next().value as string));
      held.push(usageOf(pid)!.mb);
      await delay(100);
    }
    await this.push(1);
    return spreadOf(held);
  }

  /** Pushes this many logs a second, and returns what LPUSH to stored took, in ms, ascending. */
  async latencies(perSecond: number, seconds: number): Promise<number[]> {
    const first = this.#sent;
    const pushed: number[] = [];
    const each = Math.max(1, Math.round(perSecond / 100));
    const began = performance.now();
    while (this.#sent - first < perSecond * seconds) {
      const due = began + ((this.#sent - first) / perSecond) * 1000;
      if (due > performance.now()) await delay(due - performance.now());
      const at = performance.now();
      await this.push(each);
      for (let n = 0; n < each; n++) pushed.push(at);
    }
    await this.#drained();
    return pushed
      .flatMap((at, n) => {
        const stored = this.#watch.stored.get(first + n);
        return stored === undefined ? [] : [stored - at];
      })
      .sort((a, b) => a - b);
  }

  close(): void {
    this.#redis.disconnect();
  }
}

/** Figures 4 and 5: how long a log takes, and what a sidecar that follows a list costs. */
export async function liveFigures(
  servers: { redis: string; elasticsearch: string },
  seconds: number,
): Promise<Figure[]> {
  const watch = await Watch.start(servers.elasticsearch);
  const live = new Live(servers.redis, watch);
  const figures: Figure[] = [];
  const one = (value: number) => spreadOf([value]);
  try {
    figures.push({
      name: 'Elasticsearch, one document',
      unit: 'ms',
      ours: await alone(servers.elasticsearch),
    });
    for (const perSecond of [10, 100, 1000]) {
      for (const way of WAYS) {
        await live.with(async (pid) => {
          await live.latencies(perSecond, 2);
          const before = usageOf(pid)!.cpuSeconds;
          const took = await live.latencies(perSecond, seconds);
          const share = ((usageOf(pid)!.cpuSeconds - before) / seconds) * 100;
          const name = `LPUSH to stored, ${perSecond} logs/s, ${way}`;
          const [p50, p99] = way === 'told' ? ['≤ 15', '≤ 50'] : ['', '< 1,000'];
          figures.push({ name: `${name}, p50`, unit: 'ms', ours: one(quantile(took, 0.5)), goal: p50 });
          figures.push({ name: `${name}, p99`, unit: 'ms', ours: one(quantile(took, 0.99)), goal: p99 });
          const goal = { 10: '≤ 0.5', 100: '≤ 2' }[perSecond] ?? '';
          figures.push({ name: `CPU at that`, unit: '% of a core', ours: one(share), goal });
        }, way);
      }
    }
    await live.with(async (pid) => {
      const held = await live.memory(pid, seconds);
      figures.push({ name: 'memory at 1,000 logs/s', unit: 'MB', ours: held, goal: 'flat, < 150' });
    });
    const { gaps, logs } = await live.with(async () => void (await live.latencies(5000, seconds)));
    figures.push({
      name: `gaps at 5,000 logs/s (${logs.toLocaleString('en')} logs)`,
      unit: 'gaps',
      ours: one(gaps),
      goal: '0',
    });
    await live.with(async (pid) => {
      watch.down = true;
      const held = await live.memory(pid, seconds);
      watch.down = false;
      figures.push({
        name: 'the same while Elasticsearch is down',
        unit: 'MB',
        ours: held,
        goal: 'flat, < 150',
      });
    });
    await live.with(async (pid) => {
      await delay(15_000);
      const before = usageOf(pid)!.cpuSeconds;
      await delay(seconds * 3000);
      const share = ((usageOf(pid)!.cpuSeconds - before) / (seconds * 3)) * 100;
      figures.push({ name: 'CPU when idle', unit: '% of a core', ours: one(share), goal: '≤ 0.02' });
    });
  } finally {
    live.close();
    watch.close();
  }
  const starts: number[] = [];
  const input = await linesFile('text', 2);
  for (let n = 0; n < 7; n++) starts.push(await firstByte(input));
  figures.push({ name: 'start to the first document', unit: 'ms', ours: spreadOf(starts), goal: '< 300' });
  return figures;
}

/** What Elasticsearch takes to answer for one document, in ms. */
async function alone(elasticsearch: string): Promise<Spread> {
  const took: number[] = [];
  for (let n = 0; n < 200; n++) {
    const started = performance.now();
    const response = await fetch(`${elasticsearch}/bench_alone/_bulk`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body: `{"create":{"_id":"${started}"}}\n{"message":"log"}\n`,
    });
    await response.text();
    took.push(performance.now() - started);
  }
  return spreadOf(took);
}

/** From the start of a process to its first document, in ms. */
async function firstByte(input: string): Promise<number> {
  const [command, ...args] = transformOf(input);
  const started = performance.now();
  const child = spawn(command!, args, { cwd: workspace(), stdio: ['ignore', 'pipe', 'ignore'] });
  const took = await new Promise<number>((resolve) =>
    child.stdout.once('data', () => resolve(performance.now() - started)),
  );
  child.stdout.resume();
  await new Promise((resolve) => child.once('close', resolve));
  return took;
}
