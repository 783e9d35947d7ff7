import { readFileSync, rmSync } from 'node:fs';
import { devNull } from 'node:os';
import { Redis } from 'ioredis';
import { byHandOf, CLI, linesFile, transformOf, workspace } from './bed.ts';
import type { Figure } from './figures.ts';
import { alternate, type Command, timed } from './measure.ts';

const FOUR = ['ml-api-logs', 'ml-api-message', 'ml-api-perfs', 'ml-api-top-func'];
const MANY = 100_000;
const KINDS = 1_000;

/**
 * Figure 6: the cost of an event in longer files and lists, of more kinds, and with more plugins. Start-up is taken off, and
 * what is written is thrown away: ten million events make 25 GB.
 */
export async function growthFigures(
  redis: string,
  lengths: readonly number[],
  rounds: number,
): Promise<Figure[]> {
  const two = await linesFile('text', 2);
  /** In µs of CPU for each of `count` events. */
  const cost = async (
    count: number,
    run: Command,
    config?: object,
    start = transformOf(two),
  ): Promise<number> => {
    const cpuSeconds = async (each: Command): Promise<number> =>
      (await timed({ ...each, cwd: workspace(config), stdout: devNull })).cpuSeconds;
    return (((await cpuSeconds(run)) - (await cpuSeconds({ command: start }))) / count) * 1e6;
  };
  const costOfFile = (file: string, count: number, config?: object): Promise<number> =>
    cost(count, { command: transformOf(file) }, config);
  const costByHand = (file: string): Promise<number> =>
    cost(MANY, { command: byHandOf(file) }, undefined, byHandOf(two));
  const figures: Figure[] = [];
  const compare = async (
    name: string,
    more: () => Promise<number>,
    against: string,
    few: () => Promise<number>,
    { times = rounds, goal }: { times?: number; goal?: string } = {},
  ): Promise<void> => {
    const costs = await alternate(times, { few, more });
    figures.push({
      name,
      unit: 'µs of CPU each',
      ours: costs.more,
      against: { name: against, value: costs.few },
      ratio: costs.few.median / costs.more.median,
      ...(goal === undefined ? {} : { goal }),
    });
  };

  const base = await linesFile('text', MANY);
  for (const count of lengths) {
    const file = await linesFile('text', count);
    const times = count > 1_000_000 ? 1 : rounds;
    await compare(
      `${count.toLocaleString('en')} events`,
      () => costOfFile(file, count),
      `${MANY.toLocaleString('en')} events`,
      () => costOfFile(base, MANY),
      count > MANY ? { times, goal: '≥ 0.9' } : { times },
    );
    rmSync(file);
  }

  const one = await linesFile('json', MANY);
  const kinds = await linesFile('json', MANY, KINDS);
  await compare(
    `${KINDS.toLocaleString('en')} shapes of JSON`,
    () => costOfFile(kinds, MANY),
    'one shape',
    () => costOfFile(one, MANY),
    { goal: '≥ 0.9' },
  );
  await compare(
    `${KINDS.toLocaleString('en')} shapes of JSON, by hand`,
    () => costByHand(kinds),
    'one shape, by hand',
    () => costByHand(one),
  );

  const more = Array.from({ length: 36 }, (_, n) => ({ use: 'ml-api-perfs', index: `ml-api-more-${n}` }));
  const plugins = FOUR.map((use) => ({ use }));
  await compare(
    '40 plugins (36 more documents for each call)',
    () => costOfFile(base, MANY, { plugins: [...plugins, ...more] }),
    '4 plugins',
    () => costOfFile(base, MANY, { plugins }),
  );

  const lines = readFileSync(base, 'utf8').trimEnd().split('\n');
  const costOfList = async (count: number): Promise<() => Promise<number>> => {
    const env = { REDIS_URL: redis, REDIS_LOGS_KEY: `bench-${count}` };
    await fillList(redis, env.REDIS_LOGS_KEY, lines.slice(0, count));
    const command = [...CLI, 'run', '--once', '--source', 'redis', '--sink', 'stdout', '--quiet'];
    return () => cost(count, { command, env });
  };
  await compare(
    `a Redis list of ${MANY.toLocaleString('en')}`,
    await costOfList(MANY),
    'one of 20,000',
    await costOfList(20_000),
    { goal: '≥ 0.9' },
  );
  return figures;
}

/** Has a list hold these lines, oldest last, as the API pushes them. */
export async function fillList(url: string, key: string, lines: readonly string[]): Promise<void> {
  const redis = new Redis(url);
  await redis.del(key);
  for (let at = 0; at < lines.length; at += 1000) await redis.lpush(key, ...lines.slice(at, at + 1000));
  redis.disconnect();
}
