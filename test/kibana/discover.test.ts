import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { filled } from '../dashboards/sample.ts';
import { realLines } from '../samples.ts';

const UGLY = [
  'he said "x"',
  'back\\slash',
  "it's!",
  'a & b # c % d',
  '(a OR b) * not {c}:<d>',
  'été 日本',
  'null',
];
const LATER = Array.from({ length: 24 }, (_, n) => {
  const second = String(40 + (n % 7)).padStart(2, '0');
  const text = UGLY[n % UGLY.length]!;
  const id = `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
  return JSON.stringify({
    timestamp: `2026-11-24T19:26:${second}.250000`,
    level: text.toUpperCase(),
    message: `[${id}] POST /predict - 200 - 45ms - input - result`,
    data: {
      transaction_id: id,
      input_data: { 'petal length (cm)': n, 'a:"b" \\ or c*': n },
      result: { prediction: text, probability: n / 20 },
      performance_metrics: {
        latency_ms: n,
        top_functions: [{ function: text, file: `${n % 2}.py`, line: 1, cumulative_time_ms: 5e6, calls: 1 }],
      },
    },
  });
});
const CALLS = UGLY.map(
  (path) => `2026-11-24 19:26:50 - api - INFO - API Call - GET /${path} - Status: 404 - Time: 0.39ms`,
);

/** A query as Kibana makes it of KQL, of the forms that charts use. */
function translate(kql: string): object {
  const operand = (text: string): string => text.replace(/^"|"$/g, '').replace(/\\(["\\])/g, '$1');
  let rest = kql;
  const take = (form: RegExp): string[] | undefined => {
    const found = form.exec(rest);
    if (found) rest = rest.slice(found[0].length);
    return found ? [...found] : undefined;
  };
  const filter: object[] = [];
  const must_not: object[] = [];
  do {
    const to = take(/^not /) ? must_not : filter;
    const [, name] = take(/^("(?:[^"\\]|\\["\\])*"|[\w.]+)/) ?? assert.fail(`a field must be at: ${rest}`);
    const field = operand(name!);
    const list = take(/^: \((\w+(?: or \w+)*)\)/);
    const range = take(/^ (>=|<) ([\d.]+)/);
    if (list) to.push({ terms: { [field]: list[1]!.split(' or ') } });
    else if (range) to.push({ range: { [field]: { [range[1] === '<' ? 'lt' : 'gte']: range[2] } } });
    else if (take(/^: \*/)) to.push({ exists: { field } });
    else {
      const [, value] = take(/^: ("(?:[^"\\]|\\["\\])*"|\d+)/) ?? assert.fail(`a value must be at: ${rest}`);
      to.push({ match_phrase: { [field]: operand(value!) } });
    }
  } while (take(/^ and /));
  assert.equal(rest, '', kql);
  return { bool: { filter, must_not } };
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", '#xA': '\n' };
const plain = (text: string): string => text.replace(/&(#?\w+);/g, (_, name: string) => ENTITIES[name]!);
const unquoted = (rison: string): string => rison.replace(/!([!'])/g, '$1');

test('a mark leads to a view of Discover that holds as many documents as it tells', {
  timeout: 180_000,
}, async (t) => {
  const { workspace, env, indices } = await filled(t, [...realLines, ...LATER, ...CALLS]);
  const built = await workspace.run(['dashboards', 'build'], env);
  const views = new Map(
    built.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: string; attributes: { title: string } })
      .map(({ id, attributes }) => [id, attributes.title]),
  );
  const html = async (...times: string[]): Promise<string> => {
    const kibana = { KIBANA_URL: 'http://me:secret@kibana.example:5601/base/s/ops/' };
    const { code, stderr } = await workspace.run(['report', ...times], { ...env, ...kibana });
    assert.equal(code, 0, stderr);
    return readFileSync(join(workspace.folder, 'report.html'), 'utf8');
  };
  const follow = async (chart: string): Promise<void> => {
    const id = / id="chart-([^"]+)"/.exec(chart)![1]!;
    const links = [...chart.matchAll(/<a href="([^"]*)"[^>]* aria-label="([^"]*)"/g)];
    assert.notEqual(links.length, 0, id);
    for (const [, href, label] of links) {
      const { origin, pathname, hash, username } = new URL(plain(href!));
      assert.deepEqual(
        [origin, username, pathname],
        ['http://kibana.example:5601', '', '/base/s/ops/app/discover'],
      );
      const state = new URLSearchParams(hash.replace('#/?', ''));
      const [, from, to] = /^\(time:\(from:'([^']*)',to:'([^']*)'\)\)$/.exec(state.get('_g')!)!;
      const [, view, kql] =
        /^\(index:'([^'!]*)',query:\(language:kuery,query:'((?:[^'!]|!['!])*)'\)\)$/.exec(state.get('_a')!) ??
        assert.fail(state.get('_a')!);
      const query = {
        bool: { filter: [translate(unquoted(kql!)), { range: { timestamp: { gte: from, lte: to } } }] },
      };
      const { count } = await indices.client.count({ index: views.get(view!)!, query });
      const told = /^(?:Logs|Errors|Predictions|Calls): ([\d,]+)$/m.exec(plain(label!))?.[1];
      // Of latency, CPU and memory, a mark tells no number of calls; of functions, how often they were called in one.
      if (told === undefined || id === 'top-functions') assert.notEqual(count, 0, id);
      else assert.equal(count, Number(told.replaceAll(',', '')), `${id}: ${kql}`);
    }
  };
  const part = ['--from', '2026-11-24T19:25:33.500Z', '--to', '2026-11-24T19:26:43.300Z'];
  for (const page of [await html(), await html(...part)]) {
    const charts = page.split('<figure ').slice(1);
    assert.equal(charts.length, 14);
    for (const chart of charts) await follow(chart);
  }
});
