import { DEFAULT_FORMATS } from '../formats/shipped.ts';
import { ROTATIONS } from '../rotation.ts';
import type { FromSchemas, Schemas } from './from-schema.ts';
import { DEFAULT_PREFIX } from './index-prefix.ts';

/** A text that is not empty. */
export const TEXT = { type: 'string', minLength: 1 } as const;
/** A text that is never printed, and that `<variable>_FILE` may name the file of. */
export const SECRET = { type: 'string', minLength: 1, writeOnly: true } as const;
/** An address of HTTP; a secret, since it may hold a password. */
export const HTTP_URL = { ...SECRET, pattern: '^https?://' } as const;
/** A TCP port. */
export const PORT = { type: 'integer', minimum: 1, maximum: 65535 } as const;

/** A group of settings, which refuses keys that it does not know. */
export function section<const P extends Schemas>(description: string, properties: P) {
  return { type: 'object', description, additionalProperties: false, default: {}, properties } as const;
}

/** A list of what ships, or of files of one's own, each with its options: plugins or formats. */
function uses<const P extends Schemas, const D>(one: string, own: P, description: string, fallback: D) {
  return {
    type: 'array',
    description,
    minItems: 1,
    items: {
      type: 'object',
      additionalProperties: false,
      required: ['use'],
      properties: {
        use: {
          ...TEXT,
          description: `A shipped ${one}, or the path of a TypeScript file, relative to this file.`,
        },
        ...own,
        options: { type: 'object', description: `The ${one}'s own options.` },
      },
    },
    default: fallback,
  } as const;
}

/** Settings that belong to no source and to no sink. */
export const COMMON_SECTIONS = {
  pipeline: section('What is read, how, and where it goes.', {
    batch_size: {
      type: 'integer',
      minimum: 1,
      maximum: 10_000,
      default: 100,
      description: 'Maximum number of logs that are written, and confirmed, together.',
      variable: 'PIPELINE_BATCH_SIZE',
      flag: 'batch-size',
    },
    poll_interval: {
      type: 'number',
      minimum: 0.01,
      maximum: 3600,
      default: 10,
      description: 'Longest pause between two reads, in seconds. While logs come, reading is faster.',
      variable: 'PIPELINE_POLL_INTERVAL',
      flag: 'interval',
    },
    linger: {
      type: 'number',
      minimum: 0,
      maximum: 1000,
      description:
        'Shortest time between two reads of a Redis list or stream, in milliseconds: what comes meanwhile is written together. By itself, as long as that pays for the sink: 15 for Elasticsearch, 30 for Vector, 3 for the others.',
      variable: 'PIPELINE_LINGER',
    },
    concurrency: {
      type: 'integer',
      minimum: 1,
      maximum: 64,
      default: 16,
      description: 'Maximum number of batches on their way to the sink at once.',
    },
    timezone: {
      ...TEXT,
      default: 'UTC',
      description: 'The zone of timestamps that name none: an IANA name such as Europe/Paris.',
      variable: 'PIPELINE_TIMEZONE',
    },
    day_first: {
      type: 'boolean',
      default: false,
      description: 'Read 02/03/2026 as a day in March; without this such a time counts as unreadable.',
      variable: 'PIPELINE_DAY_FIRST',
    },
    limit: {
      type: 'integer',
      minimum: 1,
      description: 'Read only this many logs, the newest, of what the source holds at the start.',
      flag: 'limit',
    },
    filter: section('Which logs reach the indices that hold filtered ones. ml-api-logs holds all.', {
      pattern: {
        type: 'string',
        default: 'API Call - POST /predict',
        description:
          'A regular expression, tried on the message and on "API Call - METHOD PATH". Lines of metrics alone always pass.',
        variable: 'PIPELINE_FILTER_PATTERN',
        flag: 'pattern',
      },
      methods: {
        type: 'array',
        items: TEXT,
        default: [],
        description: 'HTTP methods that pass, such as POST,GET; none means all.',
        variable: 'PIPELINE_FILTER_METHODS',
        flag: 'methods',
      },
    }),
  }),
  kibana: section("The Kibana that dashboards are put into. It takes Elasticsearch's credentials.", {
    url: {
      ...HTTP_URL,
      description: 'Its address, such as http://localhost:5601, with /s/NAME for a space of its own.',
      variable: 'KIBANA_URL',
    },
  }),
  dashboards: section('What dashboards show.', {
    features: {
      type: 'array',
      items: TEXT,
      default: [],
      description:
        'Inputs of the model, the most important first; by default those numbers that most predictions have, by name.',
    },
    classes: {
      type: 'object',
      additionalProperties: { type: 'string', minLength: 1 },
      default: { 1: 'YES', 0: 'NO' },
      description:
        'Names of predictions, used where every prediction has one; the share of the last one is shown as a figure.',
    },
  }),
  alerts: section('What is watched, and who is told.', {
    file: {
      ...TEXT,
      description: 'The file of alerts; configs/alerts.yaml by default.',
      flag: 'alerts',
    },
    interval: {
      type: 'number',
      minimum: 1,
      default: 60,
      description: 'Pause between two evaluations of `alerts watch`, in seconds.',
      flag: 'interval',
    },
    webhook_url: {
      ...HTTP_URL,
      description: 'Where changes of state are posted to.',
      variable: 'ALERTS_WEBHOOK_URL',
    },
    webhook_format: {
      enum: ['json', 'slack'],
      default: 'json',
      description: 'json: every figure; slack: a text, as Slack, Mattermost and others take it.',
      variable: 'ALERTS_WEBHOOK_FORMAT',
    },
  }),
  indices: section('All indices.', {
    prefix: {
      ...TEXT,
      default: DEFAULT_PREFIX,
      description: 'What the name of every index begins with.',
      variable: 'INDICES_PREFIX',
    },
    rotation: {
      enum: ROTATIONS,
      default: 'none',
      description:
        'One index for all time, or one a day or month, by the date that a log itself is written with.',
      variable: 'INDICES_ROTATION',
    },
  }),
  plugins: uses(
    'plugin',
    { index: { ...TEXT, description: "Another name for the plugin's index." } },
    'The plugins that run, in this order.',
    ['ml-api-logs', 'ml-api-message', 'ml-api-perfs', 'ml-api-top-func'].map((use) => ({ use })),
  ),
  formats: uses(
    'format',
    {},
    'How entries are read: the formats are asked in this order, and the first that answers wins.',
    DEFAULT_FORMATS.map(({ name }) => ({ use: name })),
  ),
  dead_letters: section('What could not be stored, with the reason.', {
    path: { ...TEXT, default: './data/dead-letters', description: 'The folder.' },
    max_bytes: {
      type: 'integer',
      minimum: 1_048_576,
      default: 1_073_741_824,
      description: 'Maximum size of all files together; beyond it the oldest is deleted, and that is logged.',
    },
  }),
  state: section('Where reading goes on after a restart.', {
    path: {
      ...TEXT,
      default: './data/state',
      description: 'The folder of positions, and of what was read and is not stored yet.',
      flag: 'state',
    },
  }),
  buffer: section('What was read of a source that forgets (Redis list, Gradio, HTTP), until it is stored.', {
    path: { ...TEXT, description: 'Another folder for it than state.path.' },
    max_bytes: {
      type: 'integer',
      minimum: 1_048_576,
      default: 1_073_741_824,
      description:
        'Maximum size on disk, in bytes; beyond it nothing more is read until the sink has caught up.',
    },
  }),
  limits: section('Bounds on what comes in.', {
    entry_bytes: {
      type: 'integer',
      minimum: 1024,
      maximum: 67_108_864,
      default: 1_048_576,
      description: 'A larger log becomes a dead letter.',
    },
    in_flight_bytes: {
      type: 'integer',
      minimum: 65_536,
      default: 8_388_608,
      description: 'Maximum size of what is on its way to the sink at once; reading waits beyond it.',
    },
  }),
  listen: {
    ...TEXT,
    description:
      'HOST:PORT to serve the status page, /dashboards, /healthz, /readyz and /metrics at; nowhere by default.',
    variable: 'PIPELINE_LISTEN',
    flag: 'listen',
  },
  access: section('Who may open what is served at `listen`.', {
    token: {
      ...SECRET,
      description:
        'The bearer token that requests must carry; a browser takes it as a password, with any user.',
      variable: 'LISTEN_TOKEN',
    },
    username: {
      ...TEXT,
      description: 'Instead of the token, or beside it: user of basic authentication.',
      variable: 'LISTEN_USERNAME',
    },
    password: { ...SECRET, description: 'Its password.', variable: 'LISTEN_PASSWORD' },
    protect: {
      enum: ['nothing', 'pages', 'all'],
      default: 'pages',
      description:
        'What asks for credentials: the pages, or /healthz, /readyz and /metrics, too. Where none are set, what is protected is for this machine only.',
      variable: 'LISTEN_PROTECT',
    },
  }),
  language: {
    enum: ['auto', 'en', 'fr'],
    default: 'auto',
    description: 'Language of what is printed; auto follows the locale.',
    flag: 'lang',
  },
  log_level: {
    enum: ['error', 'warn', 'info', 'debug'],
    default: 'info',
    description: 'How much the program says about its own work, on stderr.',
    variable: 'LOG_LEVEL',
    flag: 'log-level',
  },
  log_format: {
    enum: ['text', 'json'],
    default: 'text',
    description: 'How it says that: a line for people, or a JSON object with time, level and message.',
    variable: 'LOG_FORMAT',
    flag: 'log-format',
  },
} as const satisfies Schemas;

/** The values of `COMMON_SECTIONS`. */
export type CommonConfig = FromSchemas<typeof COMMON_SECTIONS>;
