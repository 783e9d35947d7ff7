import type { Level } from '../level.ts';
import { definePlugin, type LogParts } from '../plugin.ts';

const LEVELS: Record<string, Level> = {
  D: 'DEBUG',
  I: 'INFO',
  W: 'WARNING',
  E: 'ERROR',
  F: 'CRITICAL',
  C: 'CRITICAL',
};

/** Level, time, what follows it, message. */
const FORMS = [
  // absl, glog, klog, Triton: `I0302 08:15:00.250123 4242 server.py:12] message`
  /^(?<level>[IWEF])(?<time>\d{4} \d\d:\d\d:\d\d(?:\.\d+)?) +(?<context>\d+) (?<logger>[^\]\s]+)\] ?/,
  // TensorFlow: `2026-03-02 08:15:00.250123: I tensorflow/core/util.cc:182] message`
  /^(?<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+): (?<level>[IWEF]) (?<logger>[^\]\s]+)\] ?/,
  // Tornado, Jupyter: `[I 260302 08:15:00 web:2064] message`
  /^\[(?<level>[DIWEC]) (?<time>(?:\d{6}|\d{4}-\d\d-\d\d) \d\d:\d\d:\d\d(?:\.\d+)?) (?<logger>[^\]]+)\] ?/,
];

/** Levels of one letter. */
export default definePlugin({
  name: 'glog',
  description: 'levels of one letter: absl, glog, klog, TensorFlow, Tornado, Jupyter',
  create: () => ({
    parse(entry): LogParts | undefined {
      if (typeof entry !== 'string') return undefined;
      for (const form of FORMS) {
        const match = form.exec(entry);
        if (!match) continue;
        const { level, time, logger, context } = match.groups!;
        return {
          time,
          level,
          severity: LEVELS[level!],
          logger,
          message: entry.slice(match[0].length),
          data: context === undefined ? undefined : { context },
        };
      }
      return undefined;
    },
  }),
});
