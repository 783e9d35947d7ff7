import { type Finding, formatFigure } from '../alerts/finding.ts';
import type { AlertsState } from '../alerts/page-section.ts';
import type { BufferState } from '../buffer/disk-buffer.ts';
import type { ReasonGroup } from '../letter.ts';
import type { RunStats } from '../run-stats.ts';
import { type Html, type HtmlPage, html, renderPage } from '../util/html.ts';
import { renderTiles, type Tile } from '../util/tiles.ts';
import { formatTime } from '../util/time.ts';
import { describeProgram, formatDuration, linksOf } from './pages.ts';

/** What the page tells of a run. */
export interface Status {
  ready: boolean;
  /** `redis at localhost:6379/0 api_logs`. */
  source: string;
  /** `elasticsearch at localhost:9200`. */
  sink: string;
  /** The servers of source and sink, as they answered last. */
  servers: readonly { name: string; reachable: boolean; seconds_ago: number; reason?: string }[];
  /** Logs a second, over the last minute and the last five. */
  rates: { minute: number; fiveMinutes: number };
  stats: RunStats;
  inFlight: number;
  pauseMs: number | undefined;
  newestLogSecondsAgo: number | null;
  lastCommitSecondsAgo: number | null;
  uptimeSeconds: number;
  /** What was read and waits for the sink. */
  waiting: BufferState;
  /** Where there is an Elasticsearch to ask. */
  alerts: AlertsState | undefined;
  deadLetters: DeadLetterSummary;
}

/** The newest dead letters, by their reasons. */
export interface DeadLetterSummary {
  /** How many were looked at. */
  count: number;
  /** There are older ones, which were not. */
  more: boolean;
  groups: readonly ReasonGroup[];
}

/** The status of a run. It renews itself every 5 seconds where scripts run, and is complete where they don't. */
export function renderStatusPage(status: Status): HtmlPage {
  const { ready, source, sink, stats, rates, uptimeSeconds, waiting } = status;
  const over = uptimeSeconds < 300 ? 'since the start' : 'over 5 minutes';
  const isLost = stats.gaps > 0;
  const tiles: Tile[] = [
    {
      name: 'Logs a second',
      value: rate(rates.minute),
      note: `in the last minute; ${rate(rates.fiveMinutes)} ${over}`,
    },
    { name: 'Lag', value: ago(status.newestLogSecondsAgo), note: 'age of the newest log that is safe' },
    { name: 'Logs', value: formatCount(stats.logs), note: `in ${formatDuration(uptimeSeconds)}` },
    {
      name: 'Gaps',
      value: formatCount(stats.gaps),
      note: isLost ? `at least ${formatCount(stats.lost)} logs lost unread` : 'no log was lost unread',
      state: isLost ? 'bad' : undefined,
    },
    {
      name: 'Dead letters',
      value: formatCount(stats.deadLetters),
      note: 'of this run',
      state: stats.deadLetters > 0 ? 'bad' : undefined,
    },
    { name: 'On their way', value: formatCount(status.inFlight), note: 'batches to the sink' },
    {
      name: 'Waiting',
      value: formatCount(waiting.logs),
      note: waitingNote(waiting),
      state: waiting.isFull ? 'bad' : undefined,
    },
  ];
  return renderPage({
    title: 'ml-log-sidecar',
    style: STYLE,
    renewSeconds: 5,
    links: linksOf('/'),
    main: html`<p role="status" class="${ready ? 'good' : 'bad'}" id="state">${ready ? 'Logs can flow.' : 'Logs can’t flow now.'}</p>
<div id="live">
${renderTiles(tiles)}
<div class="columns">
<section class="card" aria-labelledby="ends"><h2 id="ends">Source and sink</h2>
<dl class="ends"><dt>Source</dt><dd>${source}</dd><dt>Sink</dt><dd>${sink}</dd>
<dt>Last commit</dt><dd>${ago(status.lastCommitSecondsAgo)}${status.lastCommitSecondsAgo === null ? '' : ' ago'}</dd>
${status.pauseMs === undefined ? '' : html`<dt>Reads every</dt><dd>${(status.pauseMs / 1000).toFixed(1)} s</dd>`}</dl>
${servers(status)}</section>
<section class="card" aria-labelledby="documents"><h2 id="documents">Documents</h2>${documents(stats)}</section>
</div>
${status.alerts === undefined ? '' : html`<section class="card" aria-labelledby="alerts"><h2 id="alerts">Alerts</h2>${alerts(status.alerts)}</section>`}
<section class="card" aria-labelledby="letters"><h2 id="letters">Dead letters</h2>${letters(status.deadLetters)}</section>
</div>`,
    footer: html`As of <time id="now">${formatTime(Date.now())}</time>. ${describeProgram()}. This page only reads; <a href="/metrics">/metrics</a> has its figures for Prometheus.`,
  });
}

function waitingNote({ bytes, oldestMs, isFull }: BufferState): string {
  if (isFull) return 'the buffer is full: nothing more is read';
  const age = oldestMs === undefined ? '' : `, the oldest for ${formatDuration(oldestMs / 1000)}`;
  return `logs for the sink; buffer ${(bytes / 1e6).toFixed(1)} MB${age}`;
}

function servers({ servers }: Status): Html {
  if (servers.length === 0) return html`<p class="faint">No server takes part.</p>`;
  const rows = servers.map(
    ({ name, reachable, seconds_ago, reason }) =>
      html`<li><span class="${reachable ? 'good' : 'bad'}">${reachable ? 'reached' : 'not reached'}</span> ${name}, ${formatDuration(seconds_ago)} ago${reason === undefined ? '' : `: ${reason}`}</li>`,
  );
  return html`<ul class="servers">${rows}</ul>`;
}

function documents({ indices }: RunStats): Html {
  const rows = Object.entries(indices).map(
    ([name, { stored, existing, refused }]) =>
      html`<tr><th scope="row">${name}</th><td class="number">${formatCount(stored)}</td><td class="number">${formatCount(existing)}</td><td class="number${refused > 0 ? ' bad' : ''}">${formatCount(refused)}</td></tr>`,
  );
  return html`<div class="scroll" role="region" aria-label="Documents by index" tabindex="0"><table><thead><tr><th scope="col">Index</th><th scope="col" class="number">stored</th><th scope="col" class="number">there before</th><th scope="col" class="number">refused</th></tr></thead><tbody>${rows}</tbody></table></div>`;
}

function alerts(state: AlertsState): Html {
  const STATES = { ok: 'good', warning: 'warning', critical: 'bad', 'no data': 'faint' };
  if ('why' in state) return html`<p class="bad">They can’t be looked at: ${state.why}</p>`;
  const rows = state.findings.map(({ rule, state: level, value, why }: Finding) => {
    const isBad = level === 'warning' || level === 'critical';
    return html`<tr><th scope="row">${rule.label}</th><td data-label="State" class="${STATES[level]}">${level}</td><td data-label="Value" class="number">${value === undefined ? '–' : formatFigure(value, rule.unit)}</td><td data-label="Warning, critical above" class="number">${formatFigure(rule.warning, rule.unit)}, ${formatFigure(rule.critical, rule.unit)}</td><td data-label="To do">${isBad ? rule.action : (why ?? '')}</td></tr>`;
  });
  return html`<div class="scroll" role="region" aria-label="Alerts by name" tabindex="0"><table class="stack"><thead><tr><th scope="col">Alert</th><th scope="col">State</th><th scope="col" class="number">Value</th><th scope="col" class="number">Warning, critical above</th><th scope="col">To do</th></tr></thead><tbody>${rows}</tbody></table></div>`;
}

function letters({ count: all, more, groups }: DeadLetterSummary): Html {
  if (all === 0)
    return html`<p>${more ? html`Too large to be shown here; <code>ml-log-sidecar dead-letters show</code> prints them.` : 'There are none.'}</p>`;
  const rows = groups.map(({ count: n, stage, at, reason, first, last }) => {
    const command = `ml-log-sidecar dead-letters show --stage ${stage} --since ${first.slice(0, 19)}Z`;
    return html`<tr><td data-label="Count" class="number">${formatCount(n)}</td><td data-label="Where">${stage} ${at}</td><td data-label="Reason">${reason}</td><td data-label="Last, UTC">${last.slice(0, 19).replace('T', ' ')}</td><td data-label="Look at them"><code>${command}</code></td></tr>`;
  });
  return html`<p class="faint">${more ? `The newest ${formatCount(all)} that are kept` : `All ${formatCount(all)} that are kept`}, by reason. <code>ml-log-sidecar dead-letters replay</code> sends them once more.</p>
<div class="scroll" role="region" aria-label="Dead letters by reason" tabindex="0"><table class="stack"><thead><tr><th scope="col" class="number">Count</th><th scope="col">Where</th><th scope="col">Reason</th><th scope="col">Last, UTC</th><th scope="col">Look at them</th></tr></thead><tbody>${rows}</tbody></table></div>`;
}

function formatCount(n: number): string {
  return n.toLocaleString('en');
}

function rate(perSecond: number): string {
  return perSecond >= 10 ? formatCount(Math.round(perSecond)) : perSecond.toFixed(1);
}

function ago(seconds: number | null): string {
  return seconds === null ? '–' : formatDuration(seconds);
}

const STYLE = `
.columns{display:grid;gap:.75rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,22rem),1fr));margin-bottom:.75rem}
#live>section{margin-bottom:.75rem}section h2{margin:0 0 .5rem;font-size:1.1rem}
.ends{display:grid;grid-template-columns:auto 1fr;gap:.25rem 1rem;margin:0}.ends dt{color:var(--faint)}
.ends dd{margin:0;overflow-wrap:anywhere}.servers{padding-left:1.25rem;overflow-wrap:anywhere}td{overflow-wrap:anywhere}
`;
