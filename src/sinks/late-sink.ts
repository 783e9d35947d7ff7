import type { IndexDefinition, IndexDocument } from '../plugin.ts';
import type { Outcome, Sink } from './sink.ts';

/** A sink that acknowledges, and is loaded when it is opened: a client is large, and reading need not wait for it. */
export class LateSink implements Sink {
  readonly acknowledges = true;
  readonly #load: () => Promise<Sink>;
  #sink: Sink | undefined;

  constructor(load: () => Promise<Sink>) {
    this.#load = load;
  }

  async open(indices: readonly IndexDefinition[], signal: AbortSignal): Promise<void> {
    this.#sink = await this.#load();
    await this.#sink.open(indices, signal);
  }

  write(documents: readonly IndexDocument[], signal: AbortSignal): Promise<Outcome[]> {
    return this.#sink!.write(documents, signal);
  }

  async close(): Promise<void> {
    await this.#sink?.close();
  }
}
