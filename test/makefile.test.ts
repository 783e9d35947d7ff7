import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from './services/service.ts';

/** What make would run for a target. */
function recipeOf(target: string, ...variables: string[]): string {
  // As somebody would type it: not as a part of the `make` that runs this test.
  const { MAKEFLAGS: _flags, MAKELEVEL: _level, MFLAGS: _old, ...env } = process.env;
  const options = { cwd: root, encoding: 'utf8', env } as const;
  const { status, stdout, stderr } = spawnSync('make', ['-n', target, ...variables], options);
  assert.equal(status, 0, stderr);
  return stdout.trimEnd().split('\n').at(-1) as string;
}

test('the targets are short for commands', () => {
  for (const [target, command] of [
    ['setup', 'setup'],
    ['verify', 'verify'],
    ['stats', 'stats'],
    ['report', 'report'],
    ['alerts', 'alerts check'],
    ['export', 'export'],
    ['check', 'check'],
  ])
    assert.equal(recipeOf(`pipeline-${target}`), `node dist/src/cli.js ${command}`);
  assert.equal(recipeOf('pipeline-import', 'INPUT=b'), 'node dist/src/cli.js import --input b');
});

test('YES=1 answers for who would be asked, and without it nobody does', () => {
  assert.match(recipeOf('pipeline-clear-indexes'), /clear-indexes$|clear-indexes $/);
  assert.match(recipeOf('pipeline-clear-indexes', 'YES=1'), /clear-indexes --yes$/);
});

test('each target that is not a file is phony, and has a line of help', () => {
  const makefile = readFileSync(join(root, 'Makefile'), 'utf8');
  const phony = /\.PHONY: ((?:.*\\\n)*.*)/.exec(makefile)![1]!.replaceAll('\\\n', ' ').split(/\s+/);
  const helped = [...makefile.matchAll(/^([a-z-]+):.*## /gm)].map(([, name]) => name as string);
  assert.deepEqual(phony.filter((name) => name !== '').sort(), helped.sort());
});
