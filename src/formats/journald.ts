import { definePlugin, type Envelope } from '../plugin.ts';
import { textOf } from '../util/json.ts';

/** journald's JSON (`journalctl -o json`); its times are in µs, its priorities syslog's. */
export default definePlugin({
  name: 'journald',
  description: "journald's JSON",
  create: () => ({
    parse(entry): Envelope | undefined {
      if (typeof entry === 'string') return undefined;
      const { MESSAGE, PRIORITY, __REALTIME_TIMESTAMP, SYSLOG_IDENTIFIER, ...data } = entry;
      const message = Array.isArray(MESSAGE) ? fromBytes(MESSAGE) : MESSAGE;
      if (typeof message !== 'string' || textOf(__REALTIME_TIMESTAMP) === undefined) return undefined;
      return {
        entry: message,
        time: textOf(__REALTIME_TIMESTAMP),
        level: textOf(PRIORITY),
        logger: textOf(SYSLOG_IDENTIFIER),
        data,
      };
    },
  }),
});

/** A message that is not plain UTF-8 is written as numbers. */
function fromBytes(bytes: readonly unknown[]): string {
  return Buffer.from(bytes as number[]).toString('utf8');
}
