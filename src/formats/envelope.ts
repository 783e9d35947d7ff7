import { definePlugin, type Envelope } from '../plugin.ts';
import { beginsLog } from '../sources/log-beginning.ts';
import { timeOf } from '../time-forms.ts';
import { isObject, type Json, type JsonObject, parseJson } from '../util/json.ts';

/** Where shippers, and producers of streams, put the log. */
const INNER = ['message', 'log', 'entry', 'body', 'event', 'payload', 'value'];
/** When it was read, as far as that is told. */
const TIMES = ['@timestamp', 'timestamp', 'time', 'date'];
/** Where a logger writes the time, when `timestamp` is Vector's. */
const OWN_TIMES = ['asctime', '@timestamp', 'time', 'ts'];
/** An object with one of these is a log itself. */
const OWN = 'level levelname severity log.level lvl loglevel log_level level_name asctime'.split(' ');
const PARTS = [...OWN, ...TIMES, 'message', 'msg'];
/** What Vector and Fluent Bit put beside a line. */
const ADDED = new Set([
  ...['message', 'log', 'timestamp', '@timestamp', '@version', 'date', 'time', 'source_type', 'file', 'host'],
  ...['port', 'path', 'offset', 'stream', '_p', 'tag', 'tags', 'kubernetes', 'docker', 'container', 'image'],
  ...['container_id', 'container_name', 'container_created_at', 'label', 'agent', 'ecs', 'input', 'event'],
]);

/**
 * A log in a text of an object that is not one itself: `{"message": "2026-11-24 … - INFO - …", "host": {…}, "agent": {…}}`;
 * any text where Vector or Fluent Bit have added all that stands beside it. An object that Vector decoded is a log, without
 * the time at which Vector read it where it names its own.
 */
export default definePlugin({
  name: 'envelope',
  description: 'what Vector, Fluent Bit, Logstash, Filebeat and streams put around a log: the log in it',
  create: () => ({
    parse(entry): Envelope | undefined {
      if (typeof entry === 'string') return undefined;
      const isShipped = isOfVector(entry) || isOfFluentBit(entry);
      const name = OWN.some((each) => Object.hasOwn(entry, each)) ? undefined : findLog(entry, isShipped);
      if (name === undefined) return takeOffVectorsTime(entry);
      const { [name]: text, ...members } = entry;
      const inner = (text as string).trimEnd();
      const timed = TIMES.find((each) => timeOf(members[each] ?? null) !== undefined);
      if (timed === undefined) return { entry: inner, data: members };
      const { [timed]: written, ...data } = members;
      const time = timeOf(written!);
      // Which differs when they read a line again.
      return isShipped ? { entry: inner, readAt: time, data } : { entry: inner, time, data };
    },
  }),
});

function isOfVector({ source_type: type }: JsonObject): boolean {
  return typeof type === 'string';
}

function isOfFluentBit({ date, '@timestamp': timestamp = date, log }: JsonObject): boolean {
  return typeof date === 'number' || (typeof log === 'string' && timestamp !== undefined);
}

/** The name of the member that is the log. */
function findLog(entry: JsonObject, isShipped: boolean): string | undefined {
  const isBare = Object.keys(entry).every((name) => ADDED.has(name));
  const name =
    INNER.find((each) => looksLikeLog(entry[each], isShipped || isBare)) ??
    (isShipped && isBare ? nameOfLine(entry) : undefined);
  // The documented shape without its time and level, whose `data` belongs to the message.
  return name === 'message' && isObject(entry.data) ? undefined : name;
}

/** `isWrapped`: a shipper put it there, so that any JSON is a log. */
function looksLikeLog(text: Json | undefined, isWrapped: boolean): boolean {
  if (typeof text !== 'string' || !beginsLog(text, 0)) return false;
  if (text[0] !== '{' || isWrapped) return true;
  const value = parseJson(text);
  return isObject(value) && PARTS.some((name) => Object.hasOwn(value, name));
}

/** Of any line that Vector or Fluent Bit read, such as one of a traceback. */
function nameOfLine({ message, log, ...others }: JsonObject): string | undefined {
  if (typeof message === 'string') return isOfVector(others) ? 'message' : undefined;
  return message === undefined && typeof log === 'string' ? 'log' : undefined;
}

/** The time of reading would be taken for the log's own. */
function takeOffVectorsTime(entry: JsonObject): Envelope | undefined {
  const { timestamp, ...log } = entry;
  if (timestamp === undefined || !isOfVector(entry)) return undefined;
  if (typeof entry.level === 'string' || typeof entry.message !== 'string') return undefined;
  if (!OWN_TIMES.some((name) => Object.hasOwn(log, name))) return undefined;
  return { entry: log, readAt: timeOf(timestamp) };
}
