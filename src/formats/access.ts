import { definePlugin, type LogParts } from '../plugin.ts';
import { matchesAt } from '../sources/log-beginning.ts';
import { timeEnd } from '../time-forms.ts';

/** The caller, perhaps behind uWSGI's worker, and who it says it is. */
const HEAD = /^(?:\[pid: \d+\|[^\]\n]{1,60}\] )?[\w.:-]+ (?:\S+ .{1,64}? )?\[/;
/** What stands behind a time that comes first, as Django's server and Envoy write it. */
const REQUEST = /\] "[A-Z]{3,7} /y;

/**
 * Access logs of gunicorn, aiohttp, uWSGI, werkzeug, Django, Apache, nginx, Envoy: `127.0.0.1 - - [02/Mar/2026:08:15:04 +0000] "GET / HTTP/1.1" 200 15`.
 * The call behind such a line logs itself, too, so that its path and status are left in the message.
 */
export default definePlugin({
  name: 'access',
  description: 'access logs of gunicorn, aiohttp, uWSGI, werkzeug, Django, Apache, nginx and Envoy',
  create: () => ({
    parse(entry): LogParts | undefined {
      if (typeof entry !== 'string') return undefined;
      const head = HEAD.exec(entry);
      const start = head ? head[0].length : 1;
      if (entry[start - 1] !== '[') return undefined;
      const end = timeEnd(entry, start);
      if (end < 0 || !(head ? entry[end] === ']' : matchesAt(REQUEST, entry, end))) return undefined;
      return { time: entry.slice(start, end), severity: 'INFO', message: entry };
    },
  }),
});
