import { relative } from 'node:path';
import type { TestEvent } from 'node:test/reporters';
import { root } from './service.ts';

/** A reporter that writes a line of JSON, a `Skip`, for each test that was skipped. */
export default async function* skipReporter(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const { type, data } of events) {
    if (type !== 'test:pass' || data.skip === undefined) continue;
    const reason = typeof data.skip === 'string' ? data.skip : '';
    const file = data.file === undefined ? '' : relative(root, data.file);
    yield `${JSON.stringify({ file, name: data.name, reason } satisfies Skip)}\n`;
  }
}

/** A test that was skipped. */
export interface Skip {
  /** The compiled file, from the root of the repository. */
  file: string;
  name: string;
  /** Why; empty where the test does not say. */
  reason: string;
}
