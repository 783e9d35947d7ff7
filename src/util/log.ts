import { visibleLines } from './visible.ts';

/** From the quietest to the most talkative. */
export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

let threshold: number = LOG_LEVELS.indexOf('info');

/** Messages less urgent than `level` are left out from now on. */
export function setLogLevel(level: LogLevel): void {
  threshold = LOG_LEVELS.indexOf(level);
}

function write(level: LogLevel, message: string): void {
  if (LOG_LEVELS.indexOf(level) > threshold) return;
  process.stderr.write(`${new Date().toISOString()} ${level.toUpperCase()} ${visibleLines(message)}\n`);
}

/** The program's own log: one line each on stderr, never on stdout, which belongs to documents. What a terminal would obey is made visible. */
export const log = {
  error: (message: string) => write('error', message),
  warn: (message: string) => write('warn', message),
  info: (message: string) => write('info', message),
  debug: (message: string) => write('debug', message),
};
