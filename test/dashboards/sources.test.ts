import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadConfig } from '../../src/config/load.ts';
import { DirectoryChartSource } from '../../src/dashboards/directory-source.ts';
import { ElasticsearchChartSource } from '../../src/dashboards/elasticsearch-source.ts';
import { chooseFeatures, dashboardsSetting, openDashboards } from '../../src/dashboards/open.ts';
import { createSearch } from '../../src/dashboards/search.ts';
import { isObject, type Json, type JsonObject } from '../../src/util/json.ts';
import { clientOptions } from '../helpers.ts';
import { gradioLogs, realEntries, realLines } from '../samples.ts';
import { elasticsearchUrl } from '../services/env.ts';
import { filled } from './sample.ts';

/** Sums may differ in their last bits, as Elasticsearch compensates for rounding. */
function assertAlike(actual: unknown, expected: unknown, at: string): void {
  if (typeof expected === 'number' && typeof actual === 'number') {
    assert.ok(
      Math.abs(actual - expected) <= 1e-9 * Math.max(1, Math.abs(expected)),
      `${at}: ${actual}, not ${expected}`,
    );
  } else if (Array.isArray(expected) && Array.isArray(actual)) {
    assert.equal(
      actual.length,
      expected.length,
      `${at}: ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`,
    );
    for (const [n, item] of expected.entries()) assertAlike(actual[n], item, `${at}[${n}]`);
  } else if (isObject(expected) && isObject(actual)) {
    assert.deepEqual(Object.keys(actual).sort(), Object.keys(expected).sort(), at);
    for (const [key, value] of Object.entries(expected)) assertAlike(actual[key], value, `${at}.${key}`);
  } else assert.deepEqual(actual, expected, at);
}

/** How many numbers an answer holds. */
function figures(value: Json): number {
  if (typeof value === 'number') return value === 0 ? 0 : 1;
  if (typeof value !== 'object' || value === null) return 0;
  return Object.values(value).reduce((sum: number, inner) => sum + figures(inner), 0);
}

const asLine = ({ timestamp, level, message }: JsonObject): string =>
  JSON.stringify({ timestamp, level, message, data: null } as JsonObject);

for (const [name, lines, range] of [
  ['the sample of the demo', realLines, undefined],
  ['every shape of entry that was seen', realEntries.map((entry) => JSON.stringify(entry)), undefined],
  ['two pages of the Space', [...gradioLogs('100-0'), ...gradioLogs('100-1600')].map(asLine), undefined],
  [
    'a part of it',
    realLines,
    { from: Date.parse('2026-11-24T19:26:01Z'), to: Date.parse('2026-11-24T19:26:05Z') },
  ],
] as const) {
  test(`files answer every chart as Elasticsearch does: ${name}`, { timeout: 120_000 }, async (t) => {
    const { workspace, env } = await filled(t, lines);
    const loaded = loadConfig({ cwd: workspace.folder, env });
    const setting = await dashboardsSetting(loaded);
    const files = new DirectoryChartSource(join(workspace.folder, 'out'), setting.indices);
    const server = new ElasticsearchChartSource(clientOptions(elasticsearchUrl()));
    t.after(() => server.close());
    const features = await chooseFeatures(server, setting);
    assert.deepEqual(await chooseFeatures(files, setting), features);
    const charts = openDashboards(setting, features).flatMap(({ charts }) => charts);
    const indices = charts.map(({ spec }) => spec.data.url.index);
    const extent = await server.extent(indices);
    assert.deepEqual(await files.extent(indices), extent);
    const searches = charts.map((chart) => createSearch(chart, range ?? extent!));
    const expected = await server.search(searches);
    const actual = await files.search(searches);
    for (const [n, { id }] of charts.entries()) {
      const { aggregations } = expected[n] as { aggregations: JsonObject };
      assertAlike(actual[n]?.aggregations, aggregations, id);
      assert.ok(range || name !== 'the sample of the demo' || figures(aggregations) > 0, `${id} is empty`);
    }
  });
}

test('an index that is missing is empty', async (t) => {
  const { workspace, env, indices } = await filled(t, realLines.slice(0, 5));
  const { prefix } = indices;
  await indices.client.indices.delete({ index: `${prefix}perfs` });
  const setting = await dashboardsSetting(loadConfig({ cwd: workspace.folder, env }));
  const server = new ElasticsearchChartSource(clientOptions(elasticsearchUrl()));
  t.after(() => server.close());
  const charts = openDashboards(setting, []).flatMap(({ charts }) => charts);
  const latency = charts.find(({ id }) => id === 'latency')!;
  const [answer] = await server.search([createSearch(latency, { from: 0, to: 1000 })]);
  assert.equal(answer?.aggregations, undefined);
  assert.equal(await server.extent([`${prefix}perfs*`]), undefined);
});
