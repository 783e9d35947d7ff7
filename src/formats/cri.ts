import { definePlugin, type Envelope } from '../plugin.ts';
import { textOf } from '../util/json.ts';

const HEAD = /^(\d{4}-\d\d-\d\dT\S+) (?:stdout|stderr) [FP] /;

/** What Kubernetes' runtimes write: `2026-03-02T08:15:01.251123456Z stdout F a line`; also as Fluent Bit's parser splits it. */
export default definePlugin({
  name: 'cri',
  description: "Kubernetes' container logs (CRI)",
  create: () => ({
    parse(entry): Envelope | undefined {
      if (typeof entry === 'string') {
        const head = HEAD.exec(entry);
        return head ? { entry: entry.slice(head[0].length), time: head[1] } : undefined;
      }
      const { message, time, stream, logtag, date, ...data } = entry;
      if (typeof message !== 'string' || typeof stream !== 'string' || typeof logtag !== 'string')
        return undefined;
      return { entry: message, time: textOf(time) ?? textOf(date), data };
    },
  }),
});
