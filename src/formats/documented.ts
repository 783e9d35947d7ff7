import type { Entry } from '../entry.ts';
import { normalizeLevel } from '../level.ts';
import { definePlugin, type LogParts } from '../plugin.ts';
import { timeEnd } from '../time-forms.ts';
import { isObject, type JsonObject } from '../util/json.ts';

/** A level that no one has heard of, as `logging.addLevelName` makes them. */
const OWN_LEVEL = /^[A-Z][A-Z0-9_]{1,15}$/;

/**
 * The shapes that the API writes, and Gradio: the documented JSON object, with nothing but its members; and
 * `2026-11-24 19:26:39 - api - INFO - message`, split as the API itself splits it, at the first three dashes.
 */
export default definePlugin({
  name: 'documented',
  description: "the API's own JSON objects and text lines",
  create() {
    // A second holds many logs.
    let known = '';
    const isTime = (text: string): boolean => {
      if (text === known) return true;
      if (timeEnd(text, 0) !== text.length) return false;
      known = text;
      return true;
    };
    const readLine = (text: string): LogParts | undefined => {
      const timeEnd = text.indexOf(' - ');
      if (timeEnd < 0 || timeEnd > 40) return undefined;
      const loggerEnd = text.indexOf(' - ', timeEnd + 3);
      const levelEnd = loggerEnd < 0 ? -1 : text.indexOf(' - ', loggerEnd + 3);
      if (levelEnd < 0) return undefined;
      const time = text.slice(0, timeEnd);
      const level = text.slice(loggerEnd + 3, levelEnd);
      if (!isTime(time) || !isLevel(level)) return undefined;
      return { time, level, logger: text.slice(timeEnd + 3, loggerEnd), message: text.slice(levelEnd + 3) };
    };
    return { parse: (entry: Entry) => (typeof entry === 'string' ? readLine(entry) : readObject(entry)) };
  },
});

function isLevel(text: string): boolean {
  return normalizeLevel(text) !== undefined || OWN_LEVEL.test(text.trimEnd());
}

function readObject(entry: JsonObject): LogParts | undefined {
  const { timestamp, level, logger, message, data } = entry;
  if (typeof timestamp !== 'string' || typeof message !== 'string' || typeof level !== 'string')
    return undefined;
  let members = 3;
  if (data !== undefined) members++;
  if (logger !== undefined) members++;
  if (Object.keys(entry).length !== members) return undefined;
  if (data != null && !isObject(data)) return undefined;
  if (logger != null && typeof logger !== 'string') return undefined;
  return { time: timestamp, level, logger: logger ?? undefined, message, data: data ?? undefined };
}
