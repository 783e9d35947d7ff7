import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type TestContext, test } from 'node:test';
import { Ajv } from 'ajv';
import { logger, Warn } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { loadRules } from '../../src/alerts/rules.ts';
import { completeChart } from '../../src/dashboards/complete.ts';
import { loadDashboards } from '../../src/dashboards/definitions.ts';
import { buildSavedObjects, type SavedObject } from '../../src/kibana/saved-objects.ts';
import { isObject, type Json, type JsonObject } from '../../src/util/json.ts';
import { shippedPlugins } from '../dashboards/sample.ts';
import { ndjson, TestIndices, Workspace } from '../helpers.ts';
import { elasticsearchUrl } from '../services/env.ts';
import { root } from '../services/service.ts';
import { FakeKibana } from './fake-kibana.ts';
import { KNOWN, wrongWith } from './kibana-schema.ts';

const vocabulary = {
  features: ['AGE', 'a "b"\\c'],
  classes: { 1: 'YES', 0: 'NO' },
  rules: loadRules({ alerts: {}, indices: { prefix: 'ml-api-' } }, root),
};
const dashboards = loadDashboards((index) => index, root).map(({ charts, ...rest }) => ({
  ...rest,
  charts: charts.map((chart) => completeChart(chart, vocabulary)),
}));
const charts = dashboards.flatMap(({ charts }) => charts);

interface Panel {
  gridData: { x: number; y: number; w: number; h: number };
  embeddableConfig: { title: string; savedVis: { params: { spec: string } } };
}

const panelsOf = ({ attributes }: SavedObject): Panel[] => JSON.parse(String(attributes.panelsJSON));

test('four data views and four dashboards are what Kibana imports, and have the same ids every time', () => {
  const objects = buildSavedObjects(dashboards);
  for (const object of objects) {
    assert.equal(wrongWith(object), undefined, object.id);
    assert.equal(
      object.typeMigrationVersion,
      KNOWN.kibana,
      'Kibana 8.11 knows it, and newer ones migrate it',
    );
  }
  for (const object of buildSavedObjects(dashboards, 'opensearch'))
    assert.equal(wrongWith(object, true), undefined, object.id);
  assert.deepEqual(
    objects.map(({ type, id, attributes }) => `${type} ${id}: ${attributes.title}`),
    [
      'index-pattern ml-log-sidecar-ml-api-logs: ml-api-logs*',
      'index-pattern ml-log-sidecar-ml-api-message: ml-api-message*',
      'index-pattern ml-log-sidecar-ml-api-perfs: ml-api-perfs*',
      'index-pattern ml-log-sidecar-ml-api-top-func: ml-api-top-func*',
      'dashboard ml-log-sidecar-overview: ML API: Overview',
      'dashboard ml-log-sidecar-predictions: ML API: Predictions',
      'dashboard ml-log-sidecar-performance: ML API: Performance',
      'dashboard ml-log-sidecar-errors: ML API: Errors',
    ],
  );
});

test('every chart is a panel of its dashboard, and no panel lies over another', () => {
  const saved = buildSavedObjects(dashboards).filter(({ type }) => type === 'dashboard');
  for (const [n, { charts, title }] of dashboards.entries()) {
    const panels = panelsOf(saved[n]!);
    assert.deepEqual(
      panels.map(({ embeddableConfig }) => embeddableConfig.title),
      charts.map(({ title }) => title),
    );
    const taken = new Set<string>();
    for (const { gridData } of panels) {
      const { x, y, w, h } = gridData;
      assert.ok(x + w <= 48, title);
      for (let column = x; column < x + w; column++)
        for (let row = y; row < y + h; row++) {
          assert.ok(!taken.has(`${column} ${row}`), `${title}: ${column} ${row}`);
          taken.add(`${column} ${row}`);
        }
    }
  }
});

for (const { id, spec } of charts) {
  test(`${id} is a specification that Kibana's Vega panel takes`, () => {
    const panels = buildSavedObjects(dashboards)
      .filter(({ type }) => type === 'dashboard')
      .flatMap(panelsOf);
    const source = panels.map(({ embeddableConfig }) => embeddableConfig.savedVis.params.spec);
    const stored = source
      .map((text) => JSON.parse(text))
      .find(({ config: _, ...one }) => JSON.stringify(one) === JSON.stringify(spec));
    assert.ok(stored, 'it is stored as it is defined');

    // es_query_parser.ts: %context% and %timefield% exclude a query; intervals are filled in for date_histogram only,
    // and %timefilter% is `min`, `max` or true.
    const { url } = spec.data;
    assert.ok(!('query' in url.body));
    const walk = (value: Json, key: string): void => {
      if (Array.isArray(value)) for (const item of value) walk(item, key);
      if (!isObject(value)) return;
      for (const [name, inner] of Object.entries(value)) {
        if (name === 'interval' && isObject(inner)) {
          assert.equal(key, 'date_histogram');
          assert.equal(typeof inner['%autointerval%'], 'number');
        } else if (name === '%timefilter%') assert.ok(['min', 'max'].includes(String(inner)));
        else assert.ok(!name.startsWith('%'), name);
        if (name !== 'interval') walk(inner, name);
      }
    };
    walk(url.body.aggs as JsonObject, '');

    // vega_parser.ts: a single or layered view is fitted into the panel, others are not; warnings are shown to people.
    const warnings: string[] = [];
    const watched = logger(Warn);
    watched.warn = (...args) => {
      warnings.push(args.join(' '));
      return watched;
    };
    const filled = { ...stored, data: { values: [], format: spec.data.format } } as unknown as TopLevelSpec;
    const { normalized } = compile(filled, { logger: watched });
    assert.ok('mark' in normalized || 'layer' in normalized);
    const fitted = {
      ...(filled as object),
      width: 'container',
      height: 'container',
      autosize: { type: 'fit', contains: 'padding' },
    };
    compile(fitted as unknown as TopLevelSpec, { logger: watched });
    assert.deepEqual(warnings, []);
  });
}

test('every specification is one by the schema of Vega-Lite', () => {
  const path = createRequire(import.meta.url).resolve('vega-lite/vega-lite-schema.json');
  const formats = { uri: true, 'uri-reference': true, 'color-hex': true } as const;
  const ajv = new Ajv({ strict: false, allErrors: true, formats });
  const valid = ajv.compile(JSON.parse(readFileSync(path, 'utf8')));
  for (const { id, spec } of charts) {
    const inline = { ...spec, data: { values: [], format: spec.data.format } };
    assert.ok(valid(inline), `${id}: ${ajv.errorsText(valid.errors?.slice(0, 5))}`);
  }
});

test('`dashboards build` prints the file, or writes it', async (t) => {
  const workspace = new Workspace(t, 'x-', { plugins: shippedPlugins('x-') });
  const printed = await workspace.run(['dashboards', 'build']);
  assert.equal(printed.code, 0);
  const objects = ndjson(printed.stdout);
  assert.equal(objects.length, 8);
  assert.deepEqual(
    objects.slice(0, 4).map(({ attributes }) => (attributes as JsonObject).title),
    ['x-logs*', 'x-message*', 'x-perfs*', 'x-top-func*'],
    'indices have the names of the configuration',
  );
  const written = await workspace.run(['dashboards', 'build', '--output', 'd.ndjson']);
  assert.equal(written.stdout, 'd.ndjson: 4 data views, 4 dashboards\n');
  assert.equal(readFileSync(`${workspace.folder}/d.ndjson`, 'utf8'), printed.stdout);
});

function imported(t: TestContext, env: Record<string, string>) {
  return new Workspace(t).run(['dashboards', 'import'], env);
}

test('`dashboards import` sends them to Kibana, with its header, and the credentials of Elasticsearch', async (t) => {
  const kibana = await FakeKibana.start(t);
  const env = { ELASTICSEARCH_USERNAME: 'elastic', ELASTICSEARCH_PASSWORD: 'secret' };
  const { code, stdout, stderr } = await imported(t, { KIBANA_URL: `${kibana.url}/s/ml/`, ...env });
  assert.equal(stderr, '');
  assert.equal(code, 0);
  assert.equal(
    stdout,
    `${kibana.url}/s/ml: 4 data views (ml-api-logs*, ml-api-message*, ml-api-perfs*, ml-api-top-func*), 4 dashboards (ML API: Overview, ML API: Predictions, ML API: Performance, ML API: Errors)\n`,
  );
  const [request] = kibana.requests;
  assert.equal(request?.path, '/s/ml/api/saved_objects/_import?overwrite=true');
  assert.equal(request?.headers.authorization, `Basic ${btoa('elastic:secret')}`);
  assert.equal(request?.objects.length, 8);
});

test('OpenSearch Dashboards is known by its answer, and gets its own form, with its own header', async (t) => {
  const kibana = await FakeKibana.start(t);
  kibana.isOpenSearch = true;
  const { code, stdout, stderr } = await imported(t, { KIBANA_URL: kibana.url });
  assert.equal(code, 0, stderr);
  assert.match(stdout, /4 data views .*4 dashboards/);
  const built = await new Workspace(t).run(['dashboards', 'build', '--for', 'opensearch']);
  assert.deepEqual(ndjson(built.stdout), kibana.imported);
  const other = await new Workspace(t).run(['dashboards', 'build', '--for', 'grafana']);
  assert.equal(other.code, 2);
});

test('setup puts in what is missing, where KIBANA_URL is set, and leaves what somebody may have edited', async (t) => {
  const kibana = await FakeKibana.start(t);
  const { prefix } = new TestIndices(t);
  const env = { ELASTICSEARCH_URL: elasticsearchUrl(), KIBANA_URL: kibana.url };
  const first = await new Workspace(t, prefix).run(['setup'], env);
  assert.equal(first.code, 0, first.stderr);
  assert.match(first.stdout, /4 data views \(.*4 dashboards \([^)]*\)$/m);
  assert.equal(kibana.requests.length, 1);
  const removed = kibana.imported.pop();
  const second = await new Workspace(t, prefix).run(['setup'], env);
  assert.equal(second.code, 0, second.stderr);
  assert.match(second.stdout, /; left as they are: 7$/m);
  assert.deepEqual(kibana.imported.at(-1), removed);
  assert.equal(kibana.imported.length, 8);
});

test('an import that Kibana refuses says so, and exits as such', async (t) => {
  const kibana = await FakeKibana.start(t);
  const errors = [{ id: 'x', type: 'dashboard', error: { type: 'conflict' } }];
  for (const [status, answer, exit, said] of [
    [200, { success: false, successCount: 7, errors }, 2, /refused: dashboard x: conflict/],
    [503, { message: 'not ready' }, 3, /503 not ready\. It is starting; try again/],
  ] as const) {
    kibana.instead = { status, body: JSON.stringify(answer) };
    const { code, stdout, stderr } = await imported(t, { KIBANA_URL: kibana.url });
    assert.match(stderr, said);
    assert.doesNotMatch(stderr, /^ +at /m);
    assert.deepEqual([code, stdout], [exit, '']);
  }
});

test('an import without an address, or to where nobody listens, says what to do', async (t) => {
  const without = await imported(t, {});
  assert.equal(without.code, 2);
  assert.match(without.stderr, /set KIBANA_URL, such as http:\/\/localhost:5601/);
  const nobody = await imported(t, { KIBANA_URL: 'http://127.0.0.1:1' });
  assert.equal(nobody.code, 3);
  assert.match(
    nobody.stderr,
    /Kibana at http:\/\/127\.0\.0\.1:1 could not be reached: .*ECONNREFUSED.*KIBANA_URL/,
  );
});
