import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { workspace } from './bed.ts';
import { logLines } from './data.ts';
import { type Arrivals, readArrivals } from './live-watch.ts';
import { cpuOf, type Spread, spreadOf, usageOf } from './measure.ts';

const KEY = 'bench_live';
/** How long a program may take to start, or to store what it was given, in ms. */
const PATIENCE_MS = 60_000;
/** Pushed one by one, this often, before anything is measured: a program that runs for days is compiled. */
const WARM_UP = { logs: 300, everyMs: 10 };

/** What was measured of a program that follows the list at one rate. */
export interface Followed {
  /** From `LPUSH` until it arrived, of each log, in ms, ascending. */
  latencies: number[];
  /** Share of one core, in %. */
  cpu: number;
}

/** A program that follows a capped list, and what pushes to that. */
export class Follower {
  readonly #redis: Redis;
  readonly #url: string;
  readonly #arrivals: Arrivals;
  readonly #real = logLines('text');
  #cap = 1000;
  #sent = 0;

  constructor(redis: string, arrivals: Arrivals) {
    this.#url = redis;
    this.#redis = new Redis(redis);
    this.#arrivals = arrivals;
  }

  /**
   * Runs `command` while `work` does, which is told the process's number, and what it has said on stderr. `user` is who it
   * logs in as. Its stdout is watched for logs.
   */
  async with<T>(
    command: readonly string[],
    env: Record<string, string>,
    work: (pid: number, said: () => string) => Promise<T>,
    { cap = 1000, user = '' } = {},
  ): Promise<T> {
    this.#cap = cap;
    await this.#redis.del(KEY);
    await this.push(1);
    const child: ChildProcessWithoutNullStreams = spawn(command[0]!, command.slice(1), {
      cwd: workspace(),
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        REDIS_URL: this.#url.replace('//', user === '' ? '//' : `//${user}:x@`),
        REDIS_LOGS_KEY: KEY,
        ...env,
      },
    });
    let said = '';
    const read = readArrivals();
    child.stdout.setEncoding('utf8').on('data', (text: string) => this.#arrivals.note(read(text)));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const ended = new Promise((resolve) => child.once('close', resolve));
    try {
      await this.#drained(() => said);
      return await work(child.pid!, () => said);
    } finally {
      // What it would still do is measured by nobody.
      child.kill('SIGKILL');
      await ended;
    }
  }

  /** Resolves once the log that was pushed last has arrived. */
  async #drained(said: () => string): Promise<void> {
    const until = performance.now() + PATIENCE_MS;
    while (!this.#arrivals.at.has(this.#sent - 1)) {
      if (performance.now() > until) throw new Error(`a log has not arrived within a minute: ${said()}`);
      await delay(10);
    }
  }

  /** Pushes numbered logs, whose arrival is watched. */
  async push(count: number): Promise<void> {
    const time = new Date().toISOString().slice(0, 19).replace('T', ' ');
    await this.#push(Array.from({ length: count }, () => `${time} - api - INFO - log ${this.#sent++}`));
  }

  async #push(lines: readonly string[]): Promise<void> {
    const commands = this.#redis.multi();
    for (const line of lines) commands.lpush(KEY, line).ltrim(KEY, 0, this.#cap - 1);
    await commands.exec();
  }

  /** Pushes this many logs a second; returns when each was pushed, and how many a second it could be. */
  async pushAt(perSecond: number, seconds: number): Promise<{ pushed: number[]; perSecond: number }> {
    const pushed: number[] = [];
    const each = Math.max(1, Math.round(perSecond / 100));
    const began = performance.now();
    while (pushed.length < perSecond * seconds) {
      const due = began + (pushed.length / perSecond) * 1000;
      if (due > performance.now()) await delay(due - performance.now());
      const at = performance.now();
      await this.push(each);
      for (let n = 0; n < each; n++) pushed.push(at);
    }
    return { pushed, perSecond: (pushed.length / (performance.now() - began)) * 1000 };
  }

  /** Has the program compile what each log takes. */
  async warmUp(said: () => string): Promise<void> {
    for (let n = 0; n < WARM_UP.logs; n++) {
      await this.push(1);
      await delay(WARM_UP.everyMs);
    }
    await this.#drained(said);
  }

  /** What the program `pid` takes for this many logs a second. */
  async follow(
    pid: number,
    said: () => string,
    { perSecond, seconds }: { perSecond: number; seconds: number },
  ): Promise<Followed> {
    await this.warmUp(said);
    const first = this.#sent;
    const before = cpuOf(pid);
    const began = performance.now();
    const { pushed } = await this.pushAt(perSecond, seconds);
    const cpu = ((cpuOf(pid) - before) / (performance.now() - began)) * 100_000;
    await this.#drained(said);
    const latencies = pushed.flatMap((at, n) => {
      const arrived = this.#arrivals.at.get(first + n);
      return arrived === undefined ? [] : [arrived - at];
    });
    return { latencies: latencies.sort((a, b) => a - b), cpu };
  }

  /** Pushes 1,000 logs a second, metrics and predictions as the API prints them; returns the memory held by `pid`, in MB. */
  async holdMemory(pid: number, seconds: number): Promise<Spread> {
    const held: number[] = [];
    for (let n = 0; n < seconds * 10; n++) {
      await this.#push(Array.from({ length: 100 }, () => this.#real.next().value as string));
      held.push(usageOf(pid)!.mb);
      await delay(100);
    }
    return spreadOf(held);
  }

  close(): void {
    this.#redis.disconnect();
  }
}
