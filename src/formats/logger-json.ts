import { definePlugin, type LogParts } from '../plugin.ts';
import { timeOf } from '../time-forms.ts';
import { isObject, type Json, type JsonObject, textOf } from '../util/json.ts';
import { mergeMembers } from './members.ts';

interface Options {
  time: string[];
  level: string[];
  message: string[];
  logger: string[];
}

/** Where loggers keep what every log has; the first that is there counts. */
const KEYS: Options = {
  time: [
    ...['timestamp', '@timestamp', 'time', 'asctime', 'ts', 'datetime', 'date', 'created', 'eventTime'],
    ...['Timestamp', '@t', 't', 'timeUnixNano', 'observedTimeUnixNano', 'instant'],
  ],
  level: [
    ...['level', 'levelname', 'severity', 'log.level', 'lvl', 'loglevel', 'log_level', 'level_name'],
    ...['severity_text', 'SeverityText', 'severityText', 'Level', '@l', 'levelno'],
  ],
  message: [
    'message',
    'msg',
    'event',
    'textPayload',
    'short_message',
    'log',
    'body',
    'Body',
    'Message',
    '@m',
    'text',
    'fields.message',
    'body.stringValue',
    '@mt',
    'RenderedMessage',
    'MessageTemplate',
  ],
  logger: ['logger', 'logger_name', 'log.logger', 'loggerName', 'name', 'Logger', 'target'],
};
/** A time of these that can't be read is a time nevertheless. */
const CERTAIN = ['timestamp', '@timestamp', 'asctime'];

const names = {
  type: ['string', 'array'],
  items: { type: 'string', minLength: 1 },
  default: [],
} as const;

/** Every other JSON object: python-json-logger, structlog, ECS, zap, Google's, and what the options name. */
export default definePlugin<Partial<Record<keyof Options, string | string[]>>>({
  name: 'logger-json',
  description: 'JSON objects: python-json-logger, structlog, ECS, zap, Google, or with keys of your own',
  options: {
    type: 'object',
    additionalProperties: false,
    /** Keys, or dotted paths, that are looked at before those that are known. */
    properties: { time: names, level: names, message: names, logger: names },
  },
  create(options) {
    const keys = Object.fromEntries(
      Object.entries(KEYS).map(([part, known]) => [
        part,
        [...[options[part as keyof Options] ?? []].flat(), ...known],
      ]),
    ) as unknown as Options;
    const certain = [...[options.time ?? []].flat(), ...CERTAIN];
    return {
      parse: (entry) => (typeof entry === 'string' ? undefined : readLoggerJson(entry, keys, certain)),
    };
  },
});

function readLoggerJson(entry: JsonObject, keys: Options, certain: readonly string[]): LogParts {
  const { data, ...members } = entry;
  const take = <Value>(
    paths: readonly string[],
    accept: (value: Json) => Value | undefined,
  ): Value | undefined => {
    for (const path of paths) {
      const [value, remove] = find(members, path);
      const accepted = value === undefined || value === null ? undefined : accept(value);
      if (accepted === undefined) continue;
      remove();
      return accepted;
    }
    return undefined;
  };
  const time = take(keys.time, timeOf) ?? take(certain, textOf);
  const level = take(keys.level, textOf) ?? take(['s'], letterOf);
  const message = take(keys.message, (value) => (typeof value === 'string' ? value : undefined));
  const logger = take(keys.logger, (value) => (typeof value === 'string' ? value : undefined));
  return { time, level, logger, message: message ?? otherText(entry, members), data: kept(members, data) };
}

/** MongoDB's `I`, `W`, `D1`. */
function letterOf(value: Json): string | undefined {
  return typeof value === 'string' && /^(?:[IWEF]|D[1-5])$/.test(value) ? value : undefined;
}

/** Where no text says what happened: what stands in its place, or all of the object. */
function otherText(entry: JsonObject, members: JsonObject): string {
  const { message, data } = entry;
  if (message === undefined || message === null) return data === undefined ? JSON.stringify(entry) : '';
  delete members.message;
  return JSON.stringify(message);
}

function kept(members: JsonObject, data: Json | undefined): JsonObject | undefined {
  return mergeMembers(members, isObject(data) ? 'data' : 'value', data);
}

/** A member, by its name or by a dotted path, and what takes it away. */
function find(members: JsonObject, path: string): [Json | undefined, () => void] {
  if (Object.hasOwn(members, path)) return [members[path], () => delete members[path]];
  const dot = path.indexOf('.');
  const first = path.slice(0, dot);
  const inner = dot > 0 && Object.hasOwn(members, first) ? members[first] : undefined;
  if (!isObject(inner)) return [undefined, () => {}];
  const copy = { ...inner };
  const [value, remove] = find(copy, path.slice(dot + 1));
  return [
    value,
    () => {
      remove();
      if (Object.keys(copy).length > 0) members[first] = copy;
      else delete members[first];
    },
  ];
}
