/**
 * `make bench`: measures, and records it in bench/results, by the day and by Node's version, and as a table in
 * bench/README.md. BENCH_LINES sets how many lines the larger files hold, and BENCH_LONG=1 adds the ten million; names of
 * parts as arguments run only those.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { startElasticsearch } from '../test/services/elasticsearch.ts';
import { startRedis } from '../test/services/redis.ts';
import { root } from '../test/services/service.ts';
import { FLUENT_BIT, folder, OTELCOL, VECTOR } from './bed.ts';
import { deliveryFigures } from './delivery.ts';
import { type Figure, tableOf } from './figures.ts';
import { growthFigures } from './growth.ts';
import { liveFigures } from './live.ts';
import { streamFigures } from './streams.ts';
import { transformFigures } from './transform.ts';

const lines = Number(process.env.BENCH_LINES ?? 200_000);
const lengths = [10_000, 1_000_000, ...(process.env.BENCH_LONG ? [10_000_000] : [])];
const only = process.argv.slice(2);

const [redis, elasticsearch] = await Promise.all([
  startRedis(),
  startElasticsearch({ jvm: '-Xms1g -Xmx1g' }),
]);
const servers = { redis: redis.url, elasticsearch: elasticsearch.url };
const parts: Record<string, () => Promise<Figure[]>> = {
  transform: () => transformFigures(lines, 5),
  delivery: () => deliveryFigures({ redis, elasticsearch }, lines / 5, 3),
  live: () => liveFigures(servers, Number(process.env.BENCH_SECONDS ?? 10)),
  growth: () => growthFigures(servers.redis, lengths, 3),
  streams: () => streamFigures(servers, lines / 5, 3),
};
const machine = {
  processor: cpus()[0]?.model,
  cores: cpus().length,
  memoryGb: Math.round(totalmem() / 2 ** 30),
  node: process.version,
  elasticsearch: elasticsearch.version,
  redis: redis.version,
  vector: versionOf(VECTOR),
  fluentBit: versionOf(FLUENT_BIT),
  otelcol: versionOf(OTELCOL),
};
const results = join(root, 'bench/results');
mkdirSync(results, { recursive: true });
const file = join(
  results,
  `${new Date().toISOString().slice(0, 10)}-node${process.versions.node.split('.')[0]}.json`,
);
// What another run of the day has measured stays beside it.
const measured: Record<string, Figure[]> = existsSync(file)
  ? JSON.parse(readFileSync(file, 'utf8')).parts
  : {};
try {
  for (const [name, measure] of Object.entries(parts)) {
    if (only.length > 0 && !only.includes(name)) continue;
    console.error(`measuring: ${name}`);
    measured[name] = await measure();
    writeFileSync(file, `${JSON.stringify({ machine, lines, parts: measured }, null, 2)}\n`);
    process.stdout.write(`${tableOf(measured[name])}\n`);
    writeTable(Object.values(measured).flat());
  }
} finally {
  await Promise.all([redis.stop(), elasticsearch.stop()]);
  rmSync(folder, { recursive: true, force: true });
}

/** What a program says its version is, in its first line. */
function versionOf(program: string | undefined): string | undefined {
  return program && execFileSync(program, ['--version'], { encoding: 'utf8' }).split('\n')[0];
}

/** Has bench/README.md show these figures. */
function writeTable(figures: readonly Figure[]): void {
  const page = join(root, 'bench/README.md');
  const table = /(?<=<!-- figures -->\n\n).*?(?=\n<!-- end -->)/s;
  writeFileSync(page, readFileSync(page, 'utf8').replace(table, tableOf(figures)));
}
