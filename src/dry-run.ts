import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LoadedConfig } from './config/load.ts';
import { type Assembly, assemblePipeline, configureComponents } from './create-pipeline.ts';
import type { Sink } from './sinks/sink.ts';
import { SidecarError } from './util/errors.ts';

/** Takes documents, and keeps none. */
const NOWHERE: Sink = {
  acknowledges: true,
  open: async () => {},
  write: async (documents) => documents.map(() => 'stored'),
  close: async () => {},
};

/** Stages that leave no trace. */
export interface DryRun extends Assembly {
  /** Deletes what they have kept meanwhile. */
  remove(): Promise<void>;
}

/**
 * The stages of a configuration, with a sink that stores nothing, and state and dead letters in a folder of their own. Throws
 * `SidecarError` (`config`) for a source that can't be read without taking anything from it.
 */
export async function assembleDryRun(loaded: LoadedConfig): Promise<DryRun> {
  const { source } = configureComponents(loaded.config);
  if (source.isTaken)
    throw new SidecarError(
      'config',
      `--dry-run: reading ${source.address} takes logs away from those who send them. \`try FILE\` shows what becomes of logs in a file`,
    );
  const folder = await mkdtemp(join(tmpdir(), 'ml-log-sidecar-'));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  const config = {
    ...loaded.config,
    state: { path: folder },
    buffer: { ...loaded.config.buffer, path: folder },
    dead_letters: { ...loaded.config.dead_letters, path: join(folder, 'dead-letters') },
  };
  try {
    const { stages, ...names } = await assemblePipeline({ ...loaded, config }, false);
    await stages.sink.close();
    const look = (await source.look?.()) ?? stages.source;
    return { ...names, stages: { ...stages, source: look, sink: NOWHERE }, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}
