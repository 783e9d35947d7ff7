import { dirname, resolve } from 'node:path';
import type { LoadedConfig } from '../config/load.ts';
import { isShippedPlugin } from '../plugin-loader.ts';
import { SidecarError } from '../util/errors.ts';
import { stampOf } from '../util/stamp.ts';

/** Looking, unlike the system's notices, works in every mounted folder, and where one file takes another's place. */
const LOOK_EVERY_MS = 250;

/**
 * Calls `onChange` whenever the configuration, `.env`, a plugin of one's own, or a file beside one has changed, and rests
 * again: editors write in several steps. Which files these are is told by `first`, and then by `load`. Returns what ends
 * the watch.
 */
export function watchConfiguration(
  first: LoadedConfig,
  load: () => LoadedConfig,
  onChange: () => void,
): () => void {
  let paths = listPaths(first);
  let told = stampOf(paths);
  let seen = told;
  const timer = setInterval(() => {
    const now = stampOf(paths);
    const isResting = now === seen;
    seen = now;
    if (!isResting || now === told) return;
    try {
      paths = listPaths(load());
    } catch (error) {
      // While the configuration is wrong, its files are those that they were.
      if (!(error instanceof SidecarError)) throw error;
    }
    told = stampOf(paths);
    seen = told;
    onChange();
  }, LOOK_EVERY_MS);
  return () => clearInterval(timer);
}

/** Files, and folders of code. */
function listPaths({ config, base, file }: LoadedConfig): readonly string[] {
  const own = [...config.plugins, ...config.formats].filter(({ use }) => !isShippedPlugin(use));
  return [file, resolve('.env'), ...new Set(own.map(({ use }) => dirname(resolve(base, use))))];
}
