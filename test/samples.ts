import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { LogEvent } from '../src/event.ts';
import { defaultFormats } from '../src/formats/shipped.ts';
import { createEventParser, type Parsed } from '../src/parse.ts';
import { createTimestampReader } from '../src/timestamp.ts';
import type { JsonObject } from '../src/util/json.ts';
import { root } from './services/service.ts';

const fixture = (name: string): string => readFileSync(join(root, 'test/fixtures', name), 'utf8');

/** One entry of every shape that the real API was seen to write, oldest first. */
export const realEntries: readonly string[] = fixture('redis-api-entries.jsonl')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as string)
  .reverse();

/** 253 lines that the real API wrote in a minute and a half, oldest first. */
export const realLines: readonly string[] = fixture('redis-api-logs.txt').trimEnd().split('\n').reverse();

/** The logs of a real Gradio answer, newest first; `call` is `100-0` or `100-1600`, limit and offset. */
export function gradioLogs(call: '100-0' | '100-1600'): JsonObject[] {
  const [, data = ''] = /^data: (.*)$/m.exec(fixture(`gradio-call-${call}.sse`)) ?? [];
  const [answer] = JSON.parse(data) as { logs: JsonObject[] }[];
  return answer!.logs;
}

/** A line as Gradio gives it: split at the first three dashes, without the logger's name. */
export function asGradio(line: string): JsonObject {
  const [timestamp, , level, ...message] = line.split(' - ');
  return { timestamp: timestamp!, level: level!, message: message.join(' - '), data: null };
}

/** Reads as the pipeline would by default: times without a zone are UTC, 1 MiB is the limit. */
export function parseEntry(
  entry: string | JsonObject,
  zone = 'UTC',
  { maxEntryBytes = 1_048_576, dayFirst = false } = {},
): Parsed {
  const readTimestamp = createTimestampReader(zone, dayFirst);
  return createEventParser({ readTimestamp, maxEntryBytes, formats: defaultFormats() })(entry);
}

/** The event of what `parseEntry` reads. */
export function parse(...given: Parameters<typeof parseEntry>): LogEvent {
  return parseEntry(...given).createEvent();
}

/** A line of Python's logging with this message. */
export function line(message: string): string {
  return `2026-11-24 19:26:39 - api - INFO - ${message}`;
}

/** A folder that goes when the test ends. */
export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'ml-log-sidecar-test-'));
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
  return folder;
}
