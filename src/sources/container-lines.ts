import { isObject, parseJson } from '../util/json.ts';

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

const DOCKER = '{"log":"';
const CRI = /\d{4}-\d\d-\d\dT[\d:.+Z-]+ (stdout|stderr) ([FP]) /y;
/** A stream that was silent for this many lines of others has ended its log. */
const MOST_BETWEEN = 100;

/** Lines of one stream of one container, unwrapped. */
interface Run {
  lines: (LinePlace & { innerEnd: number })[];
  text: string;
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

  /** Takes a line; answers false for one that no runtime wrapped. */
  add(text: string, start: number, end: number): boolean {
    const line = readLine(text, start, end);
    if (!line) return false;
    this.#count++;
    let run = this.#byStream.get(line.stream);
    if (!run || this.#isOver(run)) {
      if (run) run.ended = true;
      run = { lines: [], text: '', last: 0, ended: false };
      this.#runs.push(run);
      this.#byStream.set(line.stream, run);
    }
    run.last = this.#count;
    run.text += line.inner;
    run.lines.push({ start, end, innerEnd: run.text.length });
    return true;
  }

  /** The logs in the lines so far; `cut` finds them in the text of one stream. */
  cut(ended: boolean, cut: Cut): Span[] {
    return this.#runs.flatMap((run) => spansOf(run, cut(run.text, ended || run.ended || this.#isOver(run))));
  }

  #isOver({ last }: Run): boolean {
    return this.#count - last > MOST_BETWEEN;
  }
}

/** From places in what the stream wrote to the lines that it stands in. */
function spansOf({ lines }: Run, logs: readonly Span[]): Span[] {
  const spans: Span[] = [];
  let at = 0;
  let used = -1;
  for (const { start, end, closed } of logs) {
    while (lines[at]!.innerEnd <= start) at++;
    const first = at;
    while (lines[at]!.innerEnd < end) at++;
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
}

function readLine(text: string, start: number, end: number): Line | undefined {
  if (text.startsWith(DOCKER, start)) {
    const value = parseJson(text.slice(start, end));
    if (!isObject(value) || typeof value.log !== 'string' || typeof value.stream !== 'string')
      return undefined;
    const { log, time: _, ...container } = value;
    return { stream: JSON.stringify(container), inner: log };
  }
  CRI.lastIndex = start;
  const head = CRI.exec(text);
  if (!head || CRI.lastIndex > end) return undefined;
  const inner = text.slice(CRI.lastIndex, text[end - 1] === '\r' ? end - 1 : end);
  return { stream: head[1]!, inner: head[2] === 'P' || end === text.length ? inner : `${inner}\n` };
}

/**
 * The entry of lines that belong together: as one line that the runtime might have written. Of lines that hold several
 * logs, which `cut` finds, one each.
 */
export function joinLines(lines: readonly string[], cut?: (text: string) => Span[]): string[] {
  const [first = ''] = lines;
  if (lines.length === 1 && !cut) return [first];
  const text = lines.map((line) => readLine(`${line}\n`, 0, line.length)!.inner).join('');
  const texts = cut ? cut(text).map(({ start, end }) => text.slice(start, end)) : [text.replace(/\n$/, '')];
  if (first.startsWith(DOCKER)) {
    const value = JSON.parse(first) as { log: string };
    return texts.map((log) => JSON.stringify({ ...value, log }));
  }
  CRI.lastIndex = 0;
  CRI.test(first);
  const head = first.slice(0, CRI.lastIndex);
  return texts.map((log) => head + log);
}
