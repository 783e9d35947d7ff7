import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRunStats } from '../../src/run-stats.ts';
import { renderStatusPage, type Status } from '../../src/server/status-page.ts';
import { setLanguage } from '../../src/terminal/messages.ts';

/** A run that began a moment ago, and has nothing to complain of. */
const FRESH: Status = {
  ready: true,
  source: 'redis at localhost:6379/0 api_logs',
  sink: 'elasticsearch at localhost:9200',
  servers: [],
  rates: { minute: 0, fiveMinutes: 0 },
  stats: createRunStats(['ml-api-logs']),
  inFlight: 0,
  pauseMs: undefined,
  newestLogSecondsAgo: null,
  lastCommitSecondsAgo: null,
  uptimeSeconds: 4,
  waiting: { logs: 0, bytes: 0, oldestMs: undefined, isFull: false },
  alerts: undefined,
  deadLetters: { count: 0, more: false, groups: [] },
};

/** The words of the page's main part, as somebody reads them. */
function wordsOf(status: Partial<Status>): string {
  const { html } = renderStatusPage({ ...FRESH, ...status });
  const main = /<main[^>]*>([\s\S]*)<\/main>/.exec(html);
  assert.ok(main, 'it has a main part');
  return main[1]!
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

test('a run that begins: nothing is claimed that is not known yet', () => {
  const words = wordsOf({});
  assert.match(words, /^Logs can flow\. Logs a second 0\.0 in the last minute; 0\.0 since the start Lag – /);
  assert.match(words, /Gaps 0 no log was lost unread Dead letters 0 of this run/);
  assert.match(words, /No server takes part\. /);
  assert.match(words, /Last commit – No server/);
  assert.match(words, /There are none\.$/);
  assert.doesNotMatch(words, /Alerts|Reads every/);
});

test('figures are told in the unit that suits them', () => {
  const stats = { ...createRunStats(['ml-api-logs']), logs: 1_234_567 };
  const words = wordsOf({
    stats,
    rates: { minute: 1_234.6, fiveMinutes: 9.94 },
    newestLogSecondsAgo: 150,
    lastCommitSecondsAgo: 3,
    uptimeSeconds: 3 * 86_400,
    pauseMs: 1_250,
  });
  assert.match(words, /Logs a second 1,235 in the last minute; 9\.9 over 5 minutes Lag 2 min /);
  assert.match(words, /Logs 1,234,567 in 3 days/);
  assert.match(words, /Last commit 3 s ago Reads every 1\.3 s/);
});

test('trouble is told: a server away, gaps, refused documents, a full buffer', () => {
  const stats = createRunStats(['ml-api-logs']);
  stats.gaps = 2;
  stats.indices['ml-api-logs']!.refused = 7;
  const words = wordsOf({
    ready: false,
    stats,
    servers: [
      { name: 'Redis at localhost:6379', reachable: true, seconds_ago: 1 },
      {
        name: 'Elasticsearch at localhost:9200',
        reachable: false,
        seconds_ago: 70,
        reason: 'connect ECONNREFUSED',
      },
    ],
    waiting: { logs: 5_000, bytes: 1_073_741_824, oldestMs: 7_200_000, isFull: true },
  });
  assert.match(words, /^Logs can’t flow now\./);
  assert.match(words, /Gaps 2 at least 0 logs lost unread/);
  assert.match(words, /Waiting 5,000 the buffer is full: nothing more is read/);
  assert.match(words, /reached Redis at localhost:6379, 1 s ago/);
  assert.match(words, /not reached Elasticsearch at localhost:9200, 70 s ago: connect ECONNREFUSED/);
  assert.match(words, /ml-api-logs 0 0 7/);
});

test('what waits is told with its size and age', () => {
  const words = wordsOf({ waiting: { logs: 20, bytes: 1_550_000, oldestMs: 9_000, isFull: false } });
  assert.match(words, /Waiting 20 logs for the sink; buffer 1\.6 MB, the oldest for 9 s/);
});

test('dead letters are grouped, and the command to look at them is named', () => {
  const group = {
    count: 3,
    stage: 'sink',
    at: 'ml-api-logs',
    reason: 'failed to parse',
    first: '2026-11-24T19:25:00.000Z',
    last: '2026-11-24T19:26:39.123Z',
  };
  const words = wordsOf({ deadLetters: { count: 3, more: false, groups: [group] } });
  assert.match(
    words,
    /All 3 that are kept, by reason\. To send them once more: ml-log-sidecar dead-letters replay/,
  );
  assert.match(
    words,
    /3 sink ml-api-logs failed to parse 2026-11-24 19:26:39 ml-log-sidecar dead-letters show --stage sink --since 2026-11-24T19:25:00Z/,
  );
});

test('alerts that can’t be looked at say why', () => {
  assert.match(
    wordsOf({ alerts: { why: 'Elasticsearch is away' } }),
    /They can’t be looked at: Elasticsearch is away/,
  );
});

test('what a log or a server wrote is text, not markup', () => {
  const evil = '<script>alert(1)</script>"\'&';
  const group = { count: 1, stage: 'parse', at: evil, reason: evil, first: '', last: '' };
  const { html, policy } = renderStatusPage({
    ...FRESH,
    source: evil,
    servers: [{ name: evil, reachable: false, seconds_ago: 1, reason: evil }],
    alerts: { why: evil },
    deadLetters: { count: 1, more: false, groups: [group] },
  });
  assert.ok(!html.includes('<script>alert'));
  assert.equal(html.split('&lt;script&gt;alert(1)').length - 1, 6);
  assert.match(policy, /script-src 'sha256-/);
});

test('under a French locale the page is French', () => {
  setLanguage('fr');
  try {
    const words = wordsOf({ ready: false, stats: { ...createRunStats(['ml-api-logs']), logs: 1_234_567 } });
    assert.match(words, /^Les logs ne peuvent pas passer/);
    assert.match(words, /Logs 1\s234\s567 en 4 s Trous 0 aucun log n&#39;a été perdu/);
    assert.match(words, /Lettres mortes Il n&#39;y en a pas\.$/);
    assert.match(renderStatusPage(FRESH).html, /<html lang="fr">/);
  } finally {
    setLanguage('en');
  }
});
