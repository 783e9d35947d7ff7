import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './service.ts';

/** In percent; less fails. They are what a whole run reached, rounded down: raise them when that rises. */
const THRESHOLDS = { lines: 80, branches: 80 };

/** What counts: the compiled program, and the plugins that ship with it. */
const COUNTED = ['src/', 'plugins/'].map((folder) => pathToFileURL(join(root, 'dist', folder)).href);

/** Collects the coverage of all processes that are started with its `env`, and of those that they start. */
export class Coverage {
  readonly #folder = mkdtempSync(join(tmpdir(), 'coverage-'));
  /** Node itself hands it on to each process that a process starts. */
  readonly env = { NODE_V8_COVERAGE: this.#folder };

  /** Prints what was covered, file by file where something is missing; `false` where it is less than the thresholds. */
  report(): boolean {
    for (const name of readdirSync(this.#folder)) this.#keepCounted(join(this.#folder, name));
    const thresholds = Object.entries(THRESHOLDS).map(([what, percent]) => `--${what}=${percent}`);
    const { status } = spawnSync(
      process.execPath,
      [
        join(root, 'node_modules/c8/bin/c8.js'),
        'report',
        ...['--temp-directory', this.#folder, '--merge-async', '--exclude-after-remap'],
        ...['--include=src/**', '--include=plugins/**', '--all', '--src=src'],
        ...['--reporter=text', '--check-coverage', '--statements=0', '--functions=0', ...thresholds],
      ],
      { cwd: root, stdio: 'inherit' },
    );
    rmSync(this.#folder, { recursive: true });
    return status === 0;
  }

  /** Most of what a process reports is about its packages; c8 would read all of it. */
  #keepCounted(path: string): void {
    let report: { result: { url: string }[]; 'source-map-cache'?: Record<string, unknown> };
    try {
      report = JSON.parse(readFileSync(path, 'utf8'));
    } catch {
      // Of a process that was killed while it wrote.
      rmSync(path);
      return;
    }
    const isCounted = (url: string): boolean => COUNTED.some((folder) => url.startsWith(folder));
    const result = report.result.filter(({ url }) => isCounted(url));
    if (result.length === 0) {
      rmSync(path);
      return;
    }
    const maps = Object.entries(report['source-map-cache'] ?? {}).filter(([url]) => isCounted(url));
    writeFileSync(path, JSON.stringify({ result, 'source-map-cache': Object.fromEntries(maps) }));
  }
}
