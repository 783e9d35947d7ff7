import { definePlugin, type Envelope } from '../plugin.ts';

/** Docker's `json-file`: `{"log": "a line\\n", "stream": "stderr", "time": "2026-03-02T08:15:01.251123456Z"}`. */
export default definePlugin({
  name: 'docker',
  description: "Docker's json-file",
  create: () => ({
    parse(entry): Envelope | undefined {
      if (typeof entry === 'string') return undefined;
      // Fluent Bit's own parser of CRI adds `_p`.
      const { log, time, stream, _p: _, ...data } = entry;
      if (typeof log !== 'string' || typeof time !== 'string' || typeof stream !== 'string') return undefined;
      return { entry: log.trimEnd(), time, data };
    },
  }),
});
