import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Workspace } from '../helpers.ts';
import { root } from '../services/service.ts';

interface Found {
  exit: number;
  /** By name. */
  checks: Record<string, { state: string; says: string; action?: string }>;
}

async function validate(workspace: Workspace, ...args: string[]): Promise<Found> {
  const { code, stdout, stderr } = await workspace.run(['validate', '--json', ...args]);
  assert.notEqual(stdout, '', stderr);
  const { exit, checks } = JSON.parse(stdout);
  assert.equal(code, exit);
  const named = checks.map(({ name, ...rest }: { name: string }) => [name, rest]);
  return { exit, checks: Object.fromEntries(named) };
}

/** A workspace with one plugin of its own, and the compiler beside it. */
function withPlugin(t: TestContext, text: string, hasCompiler = true): Workspace {
  const workspace = new Workspace(t, 'ml-api-', { plugins: [{ use: './mine.ts' }] });
  workspace.write('configs/mine.ts', text);
  const modules = join(workspace.folder, 'node_modules');
  mkdirSync(modules);
  symlinkSync(root, join(modules, 'ml-log-sidecar'));
  if (hasCompiler) symlinkSync(join(root, 'node_modules/typescript'), join(modules, 'typescript'));
  return workspace;
}

const plugin = (type: string, value: string): string => `
import { definePlugin } from 'ml-log-sidecar/plugin';
export default definePlugin({
  name: 'mine',
  index: {
    name: 'ml-api-mine',
    mappings: { properties: { status: { type: '${type}' } } },
    document: { type: 'object' },
  },
  create: () => ({ documents: (event) => ({ status: ${value} }) }),
});
`;

test('what ships is valid, and no server is asked', async (t) => {
  const workspace = new Workspace(t);
  const { exit, checks } = await validate(workspace);
  assert.equal(exit, 0);
  assert.match(checks.configuration!.says, /^configs\/pipeline\.yaml: redis .* to elasticsearch /);
  assert.match(checks['index ml-api-logs']!.says, /^\d+ fields, of known types$/);
  assert.match(checks.alerts!.says, /^\d+ alerts$/);
  const { stdout, code } = await workspace.run(['validate']);
  assert.equal(code, 0);
  assert.match(stdout, /^✅ configuration: /);
});

test('a wrong setting, a plugin that is missing and wrong alerts: exit 2, each told', async (t) => {
  const workspace = new Workspace(t, 'ml-api-', { plugins: [{ use: './none.ts' }] });
  workspace.write('alerts.yaml', 'alerts: { slow: { label: x } }');
  const { exit, checks } = await validate(workspace, '--alerts', 'alerts.yaml');
  assert.equal(exit, 2);
  assert.match(checks.plugins!.says, /there is no file .*none\.ts/);
  assert.equal(checks.alerts!.state, 'failed');
  const wrong = await workspace.run(['validate', '--json', '--source', 'kafka']);
  assert.equal(wrong.code, 2);
  assert.match(JSON.parse(wrong.stdout).checks[0].says, /pipeline\.source must be one of redis/);
});

test("a plugin's types are checked by the compiler that is there", { timeout: 60_000 }, async (t) => {
  const sound = await validate(withPlugin(t, plugin('short', 'event.statusCode')));
  assert.deepEqual([sound.exit, sound.checks.types!.says], [0, 'configs/mine.ts: no errors']);
  const { exit, checks } = await validate(withPlugin(t, plugin('short', 'event.statsCode')));
  assert.equal(exit, 2);
  assert.match(checks.types!.says, /mine\.ts\(10,\d+\): error TS2551: .*Did you mean 'statusCode'/);
  const bare = await validate(withPlugin(t, plugin('short', 'event.statsCode'), false));
  assert.equal(bare.exit, 0);
  assert.match(bare.checks.types!.says, /not checked: no TypeScript compiler is installed here/);
});

test('a type of field that no server knows is told with the one that was meant', async (t) => {
  const { exit, checks } = await validate(withPlugin(t, plugin('keywrod', '1'), false));
  assert.equal(exit, 2);
  assert.match(
    checks['index ml-api-mine']!.says,
    /status has the unknown type "keywrod"; did you mean keyword\?/,
  );
});
