import { definePlugin } from '../plugin.ts';
import { isObject, textOf } from '../util/json.ts';
import { mergeMembers } from './members.ts';

/** loguru's `serialize=True`: `{"text": …, "record": {"message", "level": {"name"}, "time": {"repr"}, "extra", …}}`. */
export default definePlugin({
  name: 'loguru',
  description: "loguru's serialize=True",
  create: () => ({
    parse(entry) {
      if (typeof entry === 'string' || !isObject(entry.record)) return undefined;
      const { text: _, record, ...members } = entry;
      const { message, level, time, name, extra, ...rest } = record as typeof entry;
      if (typeof message !== 'string' || !isObject(level) || !isObject(time)) return undefined;
      return {
        time: textOf(time.repr) ?? textOf(time.timestamp),
        level: textOf(level.name) ?? textOf(level.no),
        logger: textOf(name),
        message,
        data: mergeMembers({ ...members, ...rest }, 'extra', extra),
      };
    },
  }),
});
