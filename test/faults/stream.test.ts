import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type CommandLine, eventually } from '../helpers.ts';
import { redisUrl } from '../services/env.ts';
import type { Line } from './lines.ts';
import { assertAllThere, long, Rig } from './rig.ts';

/** Logs a second, and for how long; the long form is the load that three sidecars are promised for. */
const RATE = long ? 5000 : 1000;
const SECONDS = long ? 20 : 4;
const GROUP = 'sidecars';

/** Several sidecars that share one stream as a group. */
class Sharing {
  readonly rig: Rig;
  readonly #sidecars = new Map<string, CommandLine>();

  constructor(rig: Rig) {
    this.rig = rig;
  }

  /** Starts a sidecar, as a consumer of this name. */
  async join(name: string): Promise<void> {
    const { rig } = this;
    const args = ['run', '--json', '--continuous', '--source', 'redis-stream', '--state', rig.path(name)];
    const sidecar = rig.workspace.start(args, {
      REDIS_URL: redisUrl(),
      REDIS_LOGS_KEY: rig.key,
      REDIS_GROUP: GROUP,
      REDIS_CONSUMER: name,
      ELASTICSEARCH_URL: rig.proxy.url,
    });
    this.#sidecars.set(name, sidecar);
    await eventually(`${name} reads`, async () => (await this.#consumers()).includes(name));
  }

  /** Adds as the API does, so many a second. */
  async add(lines: readonly Line[]): Promise<void> {
    const each = RATE / 50;
    const began = performance.now();
    for (let at = 0; at < lines.length; at += each) {
      const due = began + (at / RATE) * 1000;
      if (due > performance.now()) await delay(due - performance.now());
      const commands = this.rig.redis.pipeline();
      for (const { text } of lines.slice(at, at + each)) commands.xadd(this.rig.key, '*', 'log', text);
      await commands.exec();
    }
    this.rig.oracle.sent.push(...lines);
  }

  /** Kills a sidecar at a moment when it holds what nobody else has; returns how many entries those are. */
  async kill(name: string): Promise<number> {
    const { child, stderr } = this.#sidecars.get(name)!;
    const held = await eventually(`${name} holds entries: ${stderr}`, async () => {
      child.kill('SIGSTOP');
      const count = (await this.#pending()).get(name);
      if (count === undefined) child.kill('SIGCONT');
      return count;
    });
    await this.#sidecars.get(name)!.stop('SIGKILL');
    return held;
  }

  /** Waits until each entry has been delivered and acknowledged, stops all in peace; returns how many logs each has read. */
  async finish(): Promise<Map<string, number>> {
    const deadline = Date.now() + (long ? 600_000 : 60_000);
    for (let left = await this.#left(); left > 0; left = await this.#left()) {
      assert.ok(Date.now() < deadline, `${left} entries were not acknowledged in time`);
      await delay(50);
    }
    const logs = new Map<string, number>();
    for (const [name, sidecar] of this.#sidecars) {
      const { code, signal, stdout, stderr } = await sidecar.stop();
      if (signal === 'SIGKILL') continue;
      assert.equal(code, 0, stderr);
      logs.set(name, JSON.parse(stdout.trimEnd().split('\n').at(-1)!).logs);
    }
    return logs;
  }

  /** How many entries are not acknowledged. */
  async #left(): Promise<number> {
    const [group = []] = (await this.rig.redis.xinfo('GROUPS', this.rig.key)) as unknown[][];
    const figure = (name: string): number => Number(group[group.indexOf(name) + 1]);
    return figure('lag') + figure('pending');
  }

  async #consumers(): Promise<string[]> {
    const consumers = await this.rig.redis.xinfo('CONSUMERS', this.rig.key, GROUP).catch(() => []);
    return (consumers as unknown[][]).map((consumer) => String(consumer[consumer.indexOf('name') + 1]));
  }

  async #pending(): Promise<Map<string, number>> {
    const [, , , consumers] = await this.rig.redis.xpending(this.rig.key, GROUP);
    return new Map(((consumers ?? []) as [string, string][]).map(([name, count]) => [name, Number(count)]));
  }
}

test('three sidecars share a stream, one is killed and one is added: each log once', async (t) => {
  const rig = await Rig.start(t, { config: { redis: { claim_after: 2 } } });
  const group = new Sharing(rig);
  for (const name of ['one', 'two', 'three']) await group.join(name);
  const lines = rig.lines.some(RATE * SECONDS);
  const third = Math.ceil(lines.length / 3);
  await group.add(lines.slice(0, third));
  const adding = group.add(lines.slice(third, 2 * third));
  const held = await group.kill('two');
  await adding;
  await group.join('four');
  await group.add(lines.slice(2 * third));
  const logs = await group.finish();
  t.diagnostic(`the killed one held ${held} entries; the others read ${JSON.stringify([...logs])}`);
  assertAllThere(await rig.oracle.verdict());
  for (const [name, count] of logs) assert.ok(count > 0, `${name} has read nothing`);
});
