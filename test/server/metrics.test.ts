import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRunStats } from '../../src/run-stats.ts';
import { Metrics } from '../../src/server/metrics.ts';

/** The samples of Prometheus' text format: `name{labels}` to value. */
function samplesIn(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at).replace('ml_log_sidecar_', ''), Number(line.slice(at + 1))];
    }),
  );
}

test('every figure is told from the start, with help and a unit or _total in its name', async () => {
  const text = await new Metrics(['ml-api-logs']).text();
  const names = [...text.matchAll(/^# TYPE (\S+) (\S+)/gm)];
  assert.ok(names.length >= 10);
  for (const [, name, type] of names) {
    assert.match(text, new RegExp(`^# HELP ${name} [A-Z].{20,}\\.$`, 'm'));
    assert.match(name!, type === 'counter' ? /_total$/ : /_(seconds|bytes|in_flight|info|up)$/);
  }
  const samples = samplesIn(text);
  for (const outcome of ['stored', 'existing', 'refused'])
    assert.equal(samples.get(`documents_total{index="ml-api-logs",outcome="${outcome}"}`), 0);
  assert.ok(Number.isNaN(samples.get('lag_seconds')), 'nothing is committed yet');
});

test('figures follow what the pipeline tells, however often they are read', async () => {
  const metrics = new Metrics(['ml-api-logs']);
  const stats = createRunStats(['ml-api-logs']);
  metrics.opened();
  metrics.read();
  metrics.read();
  metrics.written(0.2);
  Object.assign(stats, { logs: 7, deadLetters: 2, gaps: 1 });
  stats.indices['ml-api-logs'] = { stored: 4, existing: 3, refused: 2, events: 7 };
  const newest = new Date(Date.now() - 60_000).toISOString();
  metrics.committed(0.3, newest, stats);
  metrics.paused(1500);
  await metrics.text();
  const samples = samplesIn(await metrics.text());
  const expected: Record<string, number> = {
    logs_read_total: 7,
    dead_letters_total: 2,
    gaps_total: 1,
    'documents_total{index="ml-api-logs",outcome="stored"}': 4,
    'documents_total{index="ml-api-logs",outcome="existing"}': 3,
    'documents_total{index="ml-api-logs",outcome="refused"}': 2,
    batches_in_flight: 1,
    poll_interval_seconds: 1.5,
    batch_duration_seconds_count: 1,
    'batch_duration_seconds_bucket{le="0.25"}': 0,
    'batch_duration_seconds_bucket{le="0.5"}': 1,
    sink_duration_seconds_sum: 0.2,
  };
  for (const [name, value] of Object.entries(expected)) assert.equal(samples.get(name), value, name);
  const lag = samples.get('lag_seconds')!;
  assert.ok(lag >= 60 && lag < 120, `${lag}`);
  assert.ok(samples.get('resident_memory_bytes')! > 1e6);
});

test('an older batch, or one without times, does not set the lag back', async () => {
  const metrics = new Metrics([]);
  metrics.committed(0, '2026-11-24T19:26:39.000Z', createRunStats([]));
  metrics.committed(0, '2026-11-24T19:26:00.000Z', createRunStats([]));
  metrics.committed(0, undefined, createRunStats([]));
  assert.equal(metrics.newestAt, Date.parse('2026-11-24T19:26:39.000Z'));
});
