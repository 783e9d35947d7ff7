import { definePlugin, type Envelope } from '../plugin.ts';
import { beginsLog } from '../sources/log-beginning.ts';
import { timeOf } from '../time-forms.ts';
import { isObject, type JsonObject, parseJson } from '../util/json.ts';

/** Where shippers, and producers of streams, put the log. */
const INNER = ['message', 'log', 'entry', 'body', 'event', 'payload', 'value'];
/** When it was read, as far as that is told. */
const TIMES = ['@timestamp', 'timestamp', 'time', 'date'];
/** An object with one of these is a log itself. */
const OWN = [
  'level',
  'levelname',
  'severity',
  'log.level',
  'lvl',
  'loglevel',
  'log_level',
  'level_name',
  'asctime',
];
const PARTS = [...OWN, ...TIMES, 'message', 'msg'];

/** A log in a text of an object that is not one itself: `{"message": "2026-11-24 … - INFO - …", "host": {…}, "agent": {…}}`. */
export default definePlugin({
  name: 'envelope',
  description: 'what Vector, Fluent Bit, Logstash, Filebeat and streams put around a log: the log in it',
  create: () => ({
    parse(entry): Envelope | undefined {
      if (typeof entry === 'string' || OWN.some((name) => Object.hasOwn(entry, name))) return undefined;
      const name = INNER.find((each) => looksLikeLog(entry[each]));
      // The documented shape without its time and level, whose `data` belongs to the message.
      if (name === undefined || (name === 'message' && isObject(entry.data))) return undefined;
      const { [name]: inner, ...data } = entry;
      const timed = TIMES.find((each) => timeOf(data[each] ?? null) !== undefined);
      if (timed === undefined) return { entry: (inner as string).trimEnd(), data };
      const { [timed]: time, ...rest } = data;
      return { entry: (inner as string).trimEnd(), time: timeOf(time ?? null), data: rest };
    },
  }),
});

function looksLikeLog(text: JsonObject[string] | undefined): boolean {
  if (typeof text !== 'string' || !beginsLog(text, 0)) return false;
  if (text[0] !== '{') return true;
  const value = parseJson(text);
  return isObject(value) && PARTS.some((name) => Object.hasOwn(value, name));
}
