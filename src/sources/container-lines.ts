import { isObject, parseJson } from '../util/json.ts';
import { beginsLog } from './log-beginning.ts';

/** A log in a text: the places of its first character and behind its last one. */
export interface Span {
  start: number;
  end: number;
  /** It is JSON, so that no line can continue it. */
  json: boolean;
  /** It is whole, whatever may follow. */
  closed: boolean;
  /** Where it is of several lines that a container's runtime wrapped: each one's own place. */
  lines?: { start: number; end: number }[];
}

const DOCKER = '{"log":"';
const CRI = /\d{4}-\d\d-\d\dT\S+ (stdout|stderr) ([FP]) /y;

/** A line out of a container's log. */
interface Line {
  stream: string;
  /** The program's own text. */
  inner: string;
  /** The runtime cut it: the next line goes on. */
  partial: boolean;
}

/**
 * Joins lines that a container's runtime wrapped as they belong together: the parts of one line, and lines that continue
 * a log.
 */
export class ContainerLines {
  #span: Span | undefined;
  #last: Line | undefined;
  #takesMore = false;

  /** Adds a line to `logs`, or to the last of them; answers false for one that no runtime wrapped. */
  add(text: string, start: number, end: number, logs: Span[]): boolean {
    const line = readLine(text, start, end);
    if (!line) return false;
    const begins = line.inner[0] === '{' || beginsLog(line.inner, 0);
    const last = this.#span !== undefined && this.#span === logs.at(-1) ? this.#last : undefined;
    this.#last = line;
    if (last?.stream === line.stream && (last.partial || (this.#takesMore && !begins))) {
      this.#span!.end = end;
      this.#span!.lines!.push({ start, end });
      return true;
    }
    this.#span = { start, end, json: false, closed: false, lines: [{ start, end }] };
    this.#takesMore = begins && line.inner[0] !== '{';
    logs.push(this.#span);
    return true;
  }
}

function readLine(text: string, start: number, end: number): Line | undefined {
  if (text.startsWith(DOCKER, start)) {
    const value = parseJson(text.slice(start, end));
    if (!isObject(value) || typeof value.log !== 'string' || typeof value.stream !== 'string')
      return undefined;
    return { stream: value.stream, inner: value.log, partial: !value.log.endsWith('\n') };
  }
  CRI.lastIndex = start;
  const head = CRI.exec(text);
  if (!head || CRI.lastIndex > end) return undefined;
  return { stream: head[1]!, inner: text.slice(CRI.lastIndex, end), partial: head[2] === 'P' };
}

/** The entry of lines that belong together: as one line that the runtime might have written. */
export function joinLines(lines: readonly string[]): string {
  const [first = ''] = lines;
  if (lines.length === 1) return first;
  if (first.startsWith(DOCKER)) {
    const values = lines.map((line) => JSON.parse(line) as { log: string });
    return JSON.stringify({ ...values[0], log: values.map(({ log }) => log).join('') });
  }
  let joined = '';
  lines.forEach((line, n) => {
    CRI.lastIndex = 0;
    const partial = CRI.exec(line)?.[2] === 'P';
    const inner = CRI.lastIndex;
    joined += (n === 0 ? line.slice(0, inner) : '') + line.slice(inner).replace(/\r$/, '');
    if (!partial && n < lines.length - 1) joined += '\n';
  });
  return joined;
}
