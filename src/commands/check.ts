import { type Check, exitOf, failed, ok } from '../checks/result.ts';
import type { LoadedConfig } from '../config/load.ts';
import { type Assembly, assemble } from '../create-pipeline.ts';
import { SidecarError } from '../util/errors.ts';
import {
  COMMON_FLAGS,
  type Command,
  type ConfigFlags,
  configFrom,
  SINK_FLAGS,
  SOURCE_FLAGS,
  yargsOptions,
} from './options.ts';

const FLAGS = { ...SOURCE_FLAGS, ...SINK_FLAGS, ...COMMON_FLAGS } as const satisfies ConfigFlags;
const MARKS = { ok: '✅', warning: '⚠️ ', failed: '❌' } as const;

/** `check`: is everything there that a run needs, and as it should be; what is not, and what to do about it. */
export const checkCommand: Command = {
  builder: (yargs) =>
    yargs
      .options(yargsOptions(FLAGS))
      .option('json', { type: 'boolean', default: false, describe: 'Print one JSON object' })
      .epilogue(
        'Exit codes: 0 nothing failed (there may be warnings), 1 something failed, 2 wrong configuration, 3 a server could not be reached.',
      ),
  handler: async (args) => {
    const checks: Check[] = [];
    for await (const check of everyCheck(args)) {
      checks.push(check);
      if (!args.json) process.stdout.write(describe(check));
    }
    const exit = exitOf(checks);
    const found = checks.map(({ exit: _, ...check }) => check);
    if (args.json) process.stdout.write(`${JSON.stringify({ exit, checks: found })}\n`);
    process.exitCode = exit;
  },
};

async function* everyCheck(args: Record<string, unknown>): AsyncGenerator<Check> {
  let loaded: LoadedConfig;
  let assembly: Assembly;
  try {
    loaded = configFrom(args, FLAGS);
    assembly = await assemble(loaded, true);
  } catch (error) {
    if (!(error instanceof SidecarError)) throw error;
    yield failed('configuration', error.message, 'Put that right and check again', 2);
    return;
  }
  const { config } = loaded;
  const { stages, sourceAddress, sinkAddress } = assembly;
  const { source, sink } = config.pipeline;
  await stages.source.close();
  await stages.sink.close();
  yield ok('configuration', `${source} ${sourceAddress} to ${sink} ${sinkAddress}`);
  const { checkSource } = await import('../checks/check-source.ts');
  yield* await checkSource(config, sourceAddress, stages.parse);
  const neighbours = await import('../checks/check-neighbours.ts');
  if (sink === 'vector') yield await neighbours.checkVector(config);
  if (sink === 'directory') yield await neighbours.checkFolder('folder', config.directory.path, '--out');
  else {
    const { checkElasticsearch } = await import('../checks/check-cluster.ts');
    yield* checkElasticsearch(config, stages.plugins.indices);
  }
  if (config.kibana.url !== undefined) yield await neighbours.checkKibana(config);
  yield await neighbours.checkFolder('checkpoints', config.state.path, 'state.path');
  yield await neighbours.checkDeadLetters(config);
}

function describe({ name, state, says, action }: Check): string {
  const does = action ? `\n   → ${action}` : '';
  return `${MARKS[state]} ${name}: ${says.replaceAll('\n', '\n   ')}${does}\n`;
}
