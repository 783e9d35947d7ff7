import { once } from 'node:events';
import { reasonOf, SidecarError } from '../errors.ts';
import type { Document } from '../plugins.ts';
import type { Outcome, Sink } from './sink.ts';

/**
 * Writes one `{"id","route","body"}` a line to stdout, for a shipper that started this program (Vector's `exec`
 * source). `route` is the index without the common prefix. Nobody confirms what a pipe delivered.
 */
export class StdoutSink implements Sink {
  readonly acknowledges = false;
  readonly #prefix: string;
  #broken: Error | undefined;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  async open(): Promise<void> {
    process.stdout.on('error', (error) => {
      this.#broken = error;
    });
  }

  async write(documents: readonly Document[]): Promise<Outcome[]> {
    let text = '';
    for (const { id, index, body } of documents) {
      text += `{"id":"${id}","route":${JSON.stringify(index.slice(this.#prefix.length))},"body":${JSON.stringify(body)}}\n`;
    }
    if (text !== '' && !process.stdout.write(text))
      await Promise.race([once(process.stdout, 'drain'), once(process.stdout, 'close')]);
    if (this.#broken) {
      throw new SidecarError(
        'unreachable',
        `stdout is closed (${reasonOf(this.#broken)}): the program that read it is gone`,
        { cause: this.#broken },
      );
    }
    return new Array(documents.length).fill('stored');
  }

  /** Resolves once the pipe has taken everything: leaving earlier would cut it. */
  async close(): Promise<void> {
    if (!this.#broken) await new Promise<void>((resolve) => process.stdout.write('', () => resolve()));
  }
}
