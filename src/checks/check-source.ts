import type { Contents } from '../component.ts';
import type { CommonConfig } from '../config/sections.ts';
import type { Entry } from '../entry.ts';
import type { LogEvent } from '../event.ts';
import { Filter } from '../filter.ts';
import type { Parse } from '../identity.ts';
import { UNKNOWN_LEVEL } from '../level.ts';
import { plural, quote, t } from '../terminal/messages.ts';
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
  parse: Parse,
): Check[] {
  const { count, note, instead } = contents;
  const more = note ? `; ${note}` : '';
  if (count === 0) {
    const says = `${t('{address} holds no logs', { address })}${more}`;
    const action = instead ?? t('Does the API write its logs there? Make a call to it and look again');
    return [warning(name, quote(says), action)];
  }
  const newest = contents.newest.flatMap((entry) => tryParse(entry, parse));
  const last = newest.find(({ written }) => written !== '');
  const first = contents.oldest
    .flatMap((entry) => tryParse(entry, parse))
    .find(({ written }) => written !== '');
  return [
    ok(name, quote(formatContents(address, contents, first, last) + more)),
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
  const says = t('what should be the newest log is {span} older than what should be the oldest', {
    span: span(Date.parse(first.timestamp) - Date.parse(last.timestamp)),
  });
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
      t('of the newest {logs}, {odd} have no time or no level that can be read, such as {example}', {
        logs: plural(newest.length, 'log'),
        odd: odd.length,
        example: shown,
      }),
      t('`try` shows how each log is read; docs/formats.md says how to have others read'),
    ),
  ];
}

function tryParse(entry: Entry, parse: Parse): LogEvent[] {
  try {
    return [parse(entry).createEvent()];
  } catch {
    return [];
  }
}

function formatContents(
  address: string,
  { count, unit }: Contents,
  first: LogEvent | undefined,
  last: LogEvent | undefined,
): string {
  const held = plural(count, t(unit));
  if (!first || !last)
    return t('{address} holds {held}; none of those examined names a time', { address, held });
  const from = Date.parse(first.timestamp);
  const to = Date.parse(last.timestamp);
  const shown = (time: string): string => time.slice(0, 19).replace('T', ' ');
  const period = {
    ...{ address, held, from: shown(first.timestamp), to: shown(last.timestamp) },
    ...{ age: span(Date.now() - to), rate: Math.round((count / (to - from)) * 600_000) / 10 },
  };
  return to > from
    ? t('{address} holds {held}, {from} to {to} UTC, {rate} a minute; the newest is {age} old', period)
    : t('{address} holds {held}, {from} to {to} UTC; the newest is {age} old', period);
}

function ahead({ timestamp }: LogEvent): Check {
  return warning(
    'clock',
    t('the newest log is {span} ahead of now', { span: span(Date.parse(timestamp) - Date.now()) }),
    t(
      'Its times name no zone: set PIPELINE_TIMEZONE to the one that the API logs in, such as Europe/Paris. Otherwise, correct the clocks',
    ),
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
  const says = t(
    'of the newest {logs}, lines of metrics aside, {passing} pass; the others go to the index of all logs only',
    { logs: plural(judged.length, 'log'), passing },
  );
  if (passing > 0 || judged.length === 0) return ok('filter', says);
  const action =
    methods.length > 0
      ? t(
          'Compare PIPELINE_FILTER_PATTERN ({pattern}) and PIPELINE_FILTER_METHODS ({methods}) with the messages',
          { pattern, methods: methods.join() },
        )
      : t('Compare PIPELINE_FILTER_PATTERN ({pattern}) with the messages', { pattern });
  return warning('filter', says, action);
}
