import type { Level } from '../level.ts';
import { definePlugin } from '../plugin.ts';
import { isObject, textOf } from '../util/json.ts';

/** Ten more than Python's. */
const LEVELS: Record<number, Level> = {
  10: 'DEBUG',
  20: 'DEBUG',
  30: 'INFO',
  40: 'WARNING',
  50: 'ERROR',
  60: 'CRITICAL',
};

/** bunyan and pino: `{"level": 30, "time": 1772439300250, "msg": …, "pid", "hostname", …}`. */
export default definePlugin({
  name: 'bunyan',
  description: 'bunyan and pino',
  create: () => ({
    parse(entry) {
      if (!isObject(entry)) return undefined;
      const { level, time, msg, name, ...data } = entry;
      const severity = typeof level === 'number' ? LEVELS[level] : undefined;
      if (severity === undefined || typeof msg !== 'string' || textOf(time) === undefined) return undefined;
      return { time: textOf(time), level: textOf(level), severity, logger: textOf(name), message: msg, data };
    },
  }),
});
