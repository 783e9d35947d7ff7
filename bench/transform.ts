import { rmSync, statSync } from 'node:fs';
import { devNull } from 'node:os';
import { join } from 'node:path';
import { root } from '../test/services/service.ts';
import { folder, linesFile, transformOf, VECTOR, workspace } from './bed.ts';
import type { Shape } from './data.ts';
import { compared, type Figure, rates } from './figures.ts';
import { alternate, spreadOf, timed, type Usage } from './measure.ts';

const FOUR = ['ml-api-logs', 'ml-api-message', 'ml-api-perfs', 'ml-api-top-func'];
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

/** Figure 1: events/s against the bare limit and against Vector's remap; and what a million events cost. */
export async function transformFigures(lines: number, rounds: number): Promise<Figure[]> {
  const figures: Figure[] = [];
  const usages: Usage[] = [];
  for (const shape of ['text', 'json'] as const satisfies Shape[]) {
    const input = await linesFile(shape, lines);
    const bytes = statSync(input).size;
    const limit = [process.execPath, join(root, 'dist/bench/limit.js'), input];
    const seconds = await alternate(rounds, {
      limit: async () => (await timed({ command: limit })).seconds,
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
      compared(name, 'events/s', ours, { name: 'bare limit', value: rates(lines, seconds.limit) }, '≥ 0.6'),
    );
    if (seconds.vector)
      figures.push(
        compared(
          name,
          'events/s',
          ours,
          { name: 'Vector remap', value: rates(lines, seconds.vector) },
          '≥ 8',
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
