import { timeEnd } from '../time-forms.ts';

const ISO = /\d{4}-\d\d-\d\d[ T]\d\d:\d\d/y;
const LEVEL = '(?:TRACE|DEBUG|INFO|WARN|WARNING|ERROR|CRITICAL|FATAL)';
/** What else than a time and JSON a log begins with. */
const LEVEL_FIRST = new RegExp(
  [
    // The level, and its end; a logger's name; a time.
    `${LEVEL}(?:: |:[\\w.]+:|\\s{2,}\\S| +\\[?\\d\\d)`,
    `\\[${LEVEL}[\\]|:]`,
    // A time of day.
    `\\[?\\d\\d:\\d\\d:\\d\\d(?:[.,]\\d+)?\\]? (?:\\[[^\\]\\n]{1,60}\\] |\\| |- [\\w ]{1,40}:)?(?:${LEVEL}|INF|WRN|ERR)\\b`,
    // A call of the API.
    '\\[[^\\]\\s]{1,128}\\] (?:API Call - )?[A-Z]{3,7} /|API Call - [A-Z]{3,7} /',
    // A letter.
    '\\d+:[XCSM] \\d\\d [A-Z][a-z]{2} \\d{4} |[IWEF]\\d{4} \\d\\d:\\d\\d:|\\[[DIWEC] \\d{4}|\\[[DIWEF]\\d{3,4} \\d\\d:|[DIWEFA], \\[\\d{4}-',
    // logrus.
    '(?:TRAC|DEBU|INFO|WARN|ERRO|FATA|PANI)\\[\\d{4}',
    // Syslog, and pairs.
    '<\\d{1,3}>(?:1 )?\\S|(?:time|timestamp|ts|t)="?\\d{4}|(?:level|lvl)=\\w|at=(?:info|warn|error) ',
  ].join('|'),
  'y',
);
const ACCESS =
  /(?:\[pid: \d+\|[^\]\n]{1,60}\] )?[\w.:-]+ (?:\S+ .{1,64}? )?\[(?:\d\d\/[A-Z][a-z]{2}\/\d{4}[: ]|[A-Z][a-z]{2} [A-Z][a-z]{2} )/y;
const OBJECT = /\{\s*\\?"/y;
const ESCAPE = '\u001b';
/** Colours, and a worker's name. */
const BEFORE = new RegExp(
  `(?:\\((?:(?:[^()\\n]{1,100} )?pid=\\w|raylet|autoscaler )[^()\\n]{0,50}\\) ?|\\[rank\\d+\\]: ?|${ESCAPE}\\[[\\d;]*m ?)*`,
  'y',
);
/** What may open a time, hold a line, or colour it. */
const OPENING = new RegExp(`(?:${ESCAPE}\\[[\\d;]*m|["[(])*`, 'y');

/** Whether a log of a known format begins at a place, where blanks have been passed: with a time, a level, or JSON. */
export function beginsLog(text: string, at: number): boolean {
  const first = text.charCodeAt(at);
  // Most lines.
  if (first >= 0x30 && first <= 0x39 && matchesAt(ISO, text, at)) return true;
  if (matchesAt(LEVEL_FIRST, text, at) || matchesAt(ACCESS, text, at)) return true;
  const from = skipPattern(BEFORE, text, at);
  if (from > at && matchesAt(LEVEL_FIRST, text, from)) return true;
  const inner = skipPattern(OPENING, text, from);
  return timeEnd(text, inner) >= 0 || matchesAt(OBJECT, text, inner) || matchesAt(LEVEL_FIRST, text, inner);
}

/** The place behind what a sticky pattern that always matches finds. */
export function skipPattern(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  pattern.test(text);
  return pattern.lastIndex;
}

/** A sticky pattern, tried at one place. */
export function matchesAt(pattern: RegExp, text: string, at: number): boolean {
  pattern.lastIndex = at;
  return pattern.test(text);
}
