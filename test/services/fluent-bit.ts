import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, root, type Service, type StartOptions, start } from './service.ts';

const binary = findProgram('fluent-bit', 'FLUENT_BIT_BIN');

/** For `test`'s `skip`: why tests with a real Fluent Bit can't run, or `false` where they can. */
export const noFluentBit: string | false =
  binary === undefined && 'there is no fluent-bit on the PATH: put it there, or set FLUENT_BIT_BIN';

/**
 * Starts Fluent Bit on a configuration of `configs/fluent-bit`, in which `replaced` stands for what it names: it can't
 * default what it reads from the environment. `env` is all that it, and what it starts, has of one, besides PATH.
 * Ready at once.
 */
export async function startFluentBit(
  config: string,
  replaced: Record<string, string>,
  env: Record<string, string>,
  options: StartOptions & { cwd?: string } = {},
): Promise<Service> {
  return start({
    ...options,
    name: 'fluent-bit',
    url: (port) => `http://127.0.0.1:${port}/`,
    command: (_port, dataDir) => {
      let text = readFileSync(join(root, 'configs/fluent-bit', config), 'utf8');
      for (const [old, now] of Object.entries(replaced)) {
        if (!text.includes(old)) throw new Error(`${config} does not hold "${old}"`);
        text = text.replaceAll(old, now);
      }
      const path = join(dataDir, config);
      writeFileSync(path, text);
      return [binary!, '--config', path];
    },
    env: (_port, dataDir) => ({ PATH: process.env.PATH, HOME: dataDir, FLUENT_BIT_DATA: dataDir, ...env }),
    timeoutMs: 10_000,
    ready: async () => execFileSync(binary!, ['--version'], { encoding: 'utf8' }).split('\n')[0]!,
  });
}
