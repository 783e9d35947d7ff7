import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from '@elastic/elasticsearch';
import { Redis } from 'ioredis';
import { root } from '../test/services/service.ts';
import { startVector } from '../test/services/vector.ts';
import { CLI, linesFile, NODE, transformOf, VECTOR, workspace } from './bed.ts';
import { type Figure, tableOf } from './figures.ts';
import { type Followed, Follower } from './live-follower.ts';
import { type Distribution, drawDistributions } from './live-picture.ts';
import { Arrivals, Watch } from './live-watch.ts';
import { cpuOf, quantile, type Spread, spreadOf } from './measure.ts';

const RATES = [10, 100, 1000];
/** Tried from the lowest on, until a gap is told, or the machine can't push that much. */
const RUSHES = [5_000, 10_000, 20_000, 40_000];
const RUSH_SECONDS = 4;
const GAP = /entries (?:changed between two reads|were trimmed before they could be read)/;
const SIDECAR = [...CLI, 'run', '--continuous', '--json'];
const MINIMAL = [...NODE, join(root, 'dist/bench/minimal-client.js')];
/** Of the probes of health whose CPU is measured together. */
const PROBES = 20;
const PROBED_EVERY_S = 10;

/** How a log gets from the list to where it is stored. */
type Way = 'told' | 'polled' | 'minimal' | 'stdout' | 'vector';

/**
 * Figures 4 and 5: how long a log takes, and what a sidecar that follows a list costs, with the default configuration;
 * each rate for `seconds`. It also writes them to bench/results/live.md, with a picture, live.svg.
 */
export async function liveFigures(
  servers: { redis: string; elasticsearch: string },
  seconds: number,
): Promise<Figure[]> {
  const load = loadavg()[0]!.toFixed(1);
  const arrivals = new Arrivals();
  const watch = new Watch(servers.elasticsearch, arrivals);
  await watch.listen();
  const follower = new Follower(servers.redis, arrivals);
  await addPolledUser(servers.redis);
  const vector = VECTOR ? await startVector('vector.toml', { ELASTICSEARCH_URL: watch.url }) : undefined;
  const env = { ELASTICSEARCH_URL: watch.url };
  const ways: Partial<Record<Way, { command: string[]; env: Record<string, string>; user?: string }>> = {
    told: { command: SIDECAR, env },
    // A server that may not tell makes the sidecar poll, as it did before it could be told.
    polled: { command: SIDECAR, env, user: 'polled' },
    minimal: { command: MINIMAL, env },
    stdout: { command: [...SIDECAR, '--sink', 'stdout'], env: {} },
    ...(vector
      ? { vector: { command: [...SIDECAR, '--sink', 'vector'], env: { VECTOR_URL: vector.url } } }
      : {}),
  };
  const figures: Figure[] = [];
  const distributions: Distribution[] = [];
  try {
    await createIndices(servers.elasticsearch);
    const alone = await askAlone(watch.url, seconds);
    figures.push(...latencyFigures('Elasticsearch, one document at a time', alone));
    for (const perSecond of RATES) {
      const found: Partial<Record<Way, Followed>> = {};
      for (const [way, { command, env, user = '' }] of Object.entries(ways))
        found[way as Way] = await follower.with(
          command,
          env,
          (pid, said) => follower.follow(pid, said, { perSecond, seconds }),
          { user },
        );
      figures.push(...compareWays(perSecond, found));
      const named = {
        'told of changes': 'told',
        'polled, as before': 'polled',
        'minimal client': 'minimal',
      } as const;
      for (const [name, way] of Object.entries(named))
        distributions.push({ way: name, perSecond, latencies: found[way]!.latencies });
      distributions.push({ way: 'Elasticsearch alone', perSecond, latencies: alone });
    }
    figures.push(...(await measureUpkeep(follower, watch, seconds)));
    for (const cap of [1_000, 10_000]) figures.push(await findHighestRate(follower, env, cap));
  } finally {
    follower.close();
    watch.close();
    await vector?.stop();
  }
  figures.push(await measureProbe());
  const starts: number[] = [];
  const input = await linesFile('text', 2);
  for (let n = 0; n < 7; n++) starts.push(await timeFirstByte(input));
  figures.push({ name: 'start to the first document', unit: 'ms', ours: spreadOf(starts), goal: '< 300' });
  const results = join(root, 'bench/results');
  mkdirSync(results, { recursive: true });
  writeFileSync(join(results, 'live.svg'), await drawDistributions(distributions));
  const head = `# From LPUSH until stored

Node ${process.versions.node}, ${seconds} s at each rate; the machine's load was ${load} when it began. \`BENCH_SECONDS=${seconds} npm run bench -- live\` writes this page.

![Distributions of latency at each rate](live.svg)
`;
  writeFileSync(join(results, 'live.md'), `${head}\n${tableOf(figures)}`);
  return figures;
}

const one = (value: number): Spread => spreadOf([value]);

function latencyFigures(name: string, latencies: readonly number[], goals: readonly string[] = []): Figure[] {
  return [0.5, 0.99].map((share, n) => ({
    name: `${name}, p${share * 100}`,
    unit: 'ms',
    ours: one(quantile(latencies, share)),
    ...(goals[n] ? { goal: goals[n] } : {}),
  }));
}

/** The figures of one rate, the sidecar's beside those that it is compared with. */
function compareWays(perSecond: number, found: Partial<Record<Way, Followed>>): Figure[] {
  const rate = `${perSecond.toLocaleString('en')} logs/s`;
  const { told, polled, minimal, stdout, vector } = found as Record<'told' | 'polled' | 'minimal', Followed> &
    Partial<Record<Way, Followed>>;
  const beside = (figure: Figure, name: string, value: number): Figure => {
    const ours = figure.ours.median;
    return { ...figure, against: { name, value: one(value) }, ratio: value / ours };
  };
  const figures: Figure[] = [];
  const latencies = latencyFigures(`LPUSH to stored, ${rate}`, told.latencies, ['≤ 15', '≤ 50']);
  latencies.forEach((figure, n) => {
    const share = [0.5, 0.99][n]!;
    figures.push(beside(figure, 'polled', quantile(polled.latencies, share)));
    figures.push(beside(figure, 'minimal client', quantile(minimal.latencies, share)));
  });
  const cpu = {
    name: `CPU, ${rate}`,
    unit: '% of a core',
    goal: { 10: '≤ 0.5', 100: '≤ 2' }[perSecond] ?? '',
  };
  figures.push(beside({ ...cpu, ours: one(told.cpu) }, 'polled', polled.cpu));
  figures.push(beside({ ...cpu, ours: one(told.cpu) }, 'minimal client', minimal.cpu));
  if (stdout) figures.push(...latencyFigures(`LPUSH to stdout, ${rate}`, stdout.latencies, ['≤ 5']));
  if (vector)
    figures.push(...latencyFigures(`LPUSH to stored through Vector, ${rate}`, vector.latencies, ['≤ 150']));
  return figures;
}

/** A user whom Redis may not tell of changes. */
async function addPolledUser(url: string): Promise<void> {
  const redis = new Redis(url);
  await redis.acl('SETUSER', 'polled', 'on', 'nopass', '~*', '&*', '+@all', '-client|tracking');
  redis.disconnect();
}

/** The indices, so that nobody's first log waits for them. */
async function createIndices(url: string): Promise<void> {
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, ELASTICSEARCH_URL: url };
  execFileSync(CLI[0]!, [...CLI.slice(1), 'setup'], { cwd: workspace(), env, stdio: 'pipe' });
  const client = new Client({ node: url });
  for (const index of ['bench_minimal', 'bench_alone'])
    await client.indices.create({ index }, { ignore: [400] });
  await client.close();
}

/** What Elasticsearch takes to answer for one document, ten times a second, in ms, ascending. */
async function askAlone(url: string, seconds: number): Promise<number[]> {
  const client = new Client({ node: url });
  const took: number[] = [];
  for (let n = 0; n < seconds * 10 + 50; n++) {
    const started = performance.now();
    await client.transport.request({
      method: 'POST',
      path: '/bench_alone/_bulk',
      bulkBody: '{"create":{}}\n{"message":"alone"}\n',
    });
    // The first are slow: both are still being compiled.
    if (n >= 50) took.push(performance.now() - started);
    if (n >= 50) await delay(100);
  }
  await client.close();
  return took.sort((a, b) => a - b);
}

/** Memory, and the CPU of a sidecar that has nothing to do. */
async function measureUpkeep(follower: Follower, watch: Watch, seconds: number): Promise<Figure[]> {
  const env = { ELASTICSEARCH_URL: watch.url };
  const goal = 'flat, ≤ 110';
  const figures: Figure[] = [];
  await follower.with(SIDECAR, env, async (pid) => {
    const up = await follower.holdMemory(pid, seconds);
    watch.isDown = true;
    const down = await follower.holdMemory(pid, seconds);
    watch.isDown = false;
    figures.push({ name: 'memory at 1,000 logs/s', unit: 'MB', ours: up, goal });
    figures.push({ name: 'the same while Elasticsearch is down', unit: 'MB', ours: down, goal });
  });
  await follower.with(SIDECAR, env, async (pid) => {
    await delay(15_000);
    const before = cpuOf(pid);
    await delay(seconds * 2000);
    const share = ((cpuOf(pid) - before) / (seconds * 2)) * 100;
    figures.push({ name: 'CPU when idle', unit: '% of a core', ours: one(share), goal: '≤ 0.02' });
  });
  return figures;
}

/** The highest of the rates at which no gap is told. */
async function findHighestRate(
  follower: Follower,
  env: Record<string, string>,
  cap: number,
): Promise<Figure> {
  let highest = 0;
  for (const rate of RUSHES) {
    const rush = async (_: number, said: () => string): Promise<{ pushed: number; hasGap: boolean }> => {
      await follower.warmUp(said);
      const { perSecond } = await follower.pushAt(rate, RUSH_SECONDS);
      await delay(1_000);
      return { pushed: perSecond, hasGap: GAP.test(said()) };
    };
    const { pushed, hasGap } = await follower.with(SIDECAR, env, rush, { cap });
    if (hasGap) break;
    highest = pushed;
    if (pushed < rate * 0.9) break;
  }
  const name = `highest rate without a gap, list of ${cap.toLocaleString('en')}`;
  return { name, unit: 'logs/s', ours: one(highest), goal: cap === 1_000 ? '≥ 5,000' : '≥ 20,000' };
}

/** What the image's health check costs, beside one of Node. */
async function measureProbe(): Promise<Figure> {
  const server = createServer((_, response) => response.end('ok'));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as { port: number };
  const instruction = /^HEALTHCHECK[^[]*CMD (\[.*\])$/m.exec(
    readFileSync(join(root, 'Dockerfile'), 'utf8').replaceAll('\\\n', ''),
  )![1]!;
  const fetching = `fetch('http://127.0.0.1:${port}/').then(({ok})=>process.exit(ok?0:1))`;
  const share = async (command: readonly string[]): Promise<number> => {
    const script = `for n in {1..${PROBES}}; do "$@" || exit 1; done; times`;
    const child = spawn('bash', ['-c', script, 'bash', ...command], {
      env: { PATH: process.env.PATH, PIPELINE_LISTEN: `0.0.0.0:${port}` },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    if (code !== 0) throw new Error(`${command.join(' ')} found the server ill`);
    // The second line: user and system time of what the shell has run, such as 0m0.080s.
    const times = [...said.split('\n')[1]!.matchAll(/(\d+)m([\d.]+)s/g)];
    const spent = times.reduce((sum, [, minutes, left]) => sum + Number(minutes) * 60 + Number(left), 0);
    return (spent / PROBES / PROBED_EVERY_S) * 100;
  };
  const ours = await share(JSON.parse(instruction));
  const node = await share([process.execPath, '-e', fetching]);
  server.close();
  return {
    name: "the image's health check",
    unit: '% of a core',
    ours: one(ours),
    against: { name: 'a process of Node', value: one(node) },
    ratio: node / ours,
  };
}

/** From the start of a process to its first document, in ms. */
async function timeFirstByte(input: string): Promise<number> {
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
