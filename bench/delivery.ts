import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { Client } from '@elastic/elasticsearch';
import type { Service } from '../test/services/service.ts';
import { root } from '../test/services/service.ts';
import { startVector } from '../test/services/vector.ts';
import { CLI, folder, linesFile, VECTOR, workspace } from './bed.ts';
import { compared, type Figure, rates } from './figures.ts';
import { fillList } from './growth.ts';
import { alternate, timed } from './measure.ts';

const PREFIX = 'ml-bench-';
const ROUTES = ['logs', 'message', 'perfs', 'top-func'];
const INDICES = ROUTES.map((route) => PREFIX + route);
const CONFIG = {
  indices: { prefix: PREFIX },
  plugins: ROUTES.map((route) => ({ use: `ml-api-${route}`, index: PREFIX + route })),
};
/** The defaults: logs in a batch, which make four documents each, and batches at once. */
const BATCH = 100;
const DOCUMENTS_PER_LINE = 4;
const CONCURRENCY = 16;

/** Figures 2 and 3: documents per second into Elasticsearch, straight and through Vector. */
export async function deliveryFigures(
  servers: { redis: Service; elasticsearch: Service },
  lines: number,
  rounds: number,
): Promise<Figure[]> {
  const input = await linesFile('text', lines);
  const documents = join(folder, 'documents.ndjson');
  const seconds = async (
    args: string,
    env: Record<string, string>,
    stdout = join(folder, 'summary.json'),
  ) => {
    const command = [...CLI, 'run', '--once', ...args.split(' ')];
    const usage = await timed({ command, cwd: workspace(CONFIG), env, stdout });
    return args.includes('--json')
      ? JSON.parse(readFileSync(stdout, 'utf8')).durationMs / 1000
      : usage.seconds;
  };
  await seconds(`--source file --path ${input} --sink stdout --quiet`, {}, documents);
  const bodies = bulkBodies(readFileSync(documents, 'utf8').trimEnd().split('\n'));
  const count = lines * DOCUMENTS_PER_LINE;
  const client = new Client({ node: servers.elasticsearch.url });
  const env = {
    ELASTICSEARCH_URL: servers.elasticsearch.url,
    REDIS_URL: servers.redis.url,
    REDIS_LOGS_KEY: 'bench',
  };
  const fresh = async (): Promise<void> => {
    for (const index of INDICES) await client.indices.delete({ index, ignore_unavailable: true });
    await timed({ command: [...CLI, 'setup'], cwd: workspace(CONFIG), env });
  };
  const complete = async (): Promise<void> => {
    await client.indices.refresh({ index: INDICES });
    const found = (await client.count({ index: INDICES })).count;
    if (found !== count) throw new Error(`${found} documents are stored, not ${count}`);
  };
  const run = (work: () => Promise<number>) => async (): Promise<number> => {
    await fresh();
    const took = await work();
    await complete();
    return took;
  };
  const figures: Figure[] = [];
  try {
    await fillList(servers.redis.url, 'bench', readFileSync(input, 'utf8').trimEnd().split('\n'));
    // A server that has just started is slow; whoever went first would be behind.
    await fresh();
    await post(client, bodies);
    const straight = async (name: string, goal: string): Promise<void> => {
      const took = await alternate(rounds, {
        ours: run(() => seconds('--source redis --sink elasticsearch --json', env)),
        bodies: run(() => post(client, bodies)),
      });
      const made = { name: 'the same bulk bodies, ready made', value: rates(count, took.bodies) };
      figures.push(compared(name, 'documents/s', rates(count, took.ours), made, goal));
    };
    await straight('Redis list into four indices, all on the same cores', '≥ 0.85');
    const others = [...processesOf(servers.redis), `${process.pid}`];
    pin(processesOf(servers.elasticsearch), '0');
    pin(others, `1-${cpus().length - 1}`);
    await straight('the same, Elasticsearch on a core of its own', '≥ 0.95');
    pin([...processesOf(servers.elasticsearch), ...others], `0-${cpus().length - 1}`);
    if (!VECTOR) return figures;
    const vector = await startVector('vector.toml', { ...env, INDICES_PREFIX: PREFIX });
    const through = await alternate(rounds, {
      ours: run(() =>
        seconds(`--source file --path ${input} --sink vector --json`, { ...env, VECTOR_URL: vector.url }),
      ),
      alone: run(async () => {
        const command = [
          VECTOR!,
          '--quiet',
          '--dangerously-allow-env-var-interpolation',
          '--config',
          join(root, 'bench/direct.toml'),
        ];
        return (await timed({ command, stdin: documents, env: { ...env, BENCH_DIR: folder } })).seconds;
      }),
    });
    await vector.stop();
    figures.push(
      compared(
        'through Vector, acknowledged',
        'documents/s',
        rates(count, through.ours),
        { name: 'Vector alone, from stdin', value: rates(count, through.alone) },
        '≥ 0.9',
      ),
    );
    return figures;
  } finally {
    await client.close();
  }
}

/** Has processes, and what they start, run on these cores, as `taskset` names them. */
function pin(pids: readonly string[], cores: string): void {
  for (const pid of pids) execFileSync('taskset', ['-acp', cores, pid]);
}

function processesOf({ pid }: Service): string[] {
  return execFileSync('pgrep', ['-g', `${pid}`], { encoding: 'utf8' })
    .trim()
    .split('\n');
}

/** What the sidecar would send, from what it writes to stdout. */
function bulkBodies(lines: readonly string[]): string[] {
  const bodies: string[] = [];
  const size = BATCH * DOCUMENTS_PER_LINE;
  for (let at = 0; at < lines.length; at += size)
    bodies.push(
      lines
        .slice(at, at + size)
        .map((line) => {
          const { id, route, body } = JSON.parse(line);
          return `{"create":{"_index":"${PREFIX}${route}","_id":"${id}"}}\n${JSON.stringify(body)}\n`;
        })
        .join(''),
    );
  return bodies;
}

/** Posts the bodies as the sidecar's sink does; returns the seconds that it took. */
async function post(client: Client, bodies: readonly string[]): Promise<number> {
  const started = performance.now();
  let next = 0;
  const one = async (): Promise<void> => {
    while (next < bodies.length)
      await client.transport.request({
        method: 'POST',
        path: '/_bulk',
        querystring: { filter_path: 'errors,items.*.status,items.*.error' },
        bulkBody: bodies[next++]!,
      });
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, one));
  return (performance.now() - started) / 1000;
}
