import { spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { text as readAll } from 'node:stream/consumers';
import type { LoadedConfig } from '../config/load.ts';
import { configureComponents, createEntryParser, createPluginChain } from '../create-pipeline.ts';
import type { Entry } from '../entry.ts';
import { cutLogs, entriesOf } from '../sources/log-lines.ts';
import { t } from '../terminal/messages.ts';
import { type Trial, tryEntry } from '../try-entry.ts';
import { EXIT, reasonOf, SidecarError } from '../util/errors.ts';
import { sourceFlags } from './config-flags.ts';
import { defineCommand } from './define.ts';
import { count, flag, text } from './options.ts';
import { watchConfiguration } from './watching.ts';

/** How much of a file's end is looked at, in bytes. */
const TAIL_BYTES = 4 << 20;

/** `try`: what becomes of the newest entries; nothing is stored, and nothing is taken. */
export const command = defineCommand({
  flags: sourceFlags(),
  options: {
    file: text('A file of logs, or - for stdin; without one, the configured source'),
    last: count(10, 'How many of the newest entries to try'),
    watch: flag('Try again whenever the configuration or a plugin changes'),
  },
  positionals: ['file'],
  examples: [
    ['try api.log --last 3', 'How the last three logs of a file are read'],
    ['try --source redis --watch', 'While a plugin is written'],
  ],
  exitCodes: { [EXIT.deadLetters]: 'something would be a dead letter' },
  run: async ({ args: { file, last, watch }, load, say, tell }) => {
    if (watch) return tryAtEachChange(load);
    const loaded = load();
    const plugins = await createPluginChain(loaded);
    const parse = createEntryParser(loaded.config, plugins.formats);
    const trials = (await newestEntries(loaded, file, last)).map((entry) => tryEntry(entry, parse, plugins));
    for (const trial of trials) say(`${describe(trial)}\n`);
    if (trials.length === 0) say(`${t('There are no logs to try.')}\n`);
    tell(trials);
    return trials.some(({ dead_letters }) => dead_letters.length > 0) ? EXIT.deadLetters : EXIT.ok;
  },
});

/** Oldest first. */
async function newestEntries(loaded: LoadedConfig, file: string | undefined, last: number): Promise<Entry[]> {
  if (file !== undefined) {
    // yargs reads a lone dash as an empty text.
    const whole = file === '' ? await readAll(process.stdin) : await readEnd(file);
    const logs = cutLogs(whole, true).slice(-last);
    return logs.flatMap((log) => entriesOf(log, (start, end) => whole.slice(start, end))).slice(-last);
  }
  const { source } = configureComponents(loaded.config);
  const contents = await source.probe();
  if ('state' in contents)
    throw new SidecarError('unreachable', `${contents.name}: ${contents.says}. ${contents.action ?? ''}`);
  return contents.newest.slice(0, last).reverse();
}

async function readEnd(path: string): Promise<string> {
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      const from = Math.max(0, size - TAIL_BYTES);
      const bytes = Buffer.alloc(size - from);
      await file.read(bytes, 0, bytes.length, from);
      return bytes.subarray(from === 0 ? 0 : bytes.indexOf(0x0a) + 1).toString('utf8');
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw new SidecarError('unreachable', `${path} can't be read: ${reasonOf(cause)}`, { cause });
  }
}

function describe({ entry, format, event, filter, documents, dead_letters: letters }: Trial): string {
  const lines = [`── ${typeof entry === 'string' ? entry : JSON.stringify(entry)}`];
  if (event) {
    lines.push(`   ${t('format').padEnd(10)} ${format ?? t('none: it is kept as a message')}`);
    for (const [name, value] of Object.entries(event))
      if (value !== undefined && name !== 'written')
        lines.push(`   ${name.padEnd(10)} ${typeof value === 'string' ? value : JSON.stringify(value)}`);
    lines.push(
      `   ${t('filter').padEnd(10)} ${t(filter === 'passes' ? 'it passes' : 'it does not pass: it reaches the indices of all logs only')}`,
    );
  }
  for (const { index, id, body } of documents) lines.push(`   → ${index} ${id} ${JSON.stringify(body)}`);
  for (const { at, reason } of letters)
    lines.push(`   ✗ ${t('dead letter ({at}): {reason}', { at, reason })}`);
  return lines.join('\n');
}

/** Runs the same command in a process of its own at each change: modules that were loaded once stay as they are. */
async function tryAtEachChange(load: () => LoadedConfig): Promise<number> {
  const args = process.argv.slice(1).filter((arg) => arg !== '--watch');
  let isRunning = false;
  let isDue = false;
  const run = (): void => {
    isDue = isRunning;
    if (isRunning) return;
    isRunning = true;
    const child = spawn(process.execPath, [...process.execArgv, ...args], { stdio: 'inherit' });
    child.on('close', () => {
      isRunning = false;
      if (isDue) return run();
      process.stderr.write(`${t('Waiting for a change; Ctrl+C ends.')}\n`);
    });
  };
  watchConfiguration(load(), load, run);
  run();
  return new Promise(() => {});
}
