/** The level of a log that names none. */
export const UNKNOWN_LEVEL = 'UNKNOWN';

/** Python's five, from the least to the most severe. */
export const LEVELS = ['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'] as const;
export type Level = (typeof LEVELS)[number];

/** Words that stand for a level in text, whatever stands around them. */
const WORDS: Record<Level, string> = {
  DEBUG: 'debug trace verbose dbg dbug debg vrb trc trce finest finer spam',
  INFO: 'info information informational notice success inf',
  WARNING: 'warning warn wrn',
  ERROR: 'error err erro eror severe',
  CRITICAL: 'critical crit fatal ftl panic pnc dpanic alert emerg emergency',
};
/** Words that do so only where a level is due. */
const NAMES: Record<Level, string> = {
  DEBUG: 'fine notset d t v',
  INFO: 'default config log audit statement detail hint context i',
  WARNING: 'w',
  ERROR: 'e',
  CRITICAL: 'f c',
};

const levels = (words: Record<Level, string>): [string, Level][] =>
  LEVELS.flatMap((level) => words[level].split(' ').map((word): [string, Level] => [word, level]));
const BY_WORD = new Map(levels(WORDS));
const BY_NAME = new Map([
  ...levels(NAMES),
  ...BY_WORD,
  ...LEVELS.map((level): [string, Level] => [level, level]),
]);

/** Go's, between its four: `INFO+2`; PostgreSQL's and MongoDB's: `DEBUG1`, `D1`. */
const NEAR = /^([a-z]+?)(?:[+-]\d+|[1-5])$/;
const NUMBERED = /^(?:level )?(\d{1,3})$/i;
/** Of syslog, from `emerg` to `debug`. */
const SYSLOG = ['CRITICAL', 'CRITICAL', 'CRITICAL', 'ERROR', 'WARNING', 'INFO', 'INFO', 'DEBUG'] as const;

/**
 * Python's name for a level, however it is written: a synonym such as `warn` or `FATAL`, one of Python's numbers (from
 * 10) or of syslog's (0 to 7); `undefined` for what is none of them.
 */
export function normalizeLevel(written: string): Level | undefined {
  const known = BY_NAME.get(written);
  if (known !== undefined) return known;
  const plain = written.trim().toLowerCase();
  const named = BY_NAME.get(plain);
  if (named !== undefined) return named;
  const near = NEAR.exec(plain);
  if (near) return BY_NAME.get(near[1]!);
  const number = Number(NUMBERED.exec(plain)?.[1] ?? Number.NaN);
  if (Number.isNaN(number)) return undefined;
  return number < 10 ? SYSLOG[number] : LEVELS[Math.min(Math.floor(number / 10), LEVELS.length) - 1];
}

/** Whether a text is a word for a level, in capitals or not. */
export function isLevelWord(text: string): boolean {
  return BY_WORD.has(text.toLowerCase());
}
