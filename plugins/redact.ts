import { createHmac } from 'node:crypto';
import type { Event } from '../src/event.ts';
import { isObject, type Json, type JsonObject, jsonEnd, parseDelimited } from '../src/json.ts';
import { compilePattern } from '../src/pattern.ts';
import { definePlugin } from '../src/plugins.ts';

type Action = 'drop' | 'mask' | 'hash';
interface Options {
  fields: Record<string, Action>;
  patterns: string[];
  key?: string;
}

const MASK = '***';
/** So many JSON values are looked for in one message; one that holds more brackets is masked whole. */
const MAX_VALUES = 64;

/**
 * Takes personal data out of events before any document is made: fields by name, wherever they stand in inputs,
 * results, data and in JSON inside messages, and whatever `patterns` match in messages and paths. A
 * message that names a field outside JSON that can be read is masked there.
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
      /** Regular expressions; what they match in messages and paths is masked. */
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

    const redactObject = (object: JsonObject): JsonObject => {
      const copy: JsonObject = {};
      const location = Array.isArray(object.loc) ? object.loc.at(-1) : undefined;
      for (const [name, value] of Object.entries(object)) {
        // FastAPI's refusals quote the value of the field that `loc` names, as `input`.
        const subject = name === 'input' && typeof location === 'string' ? location : name;
        const action = actions.get(canonical(subject)) ?? actions.get(canonical(name));
        if (action === 'drop') continue;
        const next = action ? replace(action, value) : redactValue(value);
        Object.defineProperty(copy, name, {
          value: next,
          enumerable: true,
          writable: true,
          configurable: true,
        });
      }
      return copy;
    };
    const redactValue = (value: Json): Json => {
      if (Array.isArray(value)) return value.map(redactValue);
      return isObject(value) ? redactObject(value) : value;
    };

    const redactProse = (text: string): string => {
      const quoted = text.matchAll(/["']([^"']{1,200})["']/g);
      for (const [, name] of quoted) if (actions.has(canonical(name!))) return MASK;
      return text;
    };
    const redactText = (text: string): string => {
      if (actions.size === 0) return text;
      let out = '';
      let from = 0;
      let tries = 0;
      for (let at = nextBracket(text, 0); at >= 0; at = nextBracket(text, at)) {
        if (++tries > MAX_VALUES) return MASK;
        const end = jsonEnd(text, at);
        const value = end < 0 ? undefined : parseDelimited(text.slice(at, end));
        if (value === undefined) at++;
        else {
          out += redactProse(text.slice(from, at)) + JSON.stringify(redactValue(value));
          at = from = end;
        }
      }
      return out + redactProse(text.slice(from));
    };
    const redactPatterns = (text: string): string =>
      expressions.reduce((masked, expression) => masked.replace(expression, MASK), text);

    return {
      event(event: Event): Event {
        event.message = redactPatterns(redactText(event.message));
        if (event.httpPath !== undefined) event.httpPath = redactPatterns(redactText(event.httpPath));
        if (event.input !== undefined) event.input = redactValue(event.input);
        if (event.result !== undefined) event.result = redactValue(event.result);
        if (event.data) event.data = redactObject(event.data);
        if (event.metrics) event.metrics = redactObject(event.metrics);
        return event;
      },
    };
  },
});

/** `CHEST PAIN`, `chest_pain` and `Chest-Pain` are one field. */
function canonical(name: string): string {
  return name.toLowerCase().replace(/[\s_-]+/g, '_');
}

function nextBracket(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x7b || code === 0x5b) return at;
  }
  return -1;
}
