import { isLevelWord } from '../level.ts';
import { definePlugin, type LogParts } from '../plugin.ts';
import { skipPattern } from '../sources/log-beginning.ts';
import { timeEnd } from '../time-forms.ts';

/** Parts in front of the level, such as the names of logger, host, thread. */
const MOST_PARTS = 3;

const BETWEEN = /[\s|\])}>]*(?:(?:-{1,2}|[:,])(?=\s)[\s|]*)?/y;
const BRACKETED = /[[{(<]\s*([^\])}>\n]{1,100})[\])}>]/y;
const BARE = /[\w.\-/@#$:=,]*\w(?:\[\d+\])?/y;
const WORD = /\s*([A-Za-z]+)(?=[\s:|/\])}>]|$)/y;
/** PostgreSQL's own, two blanks before the message; what explains another message says so in its own. */
const POSTGRES = /(?:(LOG|DEBUG[1-5])|(STATEMENT|DETAIL|HINT|CONTEXT)): {2}/y;
/** What may hang on a level: `INFO/MainProcess`, `INFO|trainer.py:12`. */
const TAIL = /[/|]([^\s\])}>]+)/y;
const AFTER = /\s*[\])}>]*(?:\s*(?:-{1,2}(?=\s)|[|:>](?!\S*:\/\/)))?\s*/y;
/** `INFO:root:message`, as `logging.basicConfig` writes it. */
const BASIC = /^([A-Z]+):([\w.]+):/;
/** A logger's name behind the level: `app - `, `app.main:predict:42 - `, `in app: `, `app: `, `worker.py:12 -- `. */
const NAME = /(?:in )?([a-z_][\w./]*(?:::?[\w<>.]+)*)(?:\[(\d+)\])?(?: -{1,2} |: | \| |\] )/y;
/** Spring's: `4242 --- [api] [main] c.e.Application : `. */
const SPRING = /(\d+ --- (?:\[[^\]\n]*\] ?)+)(\S+) *: /y;
/** `app.ERROR`, `core:error`: a level behind the name of what it is of. */
const OF_MODULE = /^\s*([\w-]+[.:])([A-Za-z]+)$/;
/** A time of day, which no date makes a time. */
const CLOCK = /\[?(\d\d:\d\d:\d\d(?:[.,]\d+)?)(?=[\s\]|])/y;

interface FoundLevel {
  level: string;
  /** Where the level begins and where what hangs on it ends. */
  start: number;
  end: number;
  tail: string | undefined;
}

/**
 * Text lines of Python's `logging` in any layout, and of the servers, shells and libraries around it: a time, then the
 * level by its word, after up to three other parts (`time - name - LEVEL`, `time | LEVEL |`, `[time] [pid] [LEVEL]`,
 * `time [level    ]`, `time name LEVEL`); or the level first (`INFO:     message`, `[INFO] time`).
 */
export default definePlugin({
  name: 'python',
  description:
    'text lines with a time, a level, or both: Python, loguru, structlog, gunicorn, uvicorn, Flask',
  create: () => ({ parse: (entry) => (typeof entry === 'string' ? readPythonLine(entry) : undefined) }),
});

function readPythonLine(text: string): LogParts | undefined {
  const basic = BASIC.exec(text);
  if (basic && isLevelWord(basic[1]!))
    return { level: basic[1], logger: basic[2], message: text.slice(basic[0].length) };
  const timeStart = text[0] === '[' || text[0] === '(' ? 1 : 0;
  const end = Math.max(timeEnd(text, timeStart), epochEnd(text, timeStart));
  if (end >= 0) {
    const time = text.slice(timeStart, end);
    const found = findLevel(text, end, MOST_PARTS);
    return found
      ? createParts(text, time, end, found)
      : { time, message: text.slice(skipPattern(AFTER, text, end)) };
  }
  const clock = matchAt(CLOCK, text, 0);
  const ofDay = clock ? findLevel(text, clock[0].length, 1) : undefined;
  if (ofDay) return createParts(text, clock![1], clock![0].length, ofDay);
  const first = findLevel(text, 0, text[0] === '[' ? 1 : 0);
  if (!first) return undefined;
  // `[LightGBM] [Warning]`, and not `[uuid] ERROR`.
  if (first.start > 0) return text[first.start] === '[' ? createParts(text, undefined, 0, first) : undefined;
  // The time may stand behind the level, and a part between them.
  let at = skipPattern(AFTER, text, first.end);
  let behind = timeEnd(text, at);
  if (behind < 0 && text[at] === '[') behind = timeEnd(text, ++at);
  if (behind < 0) return createParts(text, undefined, 0, first);
  const message = { ...first, start: behind, end: behind };
  return createParts(text, text.slice(at, behind), behind, message);
}

/** The level that stands at `at`, or behind a few other parts. */
function findLevel(text: string, at: number, parts: number): FoundLevel | undefined {
  let from = skipPattern(BETWEEN, text, at);
  for (let n = 0; n <= parts; n++) {
    const [, own, explaining] = matchAt(POSTGRES, text, from) ?? [];
    const postgres = own ?? explaining;
    if (postgres !== undefined)
      return { level: postgres, start: from, end: from + (own?.length ?? 0), tail: undefined };
    const bracket = matchAt(BRACKETED, text, from);
    const inner = bracket ? from + 1 : from;
    const word = matchAt(WORD, text, inner);
    if (word && isLevelWord(word[1]!)) {
      const end = inner + word[0].length;
      const bare = !bracket && text[end] !== ':' && !isApart(text, from, end);
      if (!bare || word[1] === word[1]!.toUpperCase()) {
        const tail = matchAt(TAIL, text, end);
        return { level: word[1]!, start: from, end: end + (tail?.[0].length ?? 0), tail: tail?.[1] };
      }
    }
    const part = bracket ?? matchAt(BARE, text, from);
    if (!part) return undefined;
    const [, module, level] = OF_MODULE.exec(bracket?.[1] ?? part[0]) ?? [];
    if (
      level !== undefined &&
      isLevelWord(level) &&
      (bracket ? text[inner - 1] === '[' : /^[A-Z]+$/.test(level))
    )
      return {
        level,
        start: text.indexOf(module!, from) + module!.length,
        end: from + part[0].length,
        tail: undefined,
      };
    from = skipPattern(BETWEEN, text, from + part[0].length);
  }
  return undefined;
}

/** Whether a word stands alone between dashes, bars or tabs. */
function isApart(text: string, start: number, end: number): boolean {
  return (
    /(?:-|\||\t)\s*$/.test(text.slice(0, start)) && /^(?:\s*\||\s+-|\t|$)/.test(text.slice(end, end + 20))
  );
}

function createParts(text: string, time: string | undefined, from: number, found: FoundLevel): LogParts {
  let at = skipPattern(AFTER, text, found.end);
  const before = text.slice(from, found.start).replace(/^[\s|\-:,\])}>]+|[\s|\-:,.]+$/g, '');
  const inner = /^[[({<]([^\])}>]*)[\])}>]?$/.exec(before)?.[1] ?? before;
  const spring = matchAt(SPRING, text, at);
  const name = spring ? [spring[0], spring[2], undefined] : matchAt(NAME, text, at);
  if (name) at += name[0]!.length;
  const isName = inner !== '' && !name && !/^\d+$/.test(inner);
  const context = [
    ...(isName || inner === '' ? [] : [inner]),
    ...(spring ? [spring[1]!.trim()] : name?.[2] === undefined ? [] : [name[2]]),
    ...(found.tail === undefined ? [] : [found.tail]),
  ];
  return {
    time,
    level: found.level,
    logger: name?.[1] ?? (isName ? inner : undefined),
    message: text.slice(at),
    data: context.length > 0 ? { context: context.join(' ') } : undefined,
  };
}

/** Where seconds or ms since 1970 end, which only a level tells from any other number. */
function epochEnd(text: string, at: number): number {
  const epoch = matchAt(/\d{10}(?:\d{3}|\.\d{1,9})?(?=[\s\])])/y, text, at);
  const end = epoch ? at + epoch[0].length : -1;
  return end >= 0 && findLevel(text, end, MOST_PARTS) ? end : -1;
}

/** A sticky pattern, tried at one place. */
function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}
