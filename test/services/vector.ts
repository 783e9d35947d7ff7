import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, root, type Service, type StartOptions, start } from './service.ts';

const binary = findProgram('vector', 'VECTOR_BIN');

/** For `test`'s `skip`: why tests with a real Vector can't run, or `false` where they can. */
export const noVector: string | false =
  binary === undefined && 'there is no vector on the PATH: put it there, or set VECTOR_BIN';

/** The same for tests whose topology has Kafka in it: builds of Vector may be without. */
export const noKafkaInVector: string | false =
  noVector ||
  (!/^- kafka$/m.test(execFileSync(binary!, ['list'], { encoding: 'utf8' })) &&
    'this vector was built without its Kafka source and sink');

/**
 * Starts Vector on a topology of this repository, `vector.toml` or one of `configs/vector`. `env` is all that it, and
 * what it starts, has of an environment, besides PATH. One that takes HTTP is ready when it does; any other at once.
 */
export async function startVector(
  config: string,
  env: Record<string, string>,
  options: StartOptions & { cwd?: string } = {},
): Promise<Service> {
  const path = join(root, config);
  const listens = readFileSync(path, 'utf8').includes('"http_server"');
  return start({
    ...options,
    name: 'vector',
    url: (port) => `http://127.0.0.1:${port}/`,
    command: () => [binary!, '--config', path],
    env: (port, dataDir) => ({
      ...vectorEnv(dataDir),
      VECTOR_LISTEN: `127.0.0.1:${port}`,
      ...env,
    }),
    timeoutMs: 30_000,
    ready: async (url) => {
      if (listens) await fetch(`${url}ping`, { signal: AbortSignal.timeout(1000) });
      return vectorVersion();
    },
  });
}

/** What `vector validate` says of a topology; `ok` is its verdict. */
export function validate(
  config: string,
  env: Record<string, string>,
  dataDir: string,
  flags: readonly string[] = [],
): { ok: boolean; said: string } {
  try {
    const said = execFileSync(binary!, ['validate', ...flags, join(root, config)], {
      env: { ...vectorEnv(dataDir), ...env },
      encoding: 'utf8',
      stdio: 'pipe',
    });
    return { ok: true, said };
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    return { ok: false, said: stdout + stderr };
  }
}

function vectorEnv(dataDir: string): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '',
    VECTOR_DANGEROUSLY_ALLOW_ENV_VAR_INTERPOLATION: 'true',
    VECTOR_DATA_DIR: dataDir,
  };
}

function vectorVersion(): string {
  return /vector (\S+)/.exec(execFileSync(binary!, ['--version'], { encoding: 'utf8' }))?.[1] ?? '?';
}
