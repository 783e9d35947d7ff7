import { isLevelWord } from '../level.ts';
import { definePlugin, type Envelope } from '../plugin.ts';
import type { JsonObject } from '../util/json.ts';

/** RFC 5424; Heroku leaves out the structured data. */
const NEW =
  /^<(?<priority>\d{1,3})>1 (?<time>\S+) (?<host>\S+) (?<name>\S+) (?<process>\S+) (?<message_id>\S+)(?: (?<structured_data>-|(?:\[(?:[^\]"\\]|\\.|"(?:[^"\\]|\\.)*")*\])+)(?= |$))?(?: \ufeff?|$)/;
/** RFC 3164, and how syslog's files, journald and Heroku write it, without a priority or with a whole date. */
const OLD =
  /^(?:<(?<priority>\d{1,3})>)?(?<time>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT[\d:.,]+(?:Z|[+-]\d\d:?\d\d)) (?:(?<host>[^\s[\]]+) )?(?<name>[\w./()-]+)(?:\[(?<process>[\w.-]+)\])?: ?/;

/** Syslog: the log in it; its time, severity and name count where that names none. */
export default definePlugin({
  name: 'syslog',
  description: 'syslog (RFC 5424 and 3164), its files, and Heroku',
  create: () => ({ parse: (entry) => (typeof entry === 'string' ? readSyslog(entry) : undefined) }),
});

function readSyslog(text: string): Envelope | undefined {
  const head = text[0] === '<' ? (NEW.exec(text) ?? OLD.exec(text)) : OLD.exec(text);
  if (!head) return undefined;
  const { priority, time, name, ...others } = head.groups!;
  const isSure = priority !== undefined || others.process !== undefined;
  // `Mar  2 08:15:00 host api: …` names its program; in `2026-03-02T08:15:00Z api ERROR: …` that is a level.
  if (!isSure && (others.host === undefined || time!.includes('-') || isLevelWord(name!))) return undefined;
  // A priority is a facility and, in its last three bits, a severity.
  const facility = priority === undefined ? {} : { facility: Number(priority) >> 3 };
  const told = Object.entries(others).filter(([, value]) => value !== undefined && value !== '-');
  return {
    entry: text.slice(head[0].length),
    time: time === '-' ? undefined : time,
    level: priority === undefined ? undefined : Number(priority) & 7,
    logger: name === '-' ? undefined : name,
    data: { ...facility, ...(Object.fromEntries(told) as JsonObject) },
  };
}
