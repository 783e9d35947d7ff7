import { once } from 'node:events';
import { createWriteStream, existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram, root } from '../test/services/service.ts';
import { logLines, type Shape } from './data.ts';

/** Node as the image runs it. */
export const NODE = ['/usr/bin/env', 'MALLOC_ARENA_MAX=1', process.execPath, '--max-semi-space-size=8'];

/** The command line under test. */
export const CLI = [...NODE, join(root, 'dist/src/cli.js')];

/** That command line over a file of lines, to NDJSON on stdout. */
export function transformOf(input: string): string[] {
  return [...CLI, 'run', '--once', '--source', 'file', '--path', input, '--sink', 'stdout', '--quiet'];
}

/** The program written by hand over the same, see `by-hand.ts`. */
export function byHandOf(input: string): string[] {
  return [...NODE, join(root, 'dist/bench/by-hand.js'), input];
}

/** Vector, where one is on the PATH, or VECTOR_BIN names it. */
export const VECTOR = findProgram('vector', 'VECTOR_BIN');
/** The same for Fluent Bit. */
export const FLUENT_BIT = findProgram('fluent-bit', 'FLUENT_BIT_BIN');
/** The same for the OpenTelemetry Collector. */
export const OTELCOL = findProgram('otelcol', 'OTELCOL_BIN');

/** Where everything of one benchmark is: data, outputs and states. */
export const folder = mkdtempSync(join(process.env.BENCH_DIR ?? tmpdir(), 'ml-log-sidecar-bench-'));

/** A fresh folder in it, with a configuration for the command line where one is given. */
export function workspace(config?: object): string {
  const path = mkdtempSync(join(folder, 'run-'));
  if (config) {
    mkdirSync(join(path, 'configs'));
    writeFileSync(join(path, 'configs/pipeline.yaml'), JSON.stringify(config));
  }
  return path;
}

/** A file of this many lines, see `logLines`; made once. */
export async function linesFile(shape: Shape, count: number, kinds = 1): Promise<string> {
  const path = join(folder, `${shape}-${count}-${kinds}.log`);
  if (existsSync(path)) return path;
  const out = createWriteStream(path);
  let left = count;
  let text = '';
  for (const line of logLines(shape, 1, kinds)) {
    text += `${line}\n`;
    left--;
    if (text.length < 1 << 20 && left > 0) continue;
    if (!out.write(text)) await once(out, 'drain');
    text = '';
    if (left === 0) break;
  }
  out.end();
  await once(out, 'close');
  return path;
}
