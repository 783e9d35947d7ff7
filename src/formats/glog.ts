import type { Level } from '../level.ts';
import { definePlugin, type LogParts } from '../plugin.ts';

const LEVELS: Record<string, Level> = {
  D: 'DEBUG',
  I: 'INFO',
  W: 'WARNING',
  E: 'ERROR',
  F: 'CRITICAL',
  C: 'CRITICAL',
  // Ruby's `UNKNOWN`, which is always shown.
  A: 'CRITICAL',
  // Redis' debug, verbose, notice, warning.
  '.': 'DEBUG',
  '-': 'DEBUG',
  '*': 'INFO',
  '#': 'WARNING',
  // logrus' own four letters.
  TRAC: 'DEBUG',
  DEBU: 'DEBUG',
  INFO: 'INFO',
  WARN: 'WARNING',
  ERRO: 'ERROR',
  FATA: 'CRITICAL',
  PANI: 'CRITICAL',
  // MySQL's, beside its `Warning` and `ERROR`.
  Note: 'INFO',
  System: 'INFO',
};

/** Level, time, what follows it, message. */
const FORMS = [
  // absl, glog, klog, Triton: `I0302 08:15:00.250123 4242 server.py:12] message`
  /^(?<level>[IWEF])(?<time>\d{4} \d\d:\d\d:\d\d(?:\.\d+)?) +(?<context>\d+) (?<logger>[^\]\s]+)\] ?/,
  // TensorFlow: `2026-03-02 08:15:00.250123: I tensorflow/core/util.cc:182] message`
  /^(?<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+): (?<level>[IWEF]) (?<logger>[^\]\s]+)\] ?/,
  // TensorFlow and JAX before their clock is known: `I0000 00:00:1772439300.250123 4242 cuda_dnn.cc:529] message`
  /^(?<level>[IWEF])0000 00:00:(?<time>\d{10}\.\d+) +(?<context>\d+) (?<logger>[^\]\s]+)\] ?/,
  // PyTorch: `[W302 08:15:00.250123456 socket.cpp:755] message`
  /^\[(?<level>[DIWEF])(?<time>\d{3,4} \d\d:\d\d:\d\d\.\d+) (?<logger>[^\]\s]+)\] ?/,
  // Ray: `[2026-03-02 08:15:00,250 I 4242 4242] (raylet) main.cc:179: message`
  /^\[(?<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d+) (?<level>[DIWEFC]) (?<context>\d+ \d+)\] (?<logger>(?:\(\w+\) )?\S+:\d+): /,
  // Ruby: `E, [2026-03-02T08:15:00.250123 #4242] ERROR -- api: message`
  /^(?<level>[DIWEFA]), \[(?<time>[\d-]+T[\d:.]+) #(?<context>\d+)\] +(?:DEBUG|INFO|WARN|ERROR|FATAL|ANY) -- (?<logger>[^:\s]*) ?: /,
  // Redis: `12345:M 02 Mar 2026 08:15:00.250 * message`
  /^(?<context>\d+:[XCSM]) (?<time>\d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d\.\d+) (?<level>[.*#-]) /,
  // Tornado, Jupyter: `[I 260302 08:15:00 web:2064] message`
  /^\[(?<level>[DIWEC]) (?<time>(?:\d{6}|\d{4}-\d\d-\d\d) \d\d:\d\d:\d\d(?:\.\d+)?) (?<logger>[^\]]+)\] ?/,
  // logrus on a terminal, by its seconds since it began or by the time: `INFO[0000] message key=value`
  /^(?<level>TRAC|DEBU|INFO|WARN|ERRO|FATA|PANI)\[(?:(?<context>\d{4,9})|(?<time>\d{4}-[^\]\s]{10,30}))\] ?/,
  // MySQL, MariaDB: `2026-03-02T08:15:00.123456Z 0 [Note] [MY-010931] [Server] message`
  /^(?<time>\d{4}-\d\d-\d\d[T ] ?[\d:.]+(?:Z|[+-]\d\d:\d\d)?) (?<context>\d+) \[(?<level>Note|System)\] /,
];

/** Levels of one letter, and others that are no words of their own. */
export default definePlugin({
  name: 'glog',
  description:
    'levels of one letter: absl, glog, klog, TensorFlow, PyTorch, Ray, Tornado, Jupyter, Ruby, Redis; logrus, MySQL',
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
          logger: logger || undefined,
          message: entry.slice(match[0].length),
          data: context === undefined ? undefined : { context },
        };
      }
      return undefined;
    },
  }),
});
