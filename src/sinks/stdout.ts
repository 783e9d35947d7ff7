import { once } from 'node:events';
import type { IndexDocument } from '../plugin.ts';
import { reasonOf, SidecarError } from '../util/errors.ts';
import { Lines } from '../util/lines.ts';
import { formatLine } from './line.ts';
import type { Outcome, Sink } from './sink.ts';

/**
 * Writes one `{"id","route","body"}` a line to stdout, for a shipper that started this program (Vector's `exec`
 * source). `route` is the index without the common prefix. Nobody confirms what a pipe delivered.
 */
export class StdoutSink implements Sink {
  readonly acknowledges = false;
  readonly #prefix: string;
  #broken: Error | undefined;
  #stalled = false;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  async open(): Promise<void> {
    // Every batch on its way waits for the same `drain`.
    process.stdout.setMaxListeners(0).on('error', (error) => {
      this.#broken = error;
    });
  }

  async write(documents: readonly IndexDocument[], signal: AbortSignal): Promise<Outcome[]> {
    if (documents.length === 0) return [];
    const lines = new Lines(documents.map((document) => formatLine(document, this.#prefix)));
    if (!process.stdout.write(lines.bytes, () => lines.release())) {
      await once(process.stdout, 'drain', { signal }).catch((error) => {
        if (signal.aborted) this.#stalled = true;
        else this.#broken = error;
      });
    }
    if (this.#broken) throw gone(`stdout is closed (${reasonOf(this.#broken)})`, this.#broken);
    if (this.#stalled) throw gone('what reads stdout has stopped reading');
    return new Array(documents.length).fill('stored');
  }

  /** Resolves once the pipe has taken everything: leaving earlier would cut it. */
  async close(): Promise<void> {
    if (!this.#broken && !this.#stalled)
      await new Promise<void>((resolve) => process.stdout.write('', () => resolve()));
  }
}

function gone(what: string, cause?: Error): SidecarError {
  return new SidecarError('unreachable', `${what}: is the shipper that started this program gone?`, {
    cause,
  });
}
