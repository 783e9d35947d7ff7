import type { Contents } from '../component.ts';
import type { CommonConfig } from '../config/sections.ts';
import type { Entry } from '../entry.ts';
import type { LogEvent } from '../event.ts';
import { Filter } from '../filter.ts';
import { UNKNOWN_LEVEL } from '../level.ts';
import { plural } from '../terminal/messages.ts';
import { type Check, ok, span, warning } from './result.ts';

/** How far a clock may be ahead of this machine's, in ms. */
const AHEAD_MS = 90_000;

/** What is told of a source. */
export interface Checked {
  /** The kind of source. */
  name: string;
  address: string;
  contents: Contents;
}

/** What a source holds, and what becomes of that; `parse` is that of the pipeline. */
export function checkContents(
  config: CommonConfig,
  { name, address, contents }: Checked,
  parse: (entry: Entry) => LogEvent,
): Check[] {
  const { count, unit, note, instead } = contents;
  const more = note ? `; ${note}` : '';
  if (count === 0) {
    const action = instead ?? 'Does the API write its logs there? Make a call to it and look again';
    return [warning(name, `${address} holds no logs${more}`, action)];
  }
  const newest = contents.newest.flatMap((entry) => tryParse(entry, parse));
  const last = newest.find(({ written }) => written !== '');
  const first = contents.oldest
    .flatMap((entry) => tryParse(entry, parse))
    .find(({ written }) => written !== '');
  return [
    ok(name, `${address} holds ${plural(count, unit)}${formatPeriod(count, first, last)}${more}`),
    ...(last && Date.parse(last.timestamp) - Date.now() > AHEAD_MS ? [ahead(last)] : []),
    ...checkOrder(name, contents, first, last),
    checkFilter(config, newest),
    ...checkReading(newest),
  ];
}

/** Whether the oldest are older than the newest. */
function checkOrder(
  name: string,
  { ifReversed }: Contents,
  first: LogEvent | undefined,
  last: LogEvent | undefined,
): Check[] {
  if (ifReversed === undefined || !first || !last || first.timestamp <= last.timestamp) return [];
  const says = `what should be the newest log is ${span(Date.parse(first.timestamp) - Date.parse(last.timestamp))} older than what should be the oldest`;
  return [warning(name, says, ifReversed)];
}

/** More of them without a time or a level than this share are worth a warning. */
const ODD_SHARE = 0.03;

/** Whether the formats understand the newest logs. */
function checkReading(newest: readonly LogEvent[]): Check[] {
  const isOdd = ({ written, level, data }: LogEvent): boolean =>
    written === '' || data?.timestamp === written || level === UNKNOWN_LEVEL;
  const odd = newest.filter(isOdd);
  const [example] = odd;
  if (!example || odd.length <= newest.length * ODD_SHARE) return [];
  const shown = JSON.stringify(example.message.slice(0, 120));
  return [
    warning(
      'formats',
      `of the newest ${plural(newest.length, 'log')}, ${odd.length} have no time or no level that can be read, such as ${shown}`,
      '`try` shows how each log is read; docs/formats.md says how to have others read',
    ),
  ];
}

function tryParse(entry: Entry, parse: (entry: Entry) => LogEvent): LogEvent[] {
  try {
    return [parse(entry)];
  } catch {
    return [];
  }
}

function formatPeriod(count: number, first: LogEvent | undefined, last: LogEvent | undefined): string {
  if (!first || !last) return '; none of those examined names a time';
  const from = Date.parse(first.timestamp);
  const to = Date.parse(last.timestamp);
  const perMinute = to > from ? `, ${Math.round((count / (to - from)) * 600_000) / 10} a minute` : '';
  const shown = (time: string): string => time.slice(0, 19).replace('T', ' ');
  return `, ${shown(first.timestamp)} to ${shown(last.timestamp)} UTC${perMinute}; the newest is ${span(Date.now() - to)} old`;
}

function ahead({ timestamp }: LogEvent): Check {
  return warning(
    'clock',
    `the newest log is ${span(Date.parse(timestamp) - Date.now())} ahead of now`,
    'Its times name no zone: set PIPELINE_TIMEZONE to the one that the API logs in, such as Europe/Paris. Otherwise, correct the clocks',
  );
}

/** Lines of metrics pass any filter, so they tell nothing about it. */
function checkFilter({ pipeline }: CommonConfig, newest: readonly LogEvent[]): Check {
  const { pattern, methods } = pipeline.filter;
  const filter = new Filter(pipeline.filter);
  const judged = newest.filter(
    ({ httpMethod, metrics }) => httpMethod !== undefined || metrics === undefined,
  );
  const passing = judged.filter((event) => filter.passes(event)).length;
  const says = `of the newest ${plural(judged.length, 'log')}, lines of metrics aside, ${passing} pass; the others go to the index of all logs only`;
  if (passing > 0 || judged.length === 0) return ok('filter', says);
  const and = methods.length > 0 ? ` and PIPELINE_FILTER_METHODS (${methods.join()})` : '';
  return warning('filter', says, `Compare PIPELINE_FILTER_PATTERN (${pattern})${and} with the messages`);
}
