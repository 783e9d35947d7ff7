import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { loadConfig } from '../../src/config/load.ts';
import { createRunStats, type IndexCounts, type RunStats } from '../../src/run-stats.ts';
import { setLanguage } from '../../src/terminal/messages.ts';
import { Report, type ReportOptions } from '../../src/terminal/run-report.ts';
import { root } from '../services/service.ts';

const INDICES = ['ml-api-logs', 'ml-api-message', 'ml-api-perfs', 'ml-api-top-func'];

/** The figures of the documented run. */
function figures(changes: Partial<RunStats> = {}): RunStats {
  const stats = createRunStats(INDICES);
  Object.assign(stats, { logs: 42, filtered: 38, durationMs: 1234.4 });
  const stored = [42, 38, 38, 152];
  INDICES.forEach((name, n) => {
    Object.assign(stats.indices[name]!, { stored: stored[n], events: Math.min(42, stored[n]!) });
  });
  stats.indices['ml-api-top-func']!.events = 38;
  return Object.assign(stats, changes);
}

/** A report, and a function that answers what it has printed so far. */
function report(language: 'en' | 'fr', options: Partial<ReportOptions> = {}): [Report, () => string] {
  const { config } = loadConfig({ cwd: root, env: {} });
  setLanguage(language);
  const out = new PassThrough();
  const made = new Report({
    config,
    sinkAddress: 'localhost:9200',
    follow: false,
    quiet: false,
    json: false,
    out: out as unknown as NodeJS.WriteStream,
    ...options,
  });
  let printed = '';
  // Of Node 26, one `read` answers the first chunk alone.
  const readAll = (): string => {
    for (let chunk = out.read(); chunk !== null; chunk = out.read()) printed += chunk;
    return printed;
  };
  return [made, readAll];
}

/** Everything that a run of these figures prints. */
function printed(language: 'en' | 'fr', stats: RunStats, options: Partial<ReportOptions> = {}): string {
  const [made, text] = report(language, options);
  made.begin();
  made.committed(0, undefined, stats);
  made.end(stats);
  return text();
}

function startClock(t: TestContext): void {
  t.mock.timers.enable({ apis: ['setInterval', 'Date'], now: new Date(2025, 10, 22, 10, 30, 0) });
}

test('the French summary of a single run is the documented one', () => {
  assert.equal(
    printed('fr', figures({ durationMs: 1230 })),
    `📊 Pipeline de logs - Exécution unique
===========================================
Source: redis
Elasticsearch: localhost:9200
Batch size: 100
-------------------------------------------
✅ Collecte: 42 logs récupérés
✅ Filtrage: 38 logs filtrés
✅ Indexation:
   - ml-api-logs: 42 documents
   - ml-api-message: 38 documents
   - ml-api-perfs: 38 documents
   - ml-api-top-func: 152 documents (4 par transaction)
===========================================
Durée totale: 1.23s
`,
  );
});

/** What a continuous run says at its end: the summary, without its head. */
function total(language: 'en' | 'fr', stats: RunStats): string {
  const rule = '===========================================';
  return [rule, ...printed(language, stats).split('\n').slice(6)].join('\n');
}

test('the French lines of a continuous run are the documented ones', (t) => {
  startClock(t);
  const [made, text] = report('fr', { follow: true });
  made.begin();
  made.committed(0, undefined, figures({ logs: 42 }));
  made.committed(0, undefined, figures({ logs: 42 + 15 }));
  t.mock.timers.tick(10_000);
  t.mock.timers.tick(10_000);
  made.committed(0, undefined, figures({ logs: 42 + 15 + 23 }));
  t.mock.timers.tick(10_000);
  made.end(figures({ logs: 42 + 15 + 23 }));
  assert.equal(
    text(),
    `🔄 Pipeline de logs - Mode continu (interval: 10s)
===========================================
[2025-11-22 10:30:00] ✅ Batch #1: 42 logs indexés
[2025-11-22 10:30:10] ✅ Batch #2: 15 logs indexés
[2025-11-22 10:30:20] ✅ Batch #3: 0 logs (aucun nouveau)
[2025-11-22 10:30:30] ✅ Batch #4: 23 logs indexés
${total('fr', figures({ logs: 80 }))}`,
  );
});

test('the English summary says the same', () => {
  assert.equal(
    printed('en', figures()),
    `📊 Log pipeline - Single run
===========================================
Source: redis
Elasticsearch: localhost:9200
Batch size: 100
-------------------------------------------
✅ Collected: 42 logs
✅ Filtered: 38 logs kept
✅ Indexed:
   - ml-api-logs: 42 documents
   - ml-api-message: 38 documents
   - ml-api-perfs: 38 documents
   - ml-api-top-func: 152 documents (4 per transaction)
===========================================
Total time: 1.23s
`,
  );
});

test('the English lines of a continuous run say the same, with what came behind the last one', (t) => {
  startClock(t);
  const [made, text] = report('en', { follow: true });
  made.begin();
  made.committed(0, undefined, figures({ logs: 1 }));
  t.mock.timers.tick(10_000);
  made.end(figures({ logs: 3 }));
  assert.equal(
    text(),
    `🔄 Log pipeline - Continuous mode (interval: 10s)
===========================================
[2025-11-22 10:30:00] ✅ Batch #1: 1 log indexed
[2025-11-22 10:30:10] ✅ Batch #2: 0 logs (nothing new)
[2025-11-22 10:30:10] ✅ Batch #3: 2 logs indexed
${total('en', figures({ logs: 3 }))}`,
  );
});

test('on a terminal, a long run tells how much is read, and how long the rest will take', (t) => {
  startClock(t);
  let now = 0;
  t.mock.method(performance, 'now', () => now);
  let done = 0;
  const out = Object.assign(new PassThrough(), { isTTY: true }) as unknown as NodeJS.WriteStream;
  const [made] = report('en', { out, progress: () => ({ done, total: 80e6 }) });
  made.begin();
  made.committed(0, undefined, figures({ logs: 1_000 }));
  const lineAfter = (ms: number): string => {
    now += ms;
    t.mock.timers.tick(ms);
    const lines = String((out as unknown as PassThrough).read() ?? '').split('\r\x1b[K');
    return lines.at(-1)!;
  };
  assert.doesNotMatch(lineAfter(1_500), /MB/);
  lineAfter(500);
  done = 20e6;
  assert.equal(lineAfter(500), 'MB [########......................] 25% 20/80 40/s, -2 s, 1000 logs');
  made.end(figures());
});

test('while logs wait for the sink, it never says that there is nothing new', (t) => {
  startClock(t);
  let waiting = 20;
  const [made, text] = report('en', { follow: true, waiting: () => waiting });
  made.begin();
  t.mock.timers.tick(10_000);
  waiting = 0;
  made.committed(0, undefined, figures({ logs: 20 }));
  t.mock.timers.tick(10_000);
  made.stop();
  assert.deepEqual(text().split('\n').slice(2, -1), [
    '[2025-11-22 10:30:10] ⏳ 20 logs waiting for the sink',
    '[2025-11-22 10:30:10] ✅ Batch #1: 20 logs indexed',
    '[2025-11-22 10:30:20] ✅ Batch #2: 0 logs (nothing new)',
  ]);
});

test('what went wrong, and what was there already, is told where there is any', () => {
  const stats = figures({ deadLetters: 3, gaps: 1 });
  const logs = stats.indices['ml-api-logs'] as IndexCounts;
  Object.assign(logs, { stored: 30, existing: 12, refused: 0 });
  stats.indices['ml-api-message']!.refused = 2;
  const lines = (language: 'en' | 'fr'): string[] => printed(language, stats).split('\n').slice(13, -3);
  assert.deepEqual(lines('fr'), [
    '♻️  Déjà présents: 12 documents',
    '⚠️  Refusés: 2 documents',
    '⚠️  Lettres mortes: 3, avec leurs raisons dans ./data/dead-letters',
    "⚠️  Trous: 1 (des logs ont pu être effacés avant d'être lus)",
  ]);
  assert.deepEqual(lines('en'), [
    '♻️  Already there: 12 documents',
    '⚠️  Refused: 2 documents',
    '⚠️  Dead letters: 3, with their reasons in ./data/dead-letters',
    '⚠️  Gaps: 1 (logs may have been trimmed before they could be read)',
  ]);
});

test('what went wrong in a continuous run is told beside its batch, once', (t) => {
  startClock(t);
  const [made, text] = report('fr', { follow: true });
  made.begin();
  made.committed(0, undefined, figures({ deadLetters: 2 }));
  t.mock.timers.tick(10_000);
  const stats = figures({ logs: 50, deadLetters: 2, gaps: 1 });
  stats.indices['ml-api-logs']!.existing = 5;
  made.committed(0, undefined, stats);
  t.mock.timers.tick(10_000);
  made.stop();
  assert.deepEqual(text().split('\n').slice(2, -1), [
    '[2025-11-22 10:30:00] ✅ Batch #1: 42 logs indexés (2 lettres mortes)',
    '[2025-11-22 10:30:10] ✅ Batch #2: 0 logs (aucun nouveau)',
    '[2025-11-22 10:30:20] ✅ Batch #3: 8 logs indexés (5 documents déjà présents, 1 trous)',
  ]);
});

test('a mean that is no whole number has one decimal, and none is told where each event makes one document', () => {
  const stats = figures();
  stats.indices['ml-api-top-func'] = { stored: 150, existing: 0, refused: 0, events: 38 };
  assert.match(printed('fr', stats), /ml-api-top-func: 150 documents \(3\.9 par transaction\)\n/);
  stats.indices['ml-api-top-func'] = { stored: 0, existing: 0, refused: 0, events: 0 };
  assert.match(printed('fr', stats), /ml-api-top-func: 0 documents\n/);
});

test('as JSON, the figures are one object and nothing else is printed', () => {
  for (const follow of [false, true]) {
    assert.deepEqual(JSON.parse(printed('fr', figures(), { json: true, follow })), figures());
  }
});

test('quietly, nothing is printed', () => {
  for (const follow of [false, true]) assert.equal(printed('fr', figures(), { quiet: true, follow }), '');
});

test('once stopped, it prints no more', (t) => {
  startClock(t);
  const [made, text] = report('en', { follow: true });
  made.begin();
  made.stop();
  const head = text();
  t.mock.timers.tick(60_000);
  assert.equal(text(), head);
});

test('dead letters are told with the first reason, and the command that lists them', () => {
  const stats = figures({ deadLetters: 3, firstLetter: { at: 'ml-api-message', reason: 'bad\x1b[2J' } });
  assert.match(
    printed('en', stats),
    /Dead letters: 3, .*\n {3}The first, at ml-api-message: bad\\x1b\[2J\n {3}All of them: ml-log-sidecar dead-letters list\n/,
  );
});
