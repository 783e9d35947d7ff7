import { spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs';

/** What a process took. */
export interface Usage {
  /** From its start to its end, in seconds. */
  seconds: number;
  /** Of all its threads, in seconds, to a hundredth. */
  cpuSeconds: number;
  /** The most memory it held, in MB. */
  peakMb: number;
}

/** How to run a command. */
export interface Command {
  command: readonly string[];
  env?: Record<string, string>;
  cwd?: string;
  /** A file to read from. */
  stdin?: string;
  /** A file to write to. */
  stdout?: string;
  /**
   * The file that a program fills which does not end by itself: once two seconds have gone since its last write, the program
   * is told to end, and took until that write.
   */
  fills?: string;
}

/** Runs a command to its end. Throws where that is not a good one. */
export async function timed({ command, env = {}, cwd, stdin, stdout, fills }: Command): Promise<Usage> {
  const files = [stdin ? openSync(stdin, 'r') : 'ignore', stdout ? openSync(stdout, 'w') : 'ignore'] as const;
  const started = Date.now();
  let ended = 0;
  const child = spawn(command[0]!, command.slice(1), {
    stdio: [...files, 'pipe'],
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    ...(cwd === undefined ? {} : { cwd }),
  });
  let said = '';
  child.stderr!.setEncoding('utf8').on('data', (text) => {
    said = (said + text).slice(-2000);
  });
  let usage = { cpuSeconds: 0, peakMb: 0 };
  const look = setInterval(() => {
    usage = usageOf(child.pid!) ?? usage;
    if (!fills) return;
    ended = statSync(fills, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - ended > 2000 && !child.killed) child.kill();
  }, 20);
  const code = await new Promise((resolve) => child.once('close', resolve));
  const seconds = ((fills ? ended : Date.now()) - started) / 1000;
  clearInterval(look);
  for (const file of files) if (typeof file === 'number') closeSync(file);
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}: ${said}`);
  return { seconds, ...usage };
}

/** What a process has taken so far; `undefined` once it has ended. Of Linux only. */
export function usageOf(pid: number): { cpuSeconds: number; peakMb: number; mb: number } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [user, system] = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .slice(11, 13);
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const mbOf = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024;
    if (!status.includes('VmRSS')) return undefined;
    return { cpuSeconds: (Number(user) + Number(system)) / 100, peakMb: mbOf('VmHWM'), mb: mbOf('VmRSS') };
  } catch {
    return undefined;
  }
}

/** The CPU that the threads of a process have taken so far, in seconds, to a microsecond. Of Linux only. */
export function cpuOf(pid: number): number {
  const tasks = readdirSync(`/proc/${pid}/task`);
  const spent = tasks.map((task) =>
    Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]),
  );
  return spent.reduce((sum, each) => sum + each, 0) / 1e9;
}

/** A figure of several runs. */
export interface Spread {
  median: number;
  min: number;
  max: number;
}

/** The spread of some values. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  return { median: quantile(sorted, 0.5), min: sorted[0]!, max: sorted.at(-1)! };
}

/** The value below which a share of the ascending values lies. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
}

/** Runs each of several things in turn, `rounds` times, so that a noisy moment hits all of them. */
export async function alternate<Things extends Record<string, () => Promise<number>>>(
  rounds: number,
  things: Things,
): Promise<{ [Name in keyof Things]: Spread }> {
  const values = Object.entries(things).map(([name, thing]) => ({ name, thing, values: [] as number[] }));
  for (let round = 0; round < rounds; round++)
    for (const { thing, values: each } of values) each.push(await thing());
  const spreads = values.map(({ name, values: each }) => [name, spreadOf(each)]);
  return Object.fromEntries(spreads) as { [Name in keyof Things]: Spread };
}
