import { definePlugin, type LogParts } from '../plugin.ts';
import { timeEnd } from '../time-forms.ts';

const HEAD = /^[\w.:-]+ \S+ .{1,64}? \[/;

/**
 * Access logs of gunicorn, werkzeug, Apache, nginx: `127.0.0.1 - - [02/Mar/2026:08:15:04 +0000] "GET / HTTP/1.1" 200 15`.
 * The call behind such a line logs itself, too, so that its path and status are left in the message.
 */
export default definePlugin({
  name: 'access',
  description: 'access logs of gunicorn, werkzeug, Apache and nginx',
  create: () => ({
    parse(entry): LogParts | undefined {
      const head = typeof entry === 'string' ? HEAD.exec(entry) : null;
      if (!head) return undefined;
      const start = head[0].length;
      const end = timeEnd(head.input, start);
      if (end < 0 || head.input[end] !== ']') return undefined;
      return { time: head.input.slice(start, end), severity: 'INFO', message: head.input };
    },
  }),
});
