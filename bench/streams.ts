import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from '@elastic/elasticsearch';
import { Redis } from 'ioredis';
import { CLI, linesFile, workspace } from './bed.ts';
import { type Figure, rates } from './figures.ts';
import { alternate, spreadOf, timed } from './measure.ts';

const KEY = 'bench_streams';
const ROUTES = ['logs', 'message', 'perfs', 'top-func'];
const PREFIX = 'ml-bench-streams-';
const CONFIG = {
  indices: { prefix: PREFIX },
  plugins: ROUTES.map((route) => ({ use: `ml-api-${route}`, index: PREFIX + route })),
};

/**
 * Logs per second of one, two and three sidecars that share a stream, and the CPU that they take together for a million logs.
 * They share the machine's cores with Redis and Elasticsearch, so that the CPU tells what sharing costs, and the speed only
 * what is left of the cores.
 */
export async function streamFigures(
  servers: { redis: string; elasticsearch: string },
  lines: number,
  rounds: number,
): Promise<Figure[]> {
  const logs = readFileSync(await linesFile('text', lines), 'utf8')
    .trimEnd()
    .split('\n');
  const redis = new Redis(servers.redis);
  const client = new Client({ node: servers.elasticsearch });
  const env = { ELASTICSEARCH_URL: servers.elasticsearch, REDIS_URL: servers.redis, REDIS_LOGS_KEY: KEY };
  const cpu = new Map<string, number[]>();
  const fresh = async (): Promise<void> => {
    await redis.del(KEY);
    for (let at = 0; at < logs.length; at += 1000) {
      const commands = redis.pipeline();
      for (const log of logs.slice(at, at + 1000)) commands.xadd(KEY, '*', 'log', log);
      await commands.exec();
    }
    for (const route of ROUTES)
      await client.indices.delete({ index: PREFIX + route, ignore_unavailable: true });
    await timed({ command: [...CLI, 'setup'], cwd: workspace(CONFIG), env });
  };
  /** The seconds in which this many sidecars empty the stream. */
  const share = (sink: string, sidecars: number) => async (): Promise<number> => {
    await fresh();
    const runs = await Promise.all(
      Array.from({ length: sidecars }, async (_, n) => {
        const cwd = workspace(CONFIG);
        const stdout = join(cwd, 'summary.json');
        const command = [...CLI, 'run', '--once', '--json', '--source', 'redis-stream', '--sink', sink];
        const { cpuSeconds } = await timed({ command, cwd, env: { ...env, REDIS_CONSUMER: `${n}` }, stdout });
        const { logs: read, durationMs } = JSON.parse(readFileSync(stdout, 'utf8'));
        return { read: Number(read), cpuSeconds, seconds: Number(durationMs) / 1000 };
      }),
    );
    const read = runs.reduce((sum, run) => sum + run.read, 0);
    if (read !== lines) throw new Error(`${read} logs were read by ${sidecars} sidecars, not ${lines}`);
    const took = runs.reduce((sum, run) => sum + run.cpuSeconds, 0);
    const name = `${sink} ${sidecars}`;
    cpu.set(name, [...(cpu.get(name) ?? []), (took / lines) * 1e6]);
    return Math.max(...runs.map(({ seconds }) => seconds));
  };
  const figures: Figure[] = [];
  try {
    for (const sink of ['directory', 'elasticsearch']) {
      const took = await alternate(rounds, { 1: share(sink, 1), 2: share(sink, 2), 3: share(sink, 3) });
      for (const [count, seconds] of Object.entries(took)) {
        const name = `${count} on a stream, into ${sink}`;
        figures.push(
          { name, unit: 'logs/s', ours: rates(lines, seconds) },
          { name: 'CPU of a million logs', unit: 's', ours: spreadOf(cpu.get(`${sink} ${count}`)!) },
        );
      }
    }
    return figures;
  } finally {
    await redis.del(KEY);
    redis.disconnect();
    for (const route of ROUTES)
      await client.indices.delete({ index: PREFIX + route, ignore_unavailable: true });
    await client.close();
  }
}
