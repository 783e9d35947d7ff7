import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { findFonts, renderPng } from '../../src/dashboards/png.ts';
import { Workspace } from '../helpers.ts';
import { realLines } from '../samples.ts';

/** A folder in which the sample went through `run --sink directory --out out`. */
async function ran(t: TestContext): Promise<Workspace> {
  const workspace = new Workspace(t);
  workspace.write('api.log', realLines.map((line) => `${line}\n`).join(''));
  const args = ['--source', 'file', '--path', 'api.log', '--sink', 'directory', '--out', 'out', '--quiet'];
  assert.equal((await workspace.run(['run', ...args])).code, 0);
  return workspace;
}

const REPORT = ['report', '--sink', 'directory', '--out', 'out'];

test('a report from files is one HTML file with all charts, that names nothing elsewhere', async (t) => {
  const workspace = await ran(t);
  const { code, stdout, stderr } = await workspace.run(REPORT);
  assert.deepEqual([code, stderr], [0, '']);
  assert.equal(
    stdout,
    'report.html: 14 charts, from 2026-11-24 19:25:11 UTC to 2026-11-24 19:26:39 UTC, in the files in out\n',
  );
  const html = readFileSync(join(workspace.folder, 'report.html'), 'utf8');
  assert.equal(html.match(/<svg /g)?.length, 14);
  const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
  assert.equal(new Set(ids).size, ids.length, 'ids are unique');
  // Namespaces are names, not addresses that anything is loaded from.
  assert.doesNotMatch(html.replaceAll(/ xmlns(:\w+)?="[^"]*"/g, ''), /https?:|src=|@import|url\((?!#)/);
});

test('a folder gets an SVG file of each chart, in colours of its own', async (t) => {
  const workspace = await ran(t);
  const { code, stdout } = await workspace.run([...REPORT, '--output', 'charts']);
  assert.equal(code, 0);
  assert.match(stdout, /^charts: 14 charts/);
  const files = readdirSync(join(workspace.folder, 'charts'));
  assert.equal(files.length, 14);
  for (const file of files) {
    const svg = readFileSync(join(workspace.folder, 'charts', file), 'utf8');
    assert.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
    assert.doesNotMatch(svg, /var\(/);
  }
});

test('pictures may be PNG, with words in them', async (t) => {
  const workspace = await ran(t);
  const { code, stdout, stderr } = await workspace.run([...REPORT, '--output', 'charts', '--format', 'png']);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^charts: 14 charts/);
  const files = readdirSync(join(workspace.folder, 'charts'));
  assert.equal(files.length, 14);
  for (const file of files) {
    assert.match(file, /\.png$/);
    const png = readFileSync(join(workspace.folder, 'charts', file));
    // The signature, and the width in the header: https://www.w3.org/TR/png-3/#11IHDR
    assert.equal(png.toString('latin1', 0, 8), '\x89PNG\r\n\x1a\n');
    assert.ok(png.readUInt32BE(16) > 400, file);
  }
});

test('the font that ships has every letter of the charts', async (t) => {
  const workspace = await ran(t);
  assert.equal((await workspace.run([...REPORT, '--output', 'charts'])).code, 0);
  const folder = join(workspace.folder, 'charts');
  const words = readdirSync(folder).flatMap((file) =>
    [...readFileSync(join(folder, file), 'utf8').matchAll(/<text[^>]*>([^<]+)/g)].map(([, text]) => text!),
  );
  const font = findFonts({ withMachine: false });
  const draw = (letter: string): string =>
    Buffer.from(
      renderPng(
        `<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20"><text y="15" font-family="system-ui, sans-serif">${letter}</text></svg>`,
        font,
      ),
    ).toString('base64');
  const [missing, space] = [draw('\ue000'), draw(' ')];
  const letters = new Set(words.join('').replace(/&[a-z]+;|\s/g, ''));
  assert.ok(letters.size > 40, 'charts have words');
  for (const letter of letters) assert.ok(![missing, space].includes(draw(letter)), letter);
});

test('--from and --to choose the time; charts without data are told', async (t) => {
  const workspace = await ran(t);
  const part = await workspace.run([
    ...REPORT,
    '--from',
    '2026-11-24T19:26:10',
    '--to',
    '2026-11-24T19:26:39Z',
  ]);
  assert.match(part.stdout, /: \d+ charts, and \d+ without data, from 2026-11-24 19:26:10 UTC/);
  const none = await workspace.run([...REPORT, '--from', 'now-1h', '--to', 'now', '--output', 'none']);
  assert.match(none.stdout, /^none: 0 charts, and 14 without data/);
});

for (const [args, exit, message] of [
  [['--output', 'report.pdf'], 2, /--output: give a file that ends in \.html, or a folder/],
  [['--from', 'yesterday'], 2, /--from: "yesterday" is not a time; write 24h/],
  [['--from', '2026-11-25', '--to', '2026-11-24'], 2, /ends \(2026-11-24 00:00:00 UTC\) before it begins/],
  [['--output', 'api.log/report.html'], 3, /api\.log\/report\.html can't be written: .*--output/],
] as const) {
  test(`report ${args.join(' ')}: told in words, exit ${exit}`, async (t) => {
    const { code, stdout, stderr } = await (await ran(t)).run([...REPORT, ...args]);
    assert.match(stderr, message);
    assert.doesNotMatch(stderr, /^ +at /m);
    assert.deepEqual([code, stdout], [exit, '']);
  });
}

test('a folder without files: exit 3, and what to do', async (t) => {
  const { code, stderr } = await new Workspace(t).run(REPORT);
  assert.equal(code, 3);
  assert.match(
    stderr,
    /out holds no ml-api-logs\.ndjson\. Fill it first with `run --sink directory --out out`/,
  );
});

test('Elasticsearch down: exit 3, and what to do', async (t) => {
  const env = { ELASTICSEARCH_URL: 'http://127.0.0.1:1' };
  const { code, stderr } = await new Workspace(t).run(['report'], env);
  assert.equal(code, 3);
  assert.match(stderr, /Elasticsearch at 127\.0\.0\.1:1 could not be reached: .*ELASTICSEARCH_URL/);
});

test("dashboards of one's own are shown instead; a mistake in one is told with its file", async (t) => {
  const workspace = await ran(t);
  const folder = join(workspace.folder, 'configs/dashboards');
  mkdirSync(join(folder, 'charts'), { recursive: true });
  writeFileSync(join(folder, 'mine.yaml'), 'title: Mine\ndescription: One chart.\ncharts: [methods]\n');
  const chart = {
    title: 'Methods',
    description: 'How often each method was called.',
    spec: {
      $schema: 'https://vega.github.io/schema/vega-lite/v5.json',
      data: {
        url: {
          '%context%': true,
          '%timefield%': 'timestamp',
          index: 'ml-api-logs*',
          body: { size: 0, aggs: { methods: { terms: { field: 'http_method' } } } },
        },
        format: { property: 'aggregations.methods.buckets' },
      },
      mark: 'bar',
      encoding: {
        x: { field: 'doc_count', type: 'quantitative' },
        y: { field: 'key', type: 'nominal' },
        tooltip: [
          { field: 'key', type: 'nominal', title: 'Method' },
          { field: 'doc_count', type: 'quantitative', title: 'Calls' },
        ],
      },
    },
  };
  const write = (value: unknown): void =>
    // JSON is YAML too.
    writeFileSync(join(folder, 'charts/methods.yaml'), JSON.stringify(value));
  write(chart);
  const { stdout } = await workspace.run(REPORT);
  assert.match(stdout, /: 1 charts,/);
  const html = readFileSync(join(workspace.folder, 'report.html'), 'utf8');
  assert.match(html, /<td>POST<\/td><td class="number">128<\/td>/);

  write({ ...chart, titel: 'Methods' });
  const misspelt = await workspace.run(REPORT);
  assert.equal(misspelt.code, 2);
  assert.match(misspelt.stderr, /configs\/dashboards\/charts\/methods\.yaml: .*titel/);

  write(JSON.parse(JSON.stringify(chart).replace('"terms"', '"rare_terms"')));
  const unknown = await workspace.run(REPORT);
  assert.equal(unknown.code, 2);
  assert.match(
    unknown.stderr,
    /"methods" is of kind "rare_terms", which only Elasticsearch can answer; from files, these are: filter,/,
  );

  write(JSON.parse(JSON.stringify(chart).replace('"bar"', '"bars"')));
  const noMark = await workspace.run(REPORT);
  assert.equal(noMark.code, 2);
  assert.match(noMark.stderr, /the chart "methods" can't be drawn: .*\. Try its specification in https/);

  writeFileSync(join(folder, 'mine.yaml'), 'title: Mine\ndescription: One chart.\ncharts: [gone]\n');
  const gone = await workspace.run(REPORT);
  assert.equal(gone.code, 2);
  assert.match(gone.stderr, /configs\/dashboards\/charts\/gone\.yaml can't be read: ENOENT/);
});
