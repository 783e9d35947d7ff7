import { definePlugin } from 'ml-log-sidecar/plugin';

const LINE = /^<(?<level>\w+)> at (?<time>\S+ \S+): (?<message>.*)$/s;

/** Lines such as `<warn> at 2026-11-24 19:26:39: the queue is long`. */
export default definePlugin({
  name: 'NAME',
  description: 'lines with the level first',
  create: () => ({
    parse(entry) {
      const parts = typeof entry === 'string' ? LINE.exec(entry)?.groups : undefined;
      return parts && { time: parts.time, level: parts.level, message: parts.message! };
    },
  }),
});
