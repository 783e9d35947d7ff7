import { timeEnd } from '../time-forms.ts';

const ISO = /\d{4}-\d\d-\d\d[ T]\d\d:\d\d/y;
const LEVEL = '(?:TRACE|DEBUG|INFO|WARN|WARNING|ERROR|CRITICAL|FATAL)';
/** uvicorn and `basicConfig`; a level and a time; `[INFO] …`; glog; Tornado and Jupyter. */
const LEVEL_FIRST = new RegExp(
  `${LEVEL}:(?:\\s{2,}\\S|[\\w.]+:)|CRITICAL: |${LEVEL} \\d\\d|\\[${LEVEL}[\\]|:]|[IWEF]\\d{4} \\d\\d:\\d\\d:|\\[[DIWEC] \\d{4}`,
  'y',
);
const ACCESS = /[\w.:-]+ \S+ .{1,64}? \[\d\d\/[A-Z][a-z]{2}\/\d{4}[: ]/y;
const OBJECT = /\{\s*\\?"/y;
const ESCAPE = '\u001b';
/** Colours, and what may open a time or hold a line. */
const BEFORE = new RegExp(`(?:${ESCAPE}\\[[\\d;]*m|["[(])*`, 'y');

/** Whether a log of a known format begins at a place, where blanks have been passed: with a time, a level, or JSON. */
export function beginsLog(text: string, at: number): boolean {
  const first = text.charCodeAt(at);
  // Most lines.
  if (first >= 0x30 && first <= 0x39 && matches(ISO, text, at)) return true;
  if (matches(LEVEL_FIRST, text, at) || matches(ACCESS, text, at)) return true;
  BEFORE.lastIndex = at;
  const from = at + (BEFORE.exec(text)?.[0].length ?? 0);
  return timeEnd(text, from) >= 0 || matches(OBJECT, text, from) || matches(LEVEL_FIRST, text, from);
}

/** A sticky pattern, tried at one place. */
export function matches(pattern: RegExp, text: string, at: number): boolean {
  pattern.lastIndex = at;
  return pattern.test(text);
}
