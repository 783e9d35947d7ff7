import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { IndexDefinition, IndexDocument } from '../plugin.ts';
import { reasonOf, SidecarError } from '../util/errors.ts';
import { Lines } from '../util/lines.ts';
import type { Outcome, Sink } from './sink.ts';

const NEWLINE = 0x0a;
const ID = /^\{"_id":"([^"]+)"/;

interface Target {
  file: FileHandle;
  /** Of the documents in it: a source may give the same log again, also within a run. */
  ids: Set<string>;
}

/**
 * Writes `<index>.ndjson`, one flat document a line with its `_id` first: ready for jq or DuckDB. A document
 * that is there already is not written again. Only the owner may read the files, and a folder made here.
 */
export class DirectorySink implements Sink {
  readonly acknowledges = true;
  readonly #directory: string;
  #last: Promise<void> = Promise.resolve();
  readonly #targets = new Map<string, Target>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  async open(indices: readonly IndexDefinition[]): Promise<void> {
    try {
      await mkdir(this.#directory, { recursive: true, mode: 0o700 });
      for (const { name } of indices)
        this.#targets.set(name, await openTarget(join(this.#directory, `${name}.ndjson`)));
    } catch (cause) {
      throw new SidecarError(
        'unreachable',
        `${this.#directory} can't be written: ${reasonOf(cause)}. Give another folder with --out`,
        { cause },
      );
    }
  }

  write(documents: readonly IndexDocument[]): Promise<Outcome[]> {
    const lines = new Map<Target, string[]>();
    const outcomes = documents.map(({ id, index, json }): Outcome => {
      const target = this.#targets.get(index) as Target;
      if (target.ids.has(id)) return 'exists';
      target.ids.add(id);
      const fields = json.slice(1);
      const line = `{"_id":"${id}"${fields === '}' ? '' : ','}${fields}\n`;
      const beside = lines.get(target);
      if (beside) beside.push(line);
      else lines.set(target, [line]);
      return 'stored';
    });
    const texts = [...lines].map(([{ file }, of]) => ({ file, lines: new Lines(of) }));
    return this.#append(texts).then(() => outcomes);
  }

  async #append(texts: readonly { file: FileHandle; lines: Lines }[]): Promise<void> {
    // One after the other: two appends to one file at once could mix their lines.
    const written = this.#last.then(async () => {
      for (const { file, lines } of texts) {
        await file.appendFile(lines.bytes);
        lines.release();
      }
    });
    this.#last = written.catch(() => {});
    try {
      await written;
    } catch (cause) {
      throw new SidecarError(
        'unreachable',
        `${this.#directory} can't be written: ${reasonOf(cause)}. Make room, then run again: nothing is doubled`,
        { cause },
      );
    }
  }

  async close(): Promise<void> {
    for (const { file } of this.#targets.values()) {
      await file.datasync();
      await file.close();
    }
    this.#targets.clear();
  }
}

/** The id in the beginning of a document's line. */
export function idAt(line: string): string | undefined {
  return ID.exec(line)?.[1];
}

/** Opens a file for appending, learns the ids in it, and cuts a last line that a crash left unfinished. */
async function openTarget(path: string): Promise<Target> {
  const file = await open(path, 'a+', 0o600);
  const ids = new Set<string>();
  const chunk = Buffer.allocUnsafe(1 << 20);
  let rest: Buffer = Buffer.alloc(0);
  let read = 0;
  for (;;) {
    const { bytesRead } = await file.read(chunk, 0, chunk.length, read);
    if (bytesRead === 0) break;
    read += bytesRead;
    rest = Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
    let from = 0;
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE, from)) {
      const id = idAt(rest.toString('latin1', from, Math.min(end, from + 100)));
      if (id !== undefined) ids.add(id);
      from = end + 1;
    }
    rest = Buffer.from(rest.subarray(from));
  }
  if (rest.length > 0) await file.truncate(read - rest.length);
  return { file, ids };
}
