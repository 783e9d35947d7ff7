import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { TestIndices, Workspace } from './helpers.ts';
import { elasticsearchUrl } from './services/env.ts';
import { root } from './services/service.ts';

const page = readFileSync(join(root, 'docs/first-ten-minutes.md'), 'utf8');
const blocks = [...page.matchAll(/^```(?:yaml)?\n([\s\S]*?)^```/gm)].map(([, block]) => block!);

test('what the first ten minutes show is what is seen', { timeout: 300_000 }, async (t) => {
  const { prefix } = new TestIndices(t);
  const workspace = new Workspace(t);
  const shipped = readFileSync(join(root, 'configs/pipeline.yaml'), 'utf8');
  workspace.write('configs/pipeline.yaml', shipped);
  const modules = join(workspace.folder, 'node_modules');
  mkdirSync(modules);
  symlinkSync(root, join(modules, 'ml-log-sidecar'));
  symlinkSync(join(root, 'node_modules/typescript'), join(modules, 'typescript'));
  workspace.write('package.json', '{ "type": "module" }');
  workspace.write('my.log', blocks.find((block) => block.startsWith('2026-'))!);
  const env = { ELASTICSEARCH_URL: elasticsearchUrl(), INDICES_PREFIX: prefix };
  const asOnThePage = (text: string): string =>
    text
      .replaceAll(prefix, 'ml-api-')
      .replaceAll(new URL(env.ELASTICSEARCH_URL).host, 'localhost:9200')
      .replace(/Total time: .*s/, 'Total time: …')
      // Node 22.18 and newer read TypeScript.
      .replace('node --import tsx --test', 'node --test');
  let typed = 0;
  for (const block of blocks) {
    const [, command, seen] = /^\$ npx ml-log-sidecar (.+)\n([\s\S]*)$/.exec(block) ?? [];
    if (command !== undefined) {
      const { code, stdout, stderr } = await workspace.run(command.split(' '), env);
      assert.equal(code, 0, stderr);
      assert.equal(asOnThePage(stdout), asOnThePage(seen!));
      typed++;
    } else if (block.startsWith('plugins:'))
      workspace.write('configs/pipeline.yaml', shipped.replace(/^plugins:\n/m, block));
  }
  assert.equal(typed, 6);
});
