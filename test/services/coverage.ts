import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './service.ts';

/** In percent; less fails. They are what a whole run reached, rounded down: raise them when that rises. */
const THRESHOLDS = { lines: 80, branches: 90 };

/** What counts: the compiled program, and the plugins that ship with it. */
const COUNTED = ['src/', 'plugins/'].map((folder) => pathToFileURL(join(root, 'dist', folder)).href);

/**
 * Collects the coverage of the processes that are started with its `env`. Those that tests start are not counted
 * (`time-limit.ts` sees to that): the program starts 2,000 times in a run, and a fifth of each start would go into that.
 */
export class Coverage {
  readonly #folder = mkdtempSync(join(tmpdir(), 'coverage-'));
  readonly env = { NODE_V8_COVERAGE: this.#folder };

  /** Prints what was covered, file by file where something is missing; `false` where it is less than the thresholds. */
  report(): boolean {
    this.#keepCounted();
    const thresholds = Object.entries(THRESHOLDS).map(([what, percent]) => `--${what}=${percent}`);
    const { status } = spawnSync(
      process.execPath,
      [
        join(root, 'node_modules/c8/bin/c8.js'),
        'report',
        ...['--temp-directory', this.#folder, '--merge-async', '--exclude-after-remap', '--skip-full'],
        ...['--include=src/**', '--include=plugins/**', '--all', '--src=src'],
        // Tests run commands as whoever types them does.
        ...['--exclude=src/cli.ts', '--exclude=src/commands/**'],
        ...['--reporter=text', '--check-coverage', '--statements=0', '--functions=0', ...thresholds],
      ],
      { cwd: root, stdio: 'inherit' },
    );
    rmSync(this.#folder, { recursive: true });
    return status === 0;
  }

  /** Most of what a process reports is about its packages, or maps that c8 finds beside the files. */
  #keepCounted(): void {
    for (const name of readdirSync(this.#folder)) {
      const path = join(this.#folder, name);
      const counted = countedIn(readFileSync(path, 'utf8'));
      if (counted === undefined || counted.length === 0) rmSync(path);
      else writeFileSync(path, JSON.stringify({ result: counted }));
    }
  }
}

/** `undefined` for the report of a process that was killed while it wrote. */
function countedIn(report: string): { url: string }[] | undefined {
  try {
    const { result } = JSON.parse(report) as { result: { url: string }[] };
    return result.filter(({ url }) => COUNTED.some((folder) => url.startsWith(folder)));
  } catch {
    return undefined;
  }
}
