import { normalizeLevel } from '../level.ts';
import { definePlugin, type LogParts } from '../plugin.ts';
import { timeOf } from '../time-forms.ts';
import { type JsonObject, setOwn } from '../util/json.ts';

const TIME = ['time', 'ts', 'timestamp', 't', 'datetime'];
const LEVEL = ['level', 'lvl', 'severity', 'at'];
const MESSAGE = ['msg', 'message', 'event'];
const LOGGER = ['logger'];

const PAIR = /[ \t]*([^\s="]+)=(?:"((?:[^"\\\n]|\\.)*)"|([^\s"]*))(?=[ \t]|$)/y;

/** Pairs of key and value, as Go's `slog` and logrus, Traefik, Grafana and Heroku's router write them: `time=… level=warn msg="…"`. */
export default definePlugin({
  name: 'logfmt',
  description: 'pairs of key and value: slog, logrus, Heroku',
  create: () => ({ parse: (entry) => (typeof entry === 'string' ? readLogfmt(entry) : undefined) }),
});

function readLogfmt(text: string): LogParts | undefined {
  const lineEnd = text.indexOf('\n');
  const line = lineEnd < 0 ? text : text.slice(0, lineEnd);
  const pairs = pairsOf(line.trimEnd());
  if (!pairs) return undefined;
  const take = (keys: readonly string[], accept: (value: string) => unknown): string | undefined => {
    for (const key of keys) {
      const value = pairs.get(key);
      if (value === undefined || accept(value) === undefined) continue;
      pairs.delete(key);
      return value;
    }
    return undefined;
  };
  const time = take(TIME, timeOf);
  const level = take(LEVEL, normalizeLevel);
  if (time === undefined && level === undefined) return undefined;
  const message = take(MESSAGE, (value) => value || undefined) ?? line;
  const logger = take(LOGGER, (value) => value || undefined);
  const data: JsonObject = {};
  for (const [key, value] of pairs) setOwn(data, key, value);
  return {
    time,
    level,
    logger,
    message: lineEnd < 0 ? message : message + text.slice(lineEnd),
    data: pairs.size > 0 ? data : undefined,
  };
}

/** Two pairs or more, and nothing else; where two share a key, the text is not such a line. */
function pairsOf(line: string): Map<string, string> | undefined {
  const pairs = new Map<string, string>();
  for (PAIR.lastIndex = 0; PAIR.lastIndex < line.length; ) {
    const match = PAIR.exec(line);
    if (!match || pairs.has(match[1]!)) return undefined;
    pairs.set(match[1]!, match[3] ?? unquote(match[2]!));
  }
  return pairs.size > 1 ? pairs : undefined;
}

function unquote(quoted: string): string {
  if (!quoted.includes('\\')) return quoted;
  try {
    return JSON.parse(`"${quoted}"`);
  } catch {
    return quoted;
  }
}
