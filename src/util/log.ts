import { coloured } from './colour.ts';
import { makeLinesVisible } from './visible.ts';

/** From the quietest to the most talkative. */
export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const COLOURS = { error: 'red', warn: 'yellow', info: 'green', debug: 'grey' } as const;

let threshold: number = LOG_LEVELS.indexOf('info');
let isJson = false;

/** Messages less urgent than `level` are left out from now on. */
export function setLogLevel(level: LogLevel): void {
  threshold = LOG_LEVELS.indexOf(level);
}

/** From now on each message is a line for people, or a JSON object `{time, level, message}`. */
export function setLogFormat(format: 'text' | 'json'): void {
  isJson = format === 'json';
}

function writeLine(level: LogLevel, message: string): void {
  if (LOG_LEVELS.indexOf(level) > threshold) return;
  const time = new Date().toISOString();
  const line = isJson
    ? JSON.stringify({ time, level, message })
    : `${time} ${coloured(process.stderr, COLOURS[level], level.toUpperCase())} ${makeLinesVisible(message)}`;
  process.stderr.write(`${line}\n`);
}

/**
 * The program's own log: one line each on stderr, never on stdout, which belongs to documents. What a terminal would obey
 * is made visible.
 */
export const log = {
  error: (message: string) => writeLine('error', message),
  warn: (message: string) => writeLine('warn', message),
  info: (message: string) => writeLine('info', message),
  debug: (message: string) => writeLine('debug', message),
};
