import type { LoadedConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { type Assembly, assemblePipeline, nameState } from '../create-pipeline.ts';
import type { Observer } from '../stages.ts';
import { reasonOf, SidecarError } from '../util/errors.ts';
import { log } from '../util/log.ts';
import { watchConfiguration } from './watching.ts';

/** A configuration in force, and the stages that were made of it. */
export interface Round {
  loaded: LoadedConfig;
  assembly: Assembly;
}

/** Runs a round until `signal`, and rejects with what made it stop before. */
export type RunRound = (round: Round, signal: AbortSignal, observer: Partial<Observer>) => Promise<void>;

/** What belongs to the whole run: its place of state, and whom it listens to. */
const FIXED: readonly (readonly [name: string, read: (config: Config) => unknown])[] = [
  ['source, sink, or indices.prefix', nameState],
  ['state.path', ({ state }) => state.path],
  ['buffer.path', ({ buffer }) => buffer.path],
  ['listen', ({ listen }) => listen],
];

/**
 * Runs until `signal`. When the configuration or a plugin changes, the round ends in order, and another begins where it
 * ended. What can't work is told, and the round goes on; one that does not get as far as an open sink gives way to the
 * one before it.
 */
export async function runRounds(
  first: Round,
  load: () => LoadedConfig,
  signal: AbortSignal,
  run: RunRound,
): Promise<void> {
  let current = first;
  let proven: Round | undefined;
  let next: Round | undefined;
  let ending = new AbortController();
  let preparing = Promise.resolve();
  const prepare = async (): Promise<void> => {
    try {
      next = await prepareRound(load(), current);
      log.info('the configuration or a plugin has changed: it is taken up behind the batches under way');
      ending.abort();
    } catch (error) {
      tellWhyNot(error);
    }
  };
  const unwatch = watchConfiguration(first.loaded, load, () => {
    preparing = preparing.then(prepare);
  });
  try {
    for (;;) {
      let isOpen = false;
      const opened = (): void => {
        isOpen = true;
      };
      try {
        await run(current, AbortSignal.any([signal, ending.signal]), { opened });
      } catch (error) {
        if (signal.aborted) throw error;
        if (ending.signal.aborted)
          log.warn(
            `not everything was confirmed before the change; the rest is sent again. ${reasonOf(error)}`,
          );
        else if (isOpen || proven === undefined) throw error;
        else {
          tellWhyNot(error);
          const { loaded, assembly } = proven;
          const before = { loaded, assembly: await assemblePipeline(loaded, true, assembly.stages.plugins) };
          next ??= before;
        }
      }
      if (signal.aborted || next === undefined) return;
      if (isOpen) proven = current;
      current = next;
      next = undefined;
      ending = new AbortController();
    }
  } finally {
    unwatch();
  }
}

async function prepareRound(loaded: LoadedConfig, current: Round): Promise<Round> {
  for (const [name, read] of FIXED)
    if (read(loaded.config) !== read(current.loaded.config))
      throw new SidecarError('config', `${name} can't change during a run: stop it, and start it again`);
  return { loaded, assembly: await assemblePipeline(loaded, true) };
}

function tellWhyNot(error: unknown): void {
  log.error(`the change is not taken up, and the run goes on as before: ${reasonOf(error)}`);
}
