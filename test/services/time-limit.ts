/**
 * Loaded before each test file: a test that takes too long ends its file, which fails, and says what it waited for.
 *
 * `--test-timeout` can't be used for that: on Node 20 it bounds a file as a whole.
 */
import { afterEach, beforeEach, type TestContext } from 'node:test';

/** For any one test, in ms. Those that need less say so; the long form of the fault suite takes its time. */
const LIMIT_MS = process.env.FAULTS_LONG === '1' ? 3_600_000 : 240_000;

/** What tests are waiting for now, in words. */
export const waitingFor = new Set<string>();

// The runner loads this too, and has no tests of its own.
if (process.env.NODE_TEST_CONTEXT?.startsWith('child')) {
  // Node hands it on to each process that this one starts.
  delete process.env.NODE_V8_COVERAGE;
  const limits = new Map<string, NodeJS.Timeout>();
  beforeEach((t) => {
    const { name } = t as TestContext;
    const limit = setTimeout(() => {
      const what = [...waitingFor].map((each) => `waiting for: ${each}`).join('; ');
      console.error(
        `"${name}" took longer than ${LIMIT_MS / 1000} s. ${what || 'Nothing says what it waited for'}`,
      );
      process.exit(1);
    }, LIMIT_MS);
    limits.set(name, limit);
  });
  afterEach((t) => {
    clearTimeout(limits.get((t as TestContext).name));
  });
}
