import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { root } from './services/service.ts';

/** The files under `src/`, and those that each imports, types included. */
function importsOf(): Map<string, string[]> {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.ts'),
  );
  return new Map(
    files.map((file) => {
      const text = readFileSync(join(root, 'src', file), 'utf8');
      const found = [...text.matchAll(/(?:from |import\(|import )'(\.[^']+)'/g)].map(([, path]) =>
        normalize(join(dirname(file), path!)),
      );
      return [file, found.filter((path) => !path.startsWith('..'))];
    }),
  );
}

test('no file imports itself by way of others', () => {
  const imports = importsOf();
  assert.ok(imports.size > 50);
  const done = new Set<string>();
  const walk = (file: string, path: readonly string[]): void => {
    const at = path.indexOf(file);
    assert.equal(at, -1, `a circle: ${[...path.slice(at), file].join(' -> ')}`);
    if (done.has(file)) return;
    for (const next of imports.get(file) ?? []) walk(next, [...path, file]);
    done.add(file);
  };
  for (const file of imports.keys()) walk(file, []);
});

test('a sink is imported to write through it, and never to get a client', () => {
  for (const [file, imports] of importsOf()) {
    if (/^(sinks\/|create-pipeline|api|backup\/restore|commands\/import)/.test(file)) continue;
    const sinks = imports.filter((path) => /^sinks\/(elasticsearch|vector|stdout|directory)\.ts$/.test(path));
    assert.deepEqual(sinks, [], `${file} imports a sink`);
  }
});

test('no two files of a kind have one name', () => {
  const names = [...importsOf().keys()]
    .filter((file) => !file.startsWith('commands/'))
    .map((file) => basename(file));
  const twice = names.filter((name, n) => names.indexOf(name) !== n);
  assert.deepEqual(twice, []);
});
