import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Workspace } from './helpers.ts';
import { realLines } from './samples.ts';
import { root } from './services/service.ts';

const DAY = join(root, 'samples/day.log');

test('the sample recording is what the API wrote, whose ids never change', () => {
  assert.deepEqual(readFileSync(join(root, 'samples/api.log'), 'utf8').trimEnd().split('\n'), realLines);
});

test('the sample day is what its seeded script writes', () => {
  const { stdout } = spawnSync(process.execPath, [join(root, 'dist/demo/make-day.js')], { cwd: root });
  assert.ok(stdout.equals(readFileSync(DAY)), 'node dist/demo/make-day.js > samples/day.log');
});

test('the report of the demo shows hours, errors and drift', async (t) => {
  const workspace = new Workspace(t);
  const sink = ['--sink', 'directory', '--out', 'data', '--quiet'];
  assert.equal((await workspace.run(['run', '--source', 'file', '--path', DAY, ...sink])).code, 0);
  assert.equal((await workspace.run(['report', ...sink])).code, 0);
  const html = readFileSync(join(workspace.folder, 'report.html'), 'utf8');
  const [, tiles = ''] = /<dl class="tiles">(.*?)<\/dl>/s.exec(html) ?? [];
  assert.match(tiles, /400<.*8\.5 %<.*5\.9 % → 10\.8 %.*major<.*AGE, SMOKING changed from half to half/);
  const [, picture = ''] = /id="chart-logs-over-time"(.*?)<\/figure>/s.exec(html) ?? [];
  const bars = picture.match(/<title>From: 2026-11-24 (\d\d:\d\d):00/g) ?? [];
  assert.ok(new Set(bars).size >= 16, 'a bar every half hour');
});
