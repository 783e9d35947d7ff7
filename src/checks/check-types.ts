import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { quote, t } from '../terminal/messages.ts';
import { showPath } from '../util/show-path.ts';
import { type Check, failed, ok } from './result.ts';

/** How a plugin's types are checked, here and in a project that `init` begins: as the program loads it, and no stricter than `strict`. */
export const COMPILER_OPTIONS = {
  target: 'es2023',
  lib: ['es2023'],
  module: 'nodenext',
  moduleDetection: 'force',
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  allowImportingTsExtensions: true,
};

/** The types of TypeScript files, by the compiler that is installed for `cwd`; a word about it where none is. */
export async function checkTypes(files: readonly string[], cwd: string): Promise<Check> {
  if (files.length === 0) return ok('types', t('no plugin of your own is configured'));
  const require = createRequire(join(cwd, 'package.json'));
  let compiler: string;
  try {
    const path = require.resolve('typescript/package.json');
    compiler = join(dirname(path), require(path).bin.tsc);
  } catch {
    return ok(
      'types',
      t('not checked: no TypeScript compiler is installed here (npm install --save-dev typescript)'),
    );
  }
  const folder = await mkdtemp(join(tmpdir(), 'ml-log-sidecar-'));
  try {
    const typeRoot = join(cwd, 'node_modules/@types');
    const types = existsSync(join(typeRoot, 'node'))
      ? { typeRoots: [typeRoot], types: ['node'] }
      : { types: [] };
    const project = join(folder, 'tsconfig.json');
    await writeFile(project, JSON.stringify({ compilerOptions: { ...COMPILER_OPTIONS, ...types }, files }));
    const errors = await runCompiler(compiler, project, cwd);
    if (errors === '')
      return ok(
        'types',
        t('{files}: no errors', { files: files.map((file) => showPath(file, cwd)).join(', ') }),
      );
    const action = t('Correct the plugin; it may run all the same, and do something else');
    return failed('types', quote(errors), action, 2);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What the compiler says; nothing where all is well. */
function runCompiler(compiler: string, project: string, cwd: string): Promise<string> {
  const args = [compiler, '--project', project, '--pretty', 'false'];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd, maxBuffer: 16 << 20 }, (error, stdout, stderr) => {
      resolve(error ? `${stdout}${stderr}`.trim() || error.message : '');
    });
  });
}
