import { deepEqual, equal } from 'node:assert/strict';
import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../test/services/service.ts';
import { byHandOf, FLUENT_BIT, folder, linesFile, OTELCOL, transformOf, VECTOR, workspace } from './bed.ts';
import type { Shape } from './data.ts';
import { compared, type Figure, rates } from './figures.ts';
import { alternate, type Spread, spreadOf, timed, type Usage } from './measure.ts';

const out = join(folder, 'out.ndjson');

/** Lines in a file, through the plugins, to NDJSON. */
function sidecar(input: string, stdout: string, config?: object): Promise<Usage> {
  return timed({ command: transformOf(input), cwd: workspace(config), stdout });
}

/** Vector's remap doing the same work. */
async function remap(input: string): Promise<Usage> {
  rmSync(out, { force: true });
  const command = [
    VECTOR!,
    '--quiet',
    '--dangerously-allow-env-var-interpolation',
    '--config',
    join(root, 'bench/remap.toml'),
  ];
  return timed({ command, stdin: input, env: { BENCH_DIR: folder, BENCH_OUT: out } });
}

/** Programs that can make one document of each line, and no more. */
const PEERS = [
  { name: 'Fluent Bit', program: FLUENT_BIT, config: 'fluent-bit.yaml' },
  { name: 'OpenTelemetry Collector', program: OTELCOL, config: 'otelcol.yaml' },
];

/** Seconds of a run that makes one document of each line of `input`. Throws where one is missing. */
async function secondsOfDocuments(run: () => Promise<Usage>, lines: number): Promise<number> {
  rmSync(out, { force: true });
  const { seconds } = await run();
  equal(readFileSync(out, 'latin1').split('"INFO"').length - 1, lines);
  return seconds;
}

/** One document of each line: what the plugin `ml-api-logs` alone makes, against the same by peers. */
async function peerFigures(lines: number): Promise<Figure[]> {
  const input = await linesFile('text', lines);
  const peers = PEERS.filter(({ program }) => program);
  if (peers.length === 0) return [];
  const plugins = [{ use: 'ml-api-logs' }];
  const runs: Record<string, () => Promise<number>> = {
    ours: () => secondsOfDocuments(() => sidecar(input, out, { plugins }), lines),
  };
  for (const { name, program, config } of peers) {
    const command = [program!, '--config', join(root, 'bench', config)];
    const run = () => timed({ command, env: { BENCH_IN: input, BENCH_OUT: out }, fills: out });
    runs[name] = () => secondsOfDocuments(run, lines);
  }
  const seconds = await alternate(3, runs);
  const rateOf = (name: string) => rates(lines, seconds[name]!);
  return peers.map(({ name }) =>
    compared('one document of each text line', 'events/s', rateOf('ours'), { name, value: rateOf(name) }),
  );
}

/** The documents of an output, in order, without their ids; the members of each sorted. */
function documentsOf(path: string): string[] {
  return readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => {
      const { route, body } = JSON.parse(line) as { route: string; body: object };
      return `${route} ${JSON.stringify(Object.entries(body).sort())}`;
    });
}

/** Throws where the program by hand makes other documents than ours. */
async function compareDocuments(shape: Shape): Promise<void> {
  const input = await linesFile(shape, 2_000);
  await sidecar(input, out);
  const ours = documentsOf(out);
  await timed({ command: byHandOf(input), stdout: out });
  deepEqual(documentsOf(out), ours);
}

function subtract({ median, min, max }: Spread, start: Spread): Spread {
  return { median: median - start.median, min: min - start.median, max: max - start.median };
}

/** Figure 1: events/s against the same documents made by hand, against Vector's remap and other peers; and what a million events cost. */
export async function transformFigures(lines: number, rounds: number): Promise<Figure[]> {
  const figures: Figure[] = [];
  const usages: Usage[] = [];
  const start = await linesFile('text', 2);
  for (const shape of ['text', 'json'] as const satisfies Shape[]) {
    const input = await linesFile(shape, lines);
    const bytes = statSync(input).size;
    await compareDocuments(shape);
    const handSeconds = async (file: string): Promise<number> =>
      (await timed({ command: byHandOf(file), stdout: out })).seconds;
    const seconds = await alternate(rounds, {
      byHand: () => handSeconds(input),
      byHandStart: () => handSeconds(start),
      ours: async () => {
        const usage = await sidecar(input, out);
        usages.push(usage);
        return usage.seconds;
      },
      oursStart: async () => (await sidecar(start, out)).seconds,
    });
    const ours = rates(lines, seconds.ours);
    const name = `transform, ${shape} lines (${Math.round(bytes / 1e6)} MB)`;
    const hand = { name: 'by hand', value: rates(lines, seconds.byHand) };
    figures.push(compared(name, 'events/s', ours, hand, '≥ 0.8'));
    figures.push(
      compared(
        'the same, start-up taken off',
        'events/s',
        rates(lines, subtract(seconds.ours, seconds.oursStart)),
        { name: 'by hand', value: rates(lines, subtract(seconds.byHand, seconds.byHandStart)) },
        '≥ 0.8',
      ),
    );
    if (VECTOR && shape === 'text') {
      // It takes ten times as long.
      const few = await linesFile(shape, lines / 10);
      const { vector } = await alternate(3, { vector: async () => (await remap(few)).seconds });
      const value = rates(lines / 10, vector);
      figures.push(compared(name, 'events/s', ours, { name: 'Vector remap', value }, '≥ 10'));
    }
  }
  figures.push(...(await peerFigures(lines)));
  figures.push({
    name: 'CPU of a million events',
    unit: 's',
    ours: spreadOf(usages.map(({ cpuSeconds }) => (cpuSeconds / lines) * 1e6)),
  });
  return figures;
}
