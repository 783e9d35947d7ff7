import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { loadConfig } from '../../src/config/load.ts';
import { dashboardsSetting } from '../../src/dashboards/open.ts';
import { ServedDashboards } from '../../src/dashboards/serve-dashboards.ts';
import { Workspace } from '../helpers.ts';
import { realLines } from '../samples.ts';

/** The pages over the sample, in files. */
async function served(t: TestContext): Promise<(query: string) => Promise<{ status: number; html: string }>> {
  const workspace = new Workspace(t);
  workspace.write('api.log', realLines.map((line) => `${line}\n`).join(''));
  const sink = ['--sink', 'directory', '--out', 'out'];
  await workspace.run(['run', '--source', 'file', '--path', 'api.log', ...sink, '--quiet']);
  const flags = [
    { flag: '--sink', path: 'pipeline.sink', value: 'directory' },
    { flag: '--out', path: 'directory.path', value: join(workspace.folder, 'out') },
  ];
  const pages = new ServedDashboards(
    await dashboardsSetting(loadConfig({ cwd: workspace.folder, env: {}, flags })),
  );
  return async (query) => {
    const { status, page } = await pages.page(new URLSearchParams(query));
    return { status, html: page.html };
  };
}

test('a page is answered again for a while, whoever asks', { timeout: 60_000 }, async (t) => {
  const page = await served(t);
  const [first, second] = await Promise.all([page('from=&to='), page('from=&to=')]);
  assert.equal(first.status, 200);
  assert.equal(second.html, first.html);
  assert.equal((await page('from=&to=')).html, first.html);
  assert.match(first.html, /<td>INFO<\/td><td class="number">253<\/td>/);
});

test('more pages than can be drawn soon are put off, and the next ones are drawn', {
  timeout: 180_000,
}, async (t) => {
  const page = await served(t);
  const asked = Array.from({ length: 7 }, (_, n) => page(`from=2026-11-2${n}&to=2026-11-27`));
  const answers = await Promise.all(asked);
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 200, 200, 503, 503, 503],
  );
  assert.match(answers[6]!.html, /role="alert".*Too many dashboards are being drawn/);
  assert.equal((await page('from=2026-11-19&to=2026-11-27')).status, 200);
});

for (const [query, message] of [
  ['from=<b>&to=now', 'from: &quot;&lt;b&gt;&quot; is not a time; write 24h'],
  ['from=2026-11-25&to=2026-11-24', 'the time range ends (2026-11-24 00:00:00 UTC) before it begins'],
] as const) {
  test(`${query} is told to be wrong, with the form to put it right`, { timeout: 60_000 }, async (t) => {
    const { status, html } = await (await served(t))(query);
    assert.equal(status, 400);
    assert.ok(html.includes(message), html);
    assert.match(html, /<form /);
  });
}

test('an Elasticsearch that is away is told', { timeout: 60_000 }, async (t) => {
  const { folder } = new Workspace(t);
  const loaded = loadConfig({ cwd: folder, env: { ELASTICSEARCH_URL: 'http://127.0.0.1:1' } });
  const { status, page } = await new ServedDashboards(await dashboardsSetting(loaded)).page(
    new URLSearchParams(),
  );
  assert.equal(status, 503);
  assert.match(page.html, /role="alert".*Elasticsearch at 127\.0\.0\.1:1 could not be reached/);
});
