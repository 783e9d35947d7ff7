import type { Entry } from '../entry.ts';
import { isObject, type JsonObject, parseJson } from '../util/json.ts';
import { matchesAt } from './log-beginning.ts';

/** A part of a text. */
interface LinePlace {
  start: number;
  end: number;
}

/** A log in a text: the places of its first character and behind its last one. */
export interface Span extends LinePlace {
  /** It is JSON, so that no line can continue it. */
  json: boolean;
  /** It is whole, whatever may follow. */
  closed: boolean;
  /** Where it is of lines that a container's runtime wrapped: their places. */
  lines?: LinePlace[];
  /** Several logs share these lines. */
  several?: boolean;
  /** Lines of it stand behind the beginning of the next span: who has read the one only must read the other again. */
  mixed?: boolean;
}

const CRI = /\d{4}-\d\d-\d\dT[\d:.+Z-]+ (stdout|stderr) ([FP]) /y;
/** Docker's `json-file`, and what Fluent Bit's parsers `docker` and `cri` make of a line. */
const OBJECT =
  /\{(?:"(?:date|@timestamp|time|stream)": ?(?:"[^"\n]*"|[\d.]+), ?){0,4}"(?:log|logtag|_p)": ?"/y;
const DOCKER = '{"log":"';
/** A stream that was silent for this many lines of others has ended its log. */
const MOST_BETWEEN = 100;

/** Lines of one stream of one container, unwrapped. */
interface Run {
  lines: (LinePlace & { line: Line })[];
  /** The number of its last line. */
  last: number;
  /** Nothing follows it. */
  ended: boolean;
}

type Cut = (text: string, ended: boolean) => Span[];

/** Collects the lines that containers' runtimes wrapped, stream by stream, however those are mixed. */
export class ContainerLines {
  readonly #runs: Run[] = [];
  readonly #byStream = new Map<string, Run>();
  #count = 0;

  /** Takes a line; returns false for one that no runtime wrapped. */
  add(text: string, start: number, end: number): boolean {
    const line = readLine(text, start, end);
    if (!line) return false;
    this.#count++;
    let run = this.#byStream.get(line.stream);
    if (!run || this.#isOver(run)) {
      if (run) run.ended = true;
      run = { lines: [], last: 0, ended: false };
      this.#runs.push(run);
      this.#byStream.set(line.stream, run);
    }
    run.last = this.#count;
    run.lines.push({ start, end, line });
    return true;
  }

  /** The logs in the lines so far; `cut` finds them in the text of one stream. */
  cut(ended: boolean, cut: Cut): Span[] {
    return this.#runs.flatMap((run) => {
      const inners = unwrap(run.lines.map(({ line }) => line));
      return spansOf(run, inners, cut(inners.join(''), ended || run.ended || this.#isOver(run)));
    });
  }

  #isOver({ last }: Run): boolean {
    return this.#count - last > MOST_BETWEEN;
  }
}

/** From places in what the stream wrote to the lines that it stands in. */
function spansOf({ lines }: Run, inners: readonly string[], logs: readonly Span[]): Span[] {
  const spans: Span[] = [];
  let length = 0;
  const innerEnds = inners.map((inner) => {
    length += inner.length;
    return length;
  });
  let at = 0;
  let used = -1;
  for (const { start, end, closed } of logs) {
    while (innerEnds[at]! <= start) at++;
    const first = at;
    while (innerEnds[at]! < end) at++;
    const last = spans.at(-1);
    if (last && first <= used) {
      last.lines!.push(...lines.slice(used + 1, at + 1));
      Object.assign(last, { end: lines[at]!.end, closed, several: true });
    } else {
      const own = lines.slice(first, at + 1);
      spans.push({ start: own[0]!.start, end: own.at(-1)!.end, json: false, closed, lines: own });
    }
    used = at;
  }
  return spans;
}

interface Line {
  /** What tells the stream from all others. */
  stream: string;
  /** What the program wrote: with the end of the line, unless the runtime cut it. */
  inner: string;
  /** A shipper may have taken the end of the line off. */
  mayBeStripped: boolean;
}

/** What the program wrote. A shipper that takes the ends of lines off does so with all. */
function unwrap(lines: readonly Line[]): string[] {
  const isStripped = lines.every(({ inner, mayBeStripped }) => mayBeStripped && !inner.endsWith('\n'));
  return lines.map(({ inner }) => (isStripped ? `${inner}\n` : inner));
}

function readLine(text: string, start: number, end: number): Line | undefined {
  if (matchesAt(OBJECT, text, start)) return readObject(text.slice(start, end));
  CRI.lastIndex = start;
  const head = CRI.exec(text);
  if (!head || CRI.lastIndex > end) return undefined;
  const inner = text.slice(CRI.lastIndex, text[end - 1] === '\r' ? end - 1 : end);
  const isCut = head[2] === 'P' || end === text.length;
  return { stream: head[1]!, inner: isCut ? inner : `${inner}\n`, mayBeStripped: false };
}

function readObject(text: string): Line | undefined {
  const value = parseJson(text);
  if (!isObject(value) || typeof value.stream !== 'string') return undefined;
  const { log, message, logtag, _p = logtag, time, date: _, '@timestamp': __, ...container } = value;
  const inner = log ?? message;
  if (typeof inner !== 'string') return undefined;
  const stream = JSON.stringify(container);
  if (_p !== undefined) return { stream, inner: _p === 'P' ? inner : `${inner}\n`, mayBeStripped: false };
  if (typeof log !== 'string' || typeof time !== 'string') return undefined;
  return { stream, inner, mayBeStripped: !text.startsWith(DOCKER) };
}

/**
 * The entry of lines that belong together: as one line that the runtime might have written. Of lines that hold several
 * logs, which `cut` finds, one each.
 */
export function joinLines(lines: readonly string[], cut?: (text: string) => Span[]): string[] {
  const [first = ''] = lines;
  if (lines.length === 1 && !cut) return [first];
  const text = unwrap(lines.map((line) => readLine(`${line}\n`, 0, line.length)!)).join('');
  const texts = cut ? cut(text).map(({ start, end }) => text.slice(start, end)) : [text.replace(/\n$/, '')];
  if (first[0] === '{') {
    const value = parseJson(first) as JsonObject;
    const { logtag, _p } = parseJson(lines.at(-1)!) as JsonObject;
    const whole = { ...value, ...(logtag && { logtag }), ...(_p && { _p }) };
    const name = 'log' in value ? 'log' : 'message';
    return texts.map((inner) => JSON.stringify({ ...whole, [name]: inner }));
  }
  matchesAt(CRI, first, 0);
  const head = first.slice(0, CRI.lastIndex);
  return texts.map((log) => head + log);
}

/**
 * Entries in which the parts of a line that a runtime cut are one, where its last part stood; the same ones where there are
 * none. `isOpen`: the end of a line is still to come.
 */
export function joinParts(entries: Entry[]): { joined: Entry[]; isOpen: boolean } {
  if (!entries.some(isWrapped)) return { joined: entries, isOpen: false };
  const open = new Map<string, string[]>();
  const joined: Entry[] = [];
  for (const entry of entries) {
    const line = isWrapped(entry) ? readLine(`${entry}\n`, 0, entry.length) : undefined;
    const parts = line && open.get(line.stream);
    const isPart = line !== undefined && !line.mayBeStripped && !line.inner.endsWith('\n');
    if (!line || (!parts && !isPart)) joined.push(entry);
    else if (isPart) open.set(line.stream, [...(parts ?? []), entry as string]);
    else {
      joined.push(...joinLines([...parts!, entry as string]));
      open.delete(line.stream);
    }
  }
  joined.push(...[...open.values()].flat());
  return { joined, isOpen: open.size > 0 };
}

function isWrapped(entry: Entry): entry is string {
  return typeof entry === 'string' && (matchesAt(OBJECT, entry, 0) || matchesAt(CRI, entry, 0));
}
