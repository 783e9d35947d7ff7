import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Entry } from './event.ts';

/** An entry or document that could not be stored, and why. */
export interface DeadLetter {
  /** Where it failed: reading the entry, in a plugin, or at the sink. */
  stage: 'parse' | 'plugin' | 'sink';
  /** The plugin that failed, or the index that refused. */
  at: string;
  reason: string;
  /** The id of the event or document, where it had one. */
  id?: string | undefined;
  /** As the source gave it. */
  entry: Entry;
}

/** Keeps dead letters, one JSON object a line, in a file for each day (UTC). */
export class DeadLetters {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Resolves once the letters are on disk. Throws where they can't be: their batch must not be confirmed then. */
  async add(letters: readonly DeadLetter[]): Promise<void> {
    if (letters.length === 0) return;
    const time = new Date().toISOString();
    const lines = letters.map((letter) => `${JSON.stringify({ time, ...letter })}\n`).join('');
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const file = await open(join(this.#directory, `${time.slice(0, 10)}.ndjson`), 'a', 0o600);
    try {
      await file.appendFile(lines);
      await file.sync();
    } finally {
      await file.close();
    }
  }
}
