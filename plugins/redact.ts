import { createHmac } from 'node:crypto';
import {
  compilePattern,
  definePlugin,
  isObject,
  type Json,
  type JsonObject,
  jsonEnd,
  type LogEvent,
  parseDelimited,
  setOwn,
} from 'ml-log-sidecar/plugin';

type Action = 'drop' | 'mask' | 'hash';
interface Options {
  fields: Record<string, Action>;
  patterns: string[];
  key?: string;
}

const MASK = '***';
/** This many JSON values are looked for in one text; what follows them is treated as prose. */
const MAX_VALUES = 64;

/**
 * Takes personal data out of events before any document is made: fields by name, wherever they stand in inputs,
 * results, data and in JSON inside messages or other texts, and whatever `patterns` match in messages, paths and
 * values. Text that quotes a field's name outside JSON that can be read (cut JSON, a Python `dict`) is masked to its
 * end. JSON in which nothing is to be taken out stays as written.
 * Dead letters keep the entry as it came: protect that folder.
 */
export default definePlugin<Options>({
  name: 'redact',
  description: 'drops, masks or hashes fields before anything is stored',
  options: {
    type: 'object',
    additionalProperties: false,
    properties: {
      /** From a field's name (spaces and `_` alike, capitals or not) to what happens to its value. */
      fields: { type: 'object', additionalProperties: { enum: ['drop', 'mask', 'hash'] }, default: {} },
      /** Regular expressions; what they match in messages, paths and values is masked. */
      patterns: { type: 'array', items: { type: 'string', minLength: 1 }, default: [] },
      /** Key of the hash (HMAC-SHA256, 16 hex digits are kept): equal values stay equal, and only its holder can test one. */
      key: { type: 'string', minLength: 16 },
    },
  },
  create({ fields, patterns, key }) {
    const actions = new Map(Object.entries(fields).map(([name, action]) => [canonical(name), action]));
    const expressions = patterns.map((pattern) => compilePattern(pattern, `patterns: "${pattern}"`, 'g'));
    if (key === undefined && [...actions.values()].includes('hash')) {
      throw new Error('the action `hash` needs `key`, a secret of 16 characters or more');
    }

    const replace = (action: Action, value: Json): Json =>
      action === 'hash'
        ? createHmac('sha256', key!).update(JSON.stringify(value)).digest('hex').slice(0, 16)
        : MASK;

    const actionOf = (name: unknown): Action | undefined =>
      typeof name === 'string' ? actions.get(canonical(name)) : undefined;
    const redactObject = (object: JsonObject): JsonObject => {
      const copy: JsonObject = {};
      const location = Array.isArray(object.loc) ? object.loc.find(actionOf) : undefined;
      for (const [name, value] of Object.entries(object)) {
        // FastAPI's refusals quote the value of the field that `loc` names, as `input`.
        const action = (name === 'input' && actionOf(location)) || actionOf(name);
        if (action !== 'drop') setOwn(copy, name, action ? replace(action, value) : redactValue(value));
      }
      return copy;
    };
    const redactValue = (value: Json): Json => {
      if (Array.isArray(value)) return value.map(redactValue);
      if (isObject(value)) return redactObject(value);
      if (typeof value === 'string') return redactText(value);
      return redactPatterns(String(value)) === String(value) ? value : MASK;
    };

    const { mentions, hasKey } = finders([...actions.keys()]);
    const redactJson = (raw: string, value: Json): string => {
      const redacted = JSON.stringify(redactValue(value));
      // A key that stands twice is parsed once: the other one still stands in the text.
      return redacted === JSON.stringify(value) && !hasKey(raw) ? raw : redacted;
    };
    const redactText = (text: string): string => {
      let out = '';
      let from = 0;
      let at = nextBracket(text, 0);
      for (let tries = 0; at >= 0 && tries < MAX_VALUES; tries++) {
        const end = jsonEnd(text, at);
        const value = end < 0 ? undefined : parseDelimited(text.slice(at, end));
        if (value !== undefined) {
          const prose = text.slice(from, at);
          if (mentions(prose)) break;
          out += prose + redactJson(text.slice(at, end), value);
          from = end;
        }
        const next = value === undefined ? tagEnd(text, at) : end;
        if (next < 0) break;
        at = nextBracket(text, next);
      }
      // Behind broken JSON, or a name that no JSON holds, nothing tells how far a value reaches.
      const rest = text.slice(from);
      return redactPatterns(out + (mentions(rest) ? MASK : rest));
    };
    const redactPatterns = (text: string): string =>
      expressions.reduce((masked, expression) => masked.replace(expression, MASK), text);

    return {
      event(event: LogEvent): LogEvent {
        event.message = redactText(event.message);
        if (event.httpPath !== undefined) event.httpPath = redactText(event.httpPath);
        if (event.input !== undefined) event.input = redactValue(event.input);
        if (event.result !== undefined) event.result = redactValue(event.result);
        if (event.data) event.data = redactObject(event.data);
        if (event.metrics) event.metrics = redactObject(event.metrics);
        return event;
      },
    };
  },
});

/** `CHEST PAIN`, `chest_pain ` and `Chest-Pain` are one field. */
function canonical(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replace(/[\s_-]+/g, '_');
}

/** Whether a text quotes one of the names, or has it as a key, however its JSON escapes it. */
function finders(names: readonly string[]): Record<'mentions' | 'hasKey', (text: string) => boolean> {
  const spelled = names.map((name) =>
    name.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&').replaceAll('_', '[\\s_-]+'),
  );
  const quoted = `["']\\s*(?:${spelled.join('|')})\\s*\\\\*["']`;
  const finder = (source: string) => {
    const expression = new RegExp(source, 'iu');
    return (text: string) => names.length > 0 && expression.test(unescaped(text));
  };
  return { mentions: finder(quoted), hasKey: finder(`${quoted}\\s*:`) };
}

/** `\u00e9` as `é`: Python's `json.dumps` writes all but ASCII so. */
function unescaped(text: string): string {
  return text.replace(/\\u([0-9a-f]{4})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/** The index behind a tag such as `[uuid]`, which is no JSON but holds none either; -1 where none stands. */
function tagEnd(text: string, at: number): number {
  const tag = /[[{][^[\]{}"']*[\]}]/y;
  tag.lastIndex = at;
  return tag.test(text) ? tag.lastIndex : -1;
}

function nextBracket(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x7b || code === 0x5b) return at;
  }
  return -1;
}
