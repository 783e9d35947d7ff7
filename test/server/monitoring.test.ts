import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { ServedAlerts } from '../../src/alerts/page-section.ts';
import { loadConfig } from '../../src/config/load.ts';
import { createRunStats } from '../../src/run-stats.ts';
import { Metrics } from '../../src/server/metrics.ts';
import { Trouble } from '../../src/util/retry.ts';
import { root } from '../services/service.ts';

/** Each family that a sidecar tells of, with its labels. */
async function familiesOf(metrics: Metrics): Promise<Map<string, Set<string>>> {
  const families = new Map<string, Set<string>>();
  for (const line of (await metrics.text()).split('\n')) {
    const [, name, labels = ''] = /^(ml_log_sidecar_\w+)(?:\{(.*)\})? /.exec(line) ?? [];
    if (name === undefined) continue;
    const known = families.get(name) ?? new Set();
    for (const [, label] of labels.matchAll(/(\w+)="/g)) known.add(label!);
    families.set(name, known);
  }
  return families;
}

test('what the Grafana dashboard and the rules of Prometheus name is told at /metrics', async () => {
  const server = new Trouble('Redis at nowhere', 'start it', 0);
  await server.wait(new Error('away'), new AbortController().signal);
  const alerts = new ServedAlerts(loadConfig({ cwd: root, env: {} }).config);
  const rule = { name: 'latency' } as never;
  alerts.latest = { findings: [{ rule, state: 'critical', documents: 1 }] };
  const buffer = () => ({ logs: 0, bytes: 0, oldestMs: undefined, isFull: false });
  const metrics = new Metrics(['ml-api-logs'], { plugins: ['ml-api-logs'], buffer, alerts });
  const families = await familiesOf(metrics);
  const dashboard = JSON.parse(readFileSync(join(root, 'configs/grafana/dashboard.json'), 'utf8'));
  const rules = parse(readFileSync(join(root, 'configs/prometheus/rules.yaml'), 'utf8'));
  const expressions: string[] = [
    ...dashboard.panels.flatMap(({ targets }: { targets: { expr: string }[] }) =>
      targets.map(({ expr }) => expr),
    ),
    ...rules.groups.flatMap(({ rules }: { rules: { expr: string }[] }) => rules.map(({ expr }) => expr)),
  ];
  assert.ok(expressions.length > 20);
  const named = new Set<string>();
  for (const expression of expressions) {
    const names = expression.match(/ml_log_sidecar_\w+/g) ?? [];
    assert.equal(names.length, 1, expression);
    named.add(names[0]!);
    const labels = families.get(names[0]!);
    assert.ok(labels, `${names[0]} is not told`);
    for (const [, by] of expression.matchAll(/ by \(([\w, ]+)\)/g))
      for (const label of by!.split(', ')) assert.ok(labels.has(label), `${names[0]} has no label ${label}`);
  }
  for (const name of families.keys())
    if (!/_(sum|count|bucket)$/.test(name) && !/start_time|poll_interval|buffer_logs/.test(name))
      assert.ok(named.has(name), `neither shows ${name}`);
  assert.match(await metrics.text(), /alert_state\{alert="latency"\} 2\n/);
});

test('failing plugins, retries, bytes and what passed the filter are counted', async () => {
  const metrics = new Metrics(['i'], { plugins: ['a', 'b'] });
  const stats = { ...createRunStats(['i']), filtered: 3, bytes: 1234, failures: { b: 2 } };
  metrics.read();
  metrics.committed(1, undefined, stats);
  const signal = new AbortController().signal;
  const server = new Trouble('a server', 'start it', Number.POSITIVE_INFINITY);
  await server.wait(new Error('away'), signal);
  server.over();
  const text = await metrics.text();
  for (const sample of [
    'plugin_errors_total{plugin="a"} 0',
    'plugin_errors_total{plugin="b"} 2',
    'document_bytes_total 1234',
    'filtered_logs_total 3',
    'server_up{server="a server"} 1',
    'server_retries_total{server="a server"} 1',
  ])
    assert.ok(text.includes(`ml_log_sidecar_${sample}\n`), sample);
  assert.match(text, /build_info\{version="\d[^"]*",node="\d[^"]*"\} 1\n/);
  const began = Number(/start_time_seconds (\d\S+)/.exec(text)![1]);
  assert.ok(Math.abs(Date.now() / 1000 - process.uptime() - began) < 5);
});
