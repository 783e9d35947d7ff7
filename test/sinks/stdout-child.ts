/** Run as a process, it writes what its parent sends through a `StdoutSink` to a real pipe. */
import { type ChildProcess, fork } from 'node:child_process';
import type { TestContext } from 'node:test';
import type { IndexDocument } from '../../src/plugin.ts';
import type { Outcome, Sink } from '../../src/sinks/sink.ts';
import { StdoutSink } from '../../src/sinks/stdout.ts';

type Call = { n: number; name: 'open' | 'close' } | { n: number; name: 'write'; documents: IndexDocument[] };
type Answer = { n: number; outcomes?: Outcome[] };

/** The sink of a child process; `onText` gets what the child wrote to its stdout. */
export class ChildStdoutSink implements Sink {
  readonly acknowledges = false;
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #waiting: ((answer: Answer) => void)[] = [];

  constructor(t: TestContext, onText: (text: string) => void) {
    this.#child = fork(import.meta.filename, {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
      // Those of a test's process would have it write as a test does.
      execArgv: [],
    });
    this.#child.stdout!.setEncoding('utf8').on('data', onText);
    this.#child.on('message', (answer: Answer) => this.#waiting[answer.n]?.(answer));
    this.#ended = new Promise((resolve) => this.#child.on('close', resolve));
    t.after(() => this.#child.kill('SIGKILL'));
  }

  async open(): Promise<void> {
    await this.#ask({ n: this.#waiting.length, name: 'open' });
  }

  async write(documents: readonly IndexDocument[]): Promise<Outcome[]> {
    const call = { n: this.#waiting.length, name: 'write' as const, documents: [...documents] };
    return (await this.#ask(call)).outcomes!;
  }

  async close(): Promise<void> {
    await this.#ask({ n: this.#waiting.length, name: 'close' });
    await this.#ended;
  }

  #ask(call: Call): Promise<Answer> {
    this.#child.send(call);
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }
}

if (process.argv[1] === import.meta.filename) {
  const sink = new StdoutSink('test-');
  const { signal } = new AbortController();
  process.on('message', async (call: Call) => {
    const answer: Answer = { n: call.n };
    if (call.name === 'write') answer.outcomes = await sink.write(call.documents, signal);
    else await sink[call.name]();
    process.send!(answer);
    if (call.name === 'close') process.disconnect();
  });
}
