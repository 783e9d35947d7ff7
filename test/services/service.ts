import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A real server on 127.0.0.1. It lives no longer than the process that started it. */
export interface Service {
  readonly name: string;
  /** What the server says its version is. */
  readonly version: string;
  readonly url: string;
  readonly port: number;
  /** Hand it to another start, with the port, to bring a killed server back with what it had stored. */
  readonly dataDir: string;
  /** The leader of the server's process group. */
  readonly pid: number;
  readonly child: ChildProcess;
  /** The end of what the server has printed. */
  log(): string;
  /**
   * Sends a signal, SIGKILL unless told otherwise, to every process of the server. Resolves once all of them
   * are gone; for SIGSTOP and SIGCONT at once. The data directory stays.
   */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Kills the server and removes its data directory, unless the caller had chosen that one. Safe to repeat. */
  stop(): Promise<void>;
}

export interface StartOptions {
  /** A free one by default. */
  port?: number;
  /** A fresh temporary directory by default. One that is passed in is kept, whatever happens. */
  dataDir?: string;
}

export interface Launch extends StartOptions {
  name: string;
  url: (port: number) => string;
  command: (port: number, dataDir: string) => string[];
  env?: (port: number, dataDir: string) => NodeJS.ProcessEnv;
  cwd?: string;
  /** The user to run as, where that can be chosen. */
  user?: string | undefined;
  /** How long the server may take to come up. */
  timeoutMs: number;
  /** Resolves to the server's version when it is ready for work; rejects while it is not. */
  ready: (url: string) => Promise<string>;
}

/** The checkout, seen from `test/services` and from `dist/test/services` alike. */
export const root = import.meta.dirname.replace(/(\/dist)?\/test\/services$/, '');

/** Where install.sh puts things; the same rule stands there. */
function cacheDir(): string {
  const { ML_LOG_SIDECAR_CACHE, XDG_CACHE_HOME } = process.env;
  if (ML_LOG_SIDECAR_CACHE) return resolve(ML_LOG_SIDECAR_CACHE);
  if (process.getuid?.() === 0) return '/var/cache/ml-log-sidecar';
  return join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'ml-log-sidecar');
}

const inCache = { elasticsearch: 'elasticsearch-9.4.3', python: 'gradio-6.31/bin/python' };

/** What install.sh has put into the cache, by these names or by those of its folders; or where `variable` says. */
export function installed(what: string, variable?: string): string {
  const own = variable && process.env[variable];
  const path = own || join(cacheDir(), inCache[what as keyof typeof inCache] ?? what);
  if (!existsSync(path)) {
    const or = variable ? `, or set ${variable}` : ', with --all for older servers';
    throw new Error(`${path} is missing: run test/services/install.sh${or}`);
  }
  return path;
}

/** The program that `variable` names, or else the first of this name on the PATH; `undefined` where there is none. */
export function findProgram(name: string, variable: string): string | undefined {
  const { [variable]: own, PATH = '' } = process.env;
  const places = own ? [own] : PATH.split(delimiter).map((folder) => join(folder, name));
  return places.find((place) => {
    try {
      accessSync(place, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * Starts a server, waits until it is ready, and sees to it that it dies with this process. Rejects, with the end
 * of the server's log, when the server ends early or is not ready in time.
 */
export async function start(launch: Launch): Promise<Service> {
  const { name } = launch;
  const port = launch.port ?? (await freePort());
  // Else the server that holds the port would pass for ours while ours is failing.
  if (!(await isFree(port))) throw new Error(`${name}: port ${port} is taken`);
  const dataDir = launch.dataDir ?? mkdtempSync(join(tmpdir(), `ml-log-sidecar-${name}-`));
  mkdirSync(dataDir, { recursive: true });
  const temporary = launch.dataDir === undefined;
  const remove = () => {
    if (temporary) rmSync(dataDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  };

  let child: ChildProcess;
  try {
    child = spawnGroup(launch.command(port, dataDir), {
      env: launch.env?.(port, dataDir),
      cwd: launch.cwd ?? dataDir,
      user: launch.user,
    });
  } catch (error) {
    remove();
    throw error;
  }
  let log = '';
  const keep = (chunk: string) => {
    log = (log + chunk).slice(-16_384);
  };
  child.stdout?.setEncoding('utf8').on('data', keep);
  child.stderr?.setEncoding('utf8').on('data', keep);
  child.on('error', (error) => keep(`${error.message}\n`));

  // Not 'exit': the pipes close when the last process of the group has gone, and that is what frees the port.
  let gone = false;
  const closed = new Promise<void>((done) => {
    child.on('close', () => {
      gone = true;
      done();
    });
  });
  const kill = async (signal: NodeJS.Signals = 'SIGKILL') => {
    if (!gone) signalGroup(child, signal);
    if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') await closed;
  };
  const forget = onExit(() => {
    if (!gone) signalGroup(child, 'SIGKILL');
    remove();
  });
  const stop = async () => {
    await kill();
    remove();
    forget();
  };

  const url = launch.url(port);
  const deadline = Date.now() + launch.timeoutMs;
  for (;;) {
    const version = await launch.ready(url).catch(() => undefined);
    if (version !== undefined && !gone) {
      return { name, version, url, port, dataDir, pid: child.pid ?? 0, child, log: () => log, kill, stop };
    }
    if (gone || Date.now() > deadline) {
      const what = gone ? 'ended before it was ready' : `was not ready within ${launch.timeoutMs / 1000} s`;
      await stop();
      throw new Error(
        `${name} on port ${port} ${what}. The end of its log:\n${log.split('\n').slice(-30).join('\n')}`,
      );
    }
    await Promise.race([sleep(100), closed]);
  }
}

/**
 * A child that leads a process group of its own, so that all of its processes can be signalled at once, and that
 * gets SIGTERM should this process be killed outright.
 */
export function spawnGroup(
  command: string[],
  options: {
    env?: NodeJS.ProcessEnv | undefined;
    cwd?: string;
    user?: string | undefined;
    stdio?: 'inherit' | 'pipe';
  } = {},
): ChildProcess {
  const { env = process.env, cwd = root, user, stdio = 'pipe' } = options;
  const [file = '', ...args] = existsSync('/usr/bin/setpriv')
    ? ['/usr/bin/setpriv', '--pdeathsig', 'TERM', '--', ...command]
    : command;
  return spawn(file, args, {
    detached: true,
    stdio: ['ignore', stdio, stdio],
    env,
    cwd,
    ...(user && { uid: id('-u', user), gid: id('-g', user) }),
  });
}

/** Signals every process of a group; says whether there was one. Signal 0 only asks. */
export function signalGroup(child: ChildProcess, signal: NodeJS.Signals | 0): boolean {
  if (child.pid === undefined) return false;
  try {
    return process.kill(-child.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    return false;
  }
}

function id(kind: '-u' | '-g', user: string): number {
  return Number(execFileSync('id', [kind, user]));
}

const cleanups = new Set<() => void>();

/**
 * Runs when this process exits, also through a signal, unless forgotten before. The test runner ends its files
 * with SIGTERM, which by itself fires no 'exit'.
 */
function onExit(cleanup: () => void): () => void {
  if (cleanups.size === 0) {
    process.on('exit', cleanUp);
    for (const signal of endings) process.on(signal, endBySignal);
  }
  cleanups.add(cleanup);
  return () => {
    cleanups.delete(cleanup);
    if (cleanups.size > 0) return;
    process.off('exit', cleanUp);
    for (const signal of endings) process.off(signal, endBySignal);
  };
}

const endings = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

function cleanUp(): void {
  for (const cleanup of cleanups) cleanup();
  cleanups.clear();
}

function endBySignal(signal: NodeJS.Signals): void {
  // Somebody else handles the signal, and will exit in time.
  if (process.listenerCount(signal) > 1) return;
  cleanUp();
  process.off(signal, endBySignal);
  process.kill(process.pid, signal);
}

/**
 * Below the range that the kernel gives to outgoing connections, which could take it before the server does. The port that is
 * `further` on is free, too.
 */
export async function freePort(further = 0): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * (22_000 - further));
    if ((await isFree(port)) && (await isFree(port + further))) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((done) => {
    const probe = createServer();
    probe.once('error', () => done(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => done(true)));
  });
}
