import type { PluginEntry } from '../plugin-loader.ts';
import type { Rotation } from '../rotation.ts';
import type { LogLevel } from '../util/log.ts';

/** The kinds of source, by name. */
export const SOURCES = ['redis', 'redis-stream', 'gradio', 'file', 'http'] as const;
/** The kinds of sink, by name. */
export const SINKS = ['elasticsearch', 'vector', 'stdout', 'directory'] as const;

/** How a webhook is told of alerts. */
export const WEBHOOK_FORMATS = ['json', 'slack'] as const;
export type WebhookFormat = (typeof WEBHOOK_FORMATS)[number];

/** The whole configuration, validated, with every default filled in. */
export interface Config {
  pipeline: {
    source: (typeof SOURCES)[number];
    sink: (typeof SINKS)[number];
    batch_size: number;
    poll_interval: number;
    concurrency: number;
    timezone: string;
    limit?: number;
    filter: { pattern: string; methods: string[] };
  };
  redis: {
    url?: string;
    host: string;
    port: number;
    db: number;
    username?: string;
    password?: string;
    tls: boolean;
    ca_file?: string;
    logs_key: string;
    group: string;
    consumer?: string;
    claim_after: number;
  };
  gradio: { url?: string; token?: string; api_name?: string; endpoint?: string; timeout: number };
  file: { path?: string };
  http: { listen: string; token?: string; username?: string; password?: string; body_bytes: number };
  elasticsearch: {
    url?: string;
    host: string;
    port: number;
    index: string;
    api_key?: string;
    username?: string;
    password?: string;
    ca_file?: string;
    request_timeout: number;
  };
  vector: { url: string; username?: string; password?: string; request_timeout: number };
  directory: { path: string };
  kibana: { url?: string };
  alerts: { file?: string; interval: number; webhook_url?: string; webhook_format: WebhookFormat };
  indices: { prefix: string; rotation: Rotation };
  plugins: PluginEntry[];
  dead_letters: { path: string; max_bytes: number };
  state: { path: string };
  listen?: string;
  limits: { entry_bytes: number; in_flight_bytes: number };
  language: 'auto' | 'en' | 'fr';
  log_level: LogLevel;
}
