import { deepEqual } from 'node:assert/strict';
import { readFileSync, rmSync, statSync } from 'node:fs';
import { devNull } from 'node:os';
import { join } from 'node:path';
import { root } from '../test/services/service.ts';
import { folder, linesFile, transformOf, VECTOR, workspace, YOUNG_HEAP } from './bed.ts';
import type { Shape } from './data.ts';
import { compared, type Figure, rates } from './figures.ts';
import { alternate, spreadOf, timed, type Usage } from './measure.ts';

const FOUR = ['ml-api-logs', 'ml-api-message', 'ml-api-perfs', 'ml-api-top-func'];
const out = join(folder, 'out.ndjson');

function byHand(input: string): string[] {
  return [process.execPath, ...YOUNG_HEAP, join(root, 'dist/bench/by-hand.js'), input];
}

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
  await timed({ command: byHand(input), stdout: out });
  deepEqual(documentsOf(out), ours);
}

/** Figure 1: events/s against the same documents made by hand and against Vector's remap; and what a million events cost. */
export async function transformFigures(lines: number, rounds: number): Promise<Figure[]> {
  const figures: Figure[] = [];
  const usages: Usage[] = [];
  for (const shape of ['text', 'json'] as const satisfies Shape[]) {
    const input = await linesFile(shape, lines);
    const bytes = statSync(input).size;
    await compareDocuments(shape);
    const seconds = await alternate(rounds, {
      byHand: async () => (await timed({ command: byHand(input), stdout: out })).seconds,
      ours: async () => {
        const usage = await sidecar(input, out);
        usages.push(usage);
        return usage.seconds;
      },
      ...(VECTOR && shape === 'text' ? { vector: async () => (await remap(input)).seconds } : {}),
    });
    const ours = rates(lines, seconds.ours);
    const name = `transform, ${shape} lines (${Math.round(bytes / 1e6)} MB)`;
    figures.push(
      compared(name, 'events/s', ours, { name: 'by hand', value: rates(lines, seconds.byHand) }, '≥ 0.8'),
    );
    if (seconds.vector)
      figures.push(
        compared(
          name,
          'events/s',
          ours,
          { name: 'Vector remap', value: rates(lines, seconds.vector) },
          '≥ 10',
        ),
      );
  }
  figures.push({
    name: 'CPU of a million events',
    unit: 's',
    ours: spreadOf(usages.map(({ cpuSeconds }) => (cpuSeconds / lines) * 1e6)),
  });
  return figures;
}

/**
 * Figure 6: the cost of an event in files of several lengths, and with more plugins. Start-up is taken off, and what is
 * written is thrown away: ten million events make 25 GB.
 */
export async function growthFigures(lengths: readonly number[], rounds: number): Promise<Figure[]> {
  const empty = await linesFile('text', 2);
  const cost = async (count: number, config?: object): Promise<number> => {
    const input = await linesFile('text', count);
    const { cpuSeconds } = await sidecar(input, devNull, config);
    return ((cpuSeconds - (await sidecar(empty, devNull, config)).cpuSeconds) / count) * 1e6;
  };
  const base = await linesFile('text', lengths[0]!);
  const figures: Figure[] = [];
  for (const count of lengths) {
    const { few, many } = await alternate(count > 1_000_000 ? 1 : rounds, {
      few: () => cost(lengths[0]!),
      many: () => cost(count),
    });
    figures.push({
      name: `${count.toLocaleString('en')} events`,
      unit: 'µs of CPU each',
      ours: many,
      against: { name: `${lengths[0]!.toLocaleString('en')} events`, value: few },
      ratio: few.median / many.median,
      goal: 'the same',
    });
    const file = await linesFile('text', count);
    if (file !== base) rmSync(file);
  }
  const more = Array.from({ length: 36 }, (_, n) => ({ use: 'ml-api-perfs', index: `ml-api-more-${n}` }));
  const plugins = FOUR.map((use) => ({ use }));
  const { four, forty } = await alternate(rounds, {
    four: () => cost(100_000, { plugins }),
    forty: () => cost(100_000, { plugins: [...plugins, ...more] }),
  });
  figures.push({
    name: '40 plugins (36 more documents for each call)',
    unit: 'µs of CPU each',
    ours: forty,
    against: { name: '4 plugins', value: four },
    ratio: four.median / forty.median,
  });
  return figures;
}
