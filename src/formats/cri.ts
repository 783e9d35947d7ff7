import { definePlugin, type Envelope } from '../plugin.ts';

const HEAD = /^(\d{4}-\d\d-\d\dT\S+) (?:stdout|stderr) [FP] /;

/** What Kubernetes' runtimes write: `2026-03-02T08:15:01.251123456Z stdout F a line`. */
export default definePlugin({
  name: 'cri',
  description: "Kubernetes' container logs (CRI)",
  create: () => ({
    parse(entry): Envelope | undefined {
      const head = typeof entry === 'string' ? HEAD.exec(entry) : null;
      return head ? { entry: head.input.slice(head[0].length), time: head[1] } : undefined;
    },
  }),
});
