import { ROTATIONS } from '../rotation.ts';
import { SINKS, SOURCES, WEBHOOK_FORMATS } from './config.ts';

/** Marks a value that is never printed, and that `<VARIABLE>_FILE` may name a file of. */
const secret = { type: 'string', minLength: 1, writeOnly: true } as const;
const port = { type: 'integer', minimum: 1, maximum: 65535 } as const;
const text = { type: 'string', minLength: 1 } as const;

/**
 * JSON Schema (draft-07) of the configuration: what may be set, what it must be, and the defaults. Written out
 * for editors as `configs/pipeline.schema.json`.
 */
export const CONFIG_SCHEMA = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Configuration of ml-log-sidecar',
  type: 'object',
  additionalProperties: false,
  properties: {
    pipeline: section('What is read, how, and where it goes.', {
      source: { enum: SOURCES, default: 'redis', description: 'Where logs come from.' },
      sink: { enum: SINKS, default: 'elasticsearch', description: 'Where documents go.' },
      batch_size: {
        type: 'integer',
        minimum: 1,
        maximum: 10_000,
        default: 100,
        description: 'The most logs that are written, and confirmed, together.',
      },
      poll_interval: {
        type: 'number',
        minimum: 0.01,
        maximum: 3600,
        default: 10,
        description: 'The longest pause between two reads, in seconds. While logs come, reading is faster.',
      },
      concurrency: {
        type: 'integer',
        minimum: 1,
        maximum: 64,
        default: 16,
        description: 'How many batches may be on their way to the sink at once.',
      },
      timezone: {
        ...text,
        default: 'UTC',
        description: 'The zone of timestamps that name none: an IANA name such as Europe/Paris.',
      },
      limit: {
        type: 'integer',
        minimum: 1,
        description: 'Read only so many logs, the newest, of what the source holds at the start.',
      },
      filter: section('Which logs reach the indices that hold filtered ones. ml-api-logs holds all.', {
        pattern: {
          type: 'string',
          default: 'API Call - POST /predict',
          description:
            'A regular expression, tried on the message and on "API Call - METHOD PATH". Lines of metrics alone always pass.',
        },
        methods: {
          type: 'array',
          items: text,
          default: [],
          description: 'HTTP methods that pass; none means all.',
        },
      }),
    }),
    redis: section('The Redis list, or stream, that the API pushes its logs to.', {
      url: {
        ...secret,
        pattern: '^rediss?://',
        description: 'redis:// or rediss:// (TLS); wins over the other ways to name the server.',
      },
      host: { ...text, default: 'localhost', description: 'The server.' },
      port: { ...port, default: 6379, description: 'Its port.' },
      db: { type: 'integer', minimum: 0, default: 0, description: 'The database number.' },
      username: { ...text, description: 'User of an ACL.' },
      password: { ...secret, description: 'Password.' },
      tls: { type: 'boolean', default: false, description: 'Encrypt, and verify the certificate.' },
      ca_file: { ...text, description: 'File with the PEM certificates to trust.' },
      logs_key: { ...text, default: 'api_logs', description: 'The key of the list, or stream.' },
      group: {
        ...text,
        default: 'ml-log-sidecar',
        description: 'redis-stream: the consumer group that shares the stream.',
      },
      consumer: {
        ...text,
        description: "redis-stream: this process's name in the group; the host's by default.",
      },
      claim_after: {
        type: 'number',
        minimum: 1,
        default: 60,
        description:
          'redis-stream: after so many seconds, what another consumer holds unconfirmed is taken over.',
      },
    }),
    gradio: section('The Gradio Space that shows the logs.', {
      url: {
        ...text,
        pattern: '^https?://',
        description: "The Space's own address, such as https://owner-name.hf.space.",
      },
      token: { ...secret, description: 'A Hugging Face token that may read a private Space.' },
      api_name: {
        ...text,
        description: 'The API name of the logs, such as /logs_api; found out by default.',
      },
      endpoint: {
        ...text,
        pattern: '^/',
        description:
          'The path of a plain JSON endpoint, such as /api/logs; found out by default. Wins over api_name.',
      },
      timeout: {
        type: 'number',
        minimum: 1,
        maximum: 600,
        default: 30,
        description: 'How long one answer may take, in seconds.',
      },
    }),
    file: section('A file of log lines, oldest first.', {
      path: { ...text, description: 'The file.' },
    }),
    http: section('The source that shippers post logs to.', {
      listen: {
        ...text,
        default: '127.0.0.1:8787',
        description: 'HOST:PORT. Beyond loopback it takes a token, or user and password.',
      },
      token: { ...secret, description: 'The bearer token that requests must carry.' },
      username: { ...text, description: 'Instead of the token, or beside it: user of basic authentication.' },
      password: { ...secret, description: 'Its password.' },
      body_bytes: {
        type: 'integer',
        minimum: 1024,
        maximum: 268_435_456,
        default: 16_777_216,
        description: 'The most bytes of one body, unpacked; a larger one is answered 413.',
      },
    }),
    elasticsearch: section('The Elasticsearch (9) that documents are stored in.', {
      url: { ...secret, pattern: '^https?://', description: 'Wins over host and port.' },
      host: { ...text, default: 'localhost', description: 'The server.' },
      port: { ...port, default: 9200, description: 'Its port.' },
      index: { ...text, default: 'ml-api-logs', description: 'The index of all logs.' },
      api_key: { ...secret, description: 'An API key, encoded; wins over user and password.' },
      username: { ...text, description: 'User.' },
      password: { ...secret, description: 'Password.' },
      ca_file: { ...text, description: 'File with the PEM certificates to trust.' },
      request_timeout: {
        type: 'number',
        minimum: 1,
        default: 30,
        description: 'How long one request may take, in seconds.',
      },
    }),
    vector: section("Vector's http_server source, as vector.toml sets it up.", {
      url: {
        ...text,
        pattern: '^https?://',
        default: 'http://127.0.0.1:8688/',
        description: 'Its address and path.',
      },
      username: { ...text, description: "User, as in the source's `auth`." },
      password: { ...secret, description: 'Password.' },
      request_timeout: {
        type: 'number',
        minimum: 1,
        default: 60,
        description: 'How long it may take until documents are stored, in seconds.',
      },
    }),
    directory: section('The sink that writes one NDJSON file an index.', {
      path: { ...text, default: './data', description: 'The folder.' },
    }),
    kibana: section("The Kibana (9) that dashboards are put into. It takes Elasticsearch's credentials.", {
      url: {
        ...secret,
        pattern: '^https?://',
        description: 'Its address, such as http://localhost:5601, with /s/NAME for a space of its own.',
      },
    }),
    alerts: section('What is watched, and who is told.', {
      file: { ...text, description: 'The file of rules; configs/alerts.yaml by default.' },
      interval: {
        type: 'number',
        minimum: 1,
        default: 60,
        description: 'Pause between two looks of `alerts watch`, in seconds.',
      },
      webhook_url: {
        ...secret,
        pattern: '^https?://',
        description: 'Where changes of state are posted to.',
      },
      webhook_format: {
        enum: WEBHOOK_FORMATS,
        default: 'json',
        description: 'json: every figure; slack: a text, as Slack, Mattermost and others take it.',
      },
    }),
    indices: section('All indices.', {
      prefix: { ...text, default: 'ml-api-', description: 'What the name of every index begins with.' },
      rotation: {
        enum: ROTATIONS,
        default: 'none',
        description:
          'One index for all time, or one a day or month, by the date that a log itself is written with.',
      },
    }),
    plugins: {
      type: 'array',
      description: 'The plugins that run, in this order.',
      minItems: 1,
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['use'],
        properties: {
          use: {
            ...text,
            description: 'A shipped plugin, or the path of a TypeScript file, relative to this file.',
          },
          index: { ...text, description: "Another name for the plugin's index." },
          options: { type: 'object', description: "The plugin's own options." },
        },
      },
      default: [
        { use: 'ml-api-logs' },
        { use: 'ml-api-message' },
        { use: 'ml-api-perfs' },
        { use: 'ml-api-top-func' },
      ],
    },
    dead_letters: section('What could not be stored, with the reason.', {
      path: { ...text, default: './data/dead-letters', description: 'The folder.' },
      max_bytes: {
        type: 'integer',
        minimum: 1_048_576,
        default: 1_073_741_824,
        description:
          'How large all files may be together; beyond that the oldest is deleted, and that is logged.',
      },
    }),
    state: section('Where reading goes on after a restart.', {
      path: { ...text, default: './data/state', description: 'The folder.' },
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
        default: 33_554_432,
        description: 'How much may be on its way to the sink at once; reading waits beyond that.',
      },
    }),
    listen: {
      ...text,
      description:
        'HOST:PORT to serve the status page, /dashboards, /healthz, /readyz and /metrics at; nowhere by default.',
    },
    language: {
      enum: ['auto', 'en', 'fr'],
      default: 'auto',
      description: 'Of what is printed; auto follows the locale.',
    },
    log_level: {
      enum: ['error', 'warn', 'info', 'debug'],
      default: 'info',
      description: 'How much the program says of its own work, on stderr.',
    },
  },
};

function section(description: string, properties: Record<string, object>) {
  return { type: 'object', description, additionalProperties: false, default: {}, properties };
}
