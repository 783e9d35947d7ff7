import { definePlugin } from '../plugin.ts';
import type { JsonObject } from '../util/json.ts';
import { compilePattern } from '../util/pattern.ts';

/**
 * Texts that a regular expression of one's own reads: its groups `time`, `level`, `logger` and `message` are those parts,
 * all others are kept in the data by their names.
 */
export default definePlugin<{ pattern: string }>({
  name: 'text-pattern',
  description: 'texts by a regular expression with named groups',
  options: {
    type: 'object',
    additionalProperties: false,
    required: ['pattern'],
    properties: {
      /** Tried on the whole entry, which may hold several lines. */
      pattern: { type: 'string', minLength: 1 },
    },
  },
  create({ pattern }) {
    const expression = compilePattern(pattern, `pattern: "${pattern}"`, 's');
    return {
      parse(entry) {
        const groups = typeof entry === 'string' ? expression.exec(entry)?.groups : undefined;
        if (!groups) return undefined;
        const { time, level, logger, message, ...others } = groups;
        const data = Object.entries(others).filter(([, value]) => value !== undefined);
        return {
          time,
          level,
          logger,
          message: message ?? (entry as string),
          data: data.length > 0 ? (Object.fromEntries(data) as JsonObject) : undefined,
        };
      },
    };
  },
});
