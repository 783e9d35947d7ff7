import {
  appendFileSync,
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { temporaryFolder } from '../samples.ts';

/** A folder in which a logger writes `api.log`, and rotations do what they do. */
export class LogFolder {
  readonly folder: string;
  readonly path: string;
  /** Every line that was written. */
  readonly written: string[] = [];

  constructor(t: TestContext, folder: string = temporaryFolder(t)) {
    this.folder = folder;
    this.path = join(folder, 'api.log');
  }

  /** Appends `count` lines, no two of which are equal; returns them. */
  write(count = 1, path = this.path): string[] {
    const lines = Array.from({ length: count }, (_, n) => {
      const number = this.written.length + n;
      const time = new Date(Date.UTC(2026, 10, 24) + Math.floor(number / 10) * 1000).toISOString();
      return `${time.slice(0, 19).replace('T', ' ')} - api - INFO - line ${number}`;
    });
    appendFileSync(path, lines.map((line) => `${line}\n`).join(''));
    this.written.push(...lines);
    return lines;
  }

  /** `api.log.1` becomes `api.log.2`, and so on; at most `keep` stay. */
  shift(keep = 100): void {
    for (let n = keep; n >= 1; n--)
      for (const packed of ['', '.gz']) {
        const name = `${this.path}.${n}${packed}`;
        if (!existsSync(name)) continue;
        if (n === keep) unlinkSync(name);
        else renameSync(name, `${this.path}.${n + 1}${packed}`);
      }
  }

  rename(keep?: number): void {
    this.shift(keep);
    renameSync(this.path, `${this.path}.1`);
    writeFileSync(this.path, '');
  }

  copyAndTruncate(keep?: number): void {
    this.shift(keep);
    copyFileSync(this.path, `${this.path}.1`);
    truncateSync(this.path);
  }

  /** Packs a rotated file, as `gzip` does: the packed one has its time, and then it is gone. */
  pack(n: number): void {
    const name = `${this.path}.${n}`;
    if (!existsSync(name)) return;
    const { atime, mtime } = statSync(name);
    writeFileSync(`${name}.gz`, gzipSync(readFileSync(name)));
    utimesSync(`${name}.gz`, atime, mtime);
    unlinkSync(name);
  }

  delete(): void {
    rmSync(this.path);
  }

  names(): string[] {
    return readdirSync(this.folder);
  }
}
