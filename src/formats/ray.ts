import { definePlugin, type Envelope } from '../plugin.ts';

const HEAD =
  /^(?:\((?<name>(?:(?:[^()\n]{1,100} )?pid=\w+|raylet)(?:, ip=[\w.:]+)?|autoscaler [^()\n]{1,30})\) ?|\[(?<rank>rank\d+)\]: ?)/;

/** What Ray, vLLM and torchrun put before the lines of their workers: `(ServeReplica:default:Model pid=4242) a line`. */
export default definePlugin({
  name: 'ray',
  description: 'lines of the workers of Ray, vLLM and torchrun',
  create: () => ({
    parse(entry): Envelope | undefined {
      const head = typeof entry === 'string' ? HEAD.exec(entry) : null;
      if (!head) return undefined;
      const { name, rank } = head.groups!;
      return { entry: head.input.slice(head[0].length), data: { worker: (name ?? rank)! } };
    },
  }),
});
