import { type Finding, formatFigure } from '../alerts/finding.ts';
import type { AlertsState } from '../alerts/page-section.ts';
import type { BufferState } from '../buffer/disk-buffer.ts';
import type { ReasonGroup } from '../letter.ts';
import type { RunStats } from '../run-stats.ts';
import { currentLanguage, quote, type Said, t, translateTitle } from '../terminal/messages.ts';
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
  const isLost = stats.gaps > 0;
  const tiles: Tile[] = [
    {
      name: t('Logs a second'),
      value: rate(rates.minute),
      note: t(
        uptimeSeconds < 300
          ? 'in the last minute; {rate} since the start'
          : 'in the last minute; {rate} over 5 minutes',
        { rate: rate(rates.fiveMinutes) },
      ),
    },
    { name: t('Lag'), value: ago(status.newestLogSecondsAgo), note: t('age of the newest log that is safe') },
    {
      name: quote('Logs'),
      value: formatCount(stats.logs),
      note: t('in {duration}', { duration: formatDuration(uptimeSeconds) }),
    },
    {
      name: t('Gaps'),
      value: formatCount(stats.gaps),
      note: isLost
        ? t('at least {count} logs lost unread', { count: formatCount(stats.lost) })
        : t('no log was lost unread'),
      state: isLost ? 'bad' : undefined,
    },
    {
      name: t('Dead letters'),
      value: formatCount(stats.deadLetters),
      note: t('of this run'),
      state: stats.deadLetters > 0 ? 'bad' : undefined,
    },
    { name: t('On their way'), value: formatCount(status.inFlight), note: t('batches to the sink') },
    {
      name: t('Waiting'),
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
    main: html`<p role="status" class="${ready ? 'good' : 'bad'}" id="state">${t(ready ? 'Logs can flow.' : 'Logs can’t flow now.')}</p>
<div id="live">
${renderTiles(tiles)}
<div class="columns">
<section class="card" aria-labelledby="ends"><h2 id="ends">${t('Source and sink')}</h2>
<dl class="ends"><dt>Source</dt><dd>${source}</dd><dt>${t('Sink')}</dt><dd>${sink}</dd>
<dt>${t('Last commit')}</dt><dd>${status.lastCommitSecondsAgo === null ? '–' : t('{duration} ago', { duration: formatDuration(status.lastCommitSecondsAgo) })}</dd>
${status.pauseMs === undefined ? '' : html`<dt>${t('Reads every')}</dt><dd>${(status.pauseMs / 1000).toFixed(1)} s</dd>`}</dl>
${servers(status)}</section>
<section class="card" aria-labelledby="documents"><h2 id="documents">Documents</h2>${documents(stats)}</section>
</div>
${status.alerts === undefined ? '' : html`<section class="card" aria-labelledby="alerts"><h2 id="alerts">${t('Alerts')}</h2>${alerts(status.alerts)}</section>`}
<section class="card" aria-labelledby="letters"><h2 id="letters">${t('Dead letters')}</h2>${letters(status.deadLetters)}</section>
</div>`,
    footer: html`${t('As of')} <time id="now">${formatTime(Date.now())}</time>. ${describeProgram()}. ${t('This page only reads; its figures for Prometheus:')} <a href="/metrics">/metrics</a>.`,
  });
}

function waitingNote({ bytes, oldestMs, isFull }: BufferState): Said {
  if (isFull) return t('the buffer is full: nothing more is read');
  const size = (bytes / 1e6).toFixed(1);
  if (oldestMs === undefined) return t('logs for the sink; buffer {size} MB', { size });
  const age = formatDuration(oldestMs / 1000);
  return t('logs for the sink; buffer {size} MB, the oldest for {age}', { size, age });
}

function servers({ servers }: Status): Html {
  if (servers.length === 0) return html`<p class="faint">${t('No server takes part.')}</p>`;
  const rows = servers.map(
    ({ name, reachable, seconds_ago, reason }) =>
      html`<li><span class="${reachable ? 'good' : 'bad'}">${t(reachable ? 'reached' : 'not reached')}</span> ${name}, ${t('{duration} ago', { duration: formatDuration(seconds_ago) })}${reason === undefined ? '' : `: ${reason}`}</li>`,
  );
  return html`<ul class="servers">${rows}</ul>`;
}

function documents({ indices }: RunStats): Html {
  const rows = Object.entries(indices).map(
    ([name, { stored, existing, refused }]) =>
      html`<tr><th scope="row">${name}</th><td class="number">${formatCount(stored)}</td><td class="number">${formatCount(existing)}</td><td class="number${refused > 0 ? ' bad' : ''}">${formatCount(refused)}</td></tr>`,
  );
  return html`<div class="scroll" role="region" aria-label="${t('Documents by index')}" tabindex="0"><table><thead><tr><th scope="col">Index</th><th scope="col" class="number">${t('stored')}</th><th scope="col" class="number">${t('already there')}</th><th scope="col" class="number">${t('refused')}</th></tr></thead><tbody>${rows}</tbody></table></div>`;
}

function alerts(state: AlertsState): Html {
  const STATES = { ok: 'good', warning: 'warning', critical: 'bad', 'no data': 'faint' };
  if ('why' in state)
    return html`<p class="bad">${t('They can’t be looked at: {why}', { why: state.why })}</p>`;
  const rows = state.findings.map(({ rule, state: level, value, why }: Finding) => {
    const isBad = level === 'warning' || level === 'critical';
    return html`<tr><th scope="row">${translateTitle(rule.label)}</th><td data-label="${t('State')}" class="${STATES[level]}">${t(level)}</td><td data-label="${t('Value')}" class="number">${value === undefined ? '–' : formatFigure(value, rule.unit)}</td><td data-label="${t('Warning, critical above')}" class="number">${formatFigure(rule.warning, rule.unit)}, ${formatFigure(rule.critical, rule.unit)}</td><td data-label="${t('To do')}">${isBad ? withCode(translateTitle(rule.action)) : (why ?? '')}</td></tr>`;
  });
  return html`<div class="scroll" role="region" aria-label="${t('Alerts by name')}" tabindex="0"><table class="stack"><thead><tr><th scope="col">${t('Alert')}</th><th scope="col">${t('State')}</th><th scope="col" class="number">${t('Value')}</th><th scope="col" class="number">${t('Warning, critical above')}</th><th scope="col">${t('To do')}</th></tr></thead><tbody>${rows}</tbody></table></div>`;
}

function letters({ count: all, more, groups }: DeadLetterSummary): Html {
  if (all === 0)
    return html`<p>${more ? html`${t('Too large to be shown here:')} <code>ml-log-sidecar dead-letters show</code>` : t('There are none.')}</p>`;
  const rows = groups.map(({ count: n, stage, at, reason, first, last }) => {
    const command = `ml-log-sidecar dead-letters show --stage ${stage} --since ${first.slice(0, 19)}Z`;
    return html`<tr><td data-label="${t('Count')}" class="number">${formatCount(n)}</td><td data-label="${t('Where')}">${at === stage ? stage : `${stage} ${at}`}</td><td data-label="${t('Reason')}">${reason}</td><td data-label="${t('Last, UTC')}">${last.slice(0, 19).replace('T', ' ')}</td><td data-label="${t('Look at them')}"><code>${command}</code></td></tr>`;
  });
  return html`<p class="faint">${t(more ? 'The newest {count} that are kept, by reason.' : 'All {count} that are kept, by reason.', { count: formatCount(all) })} ${t('To send them once more:')} <code>ml-log-sidecar dead-letters replay</code></p>
<div class="scroll" role="region" aria-label="${t('Dead letters by reason')}" tabindex="0"><table class="stack"><thead><tr><th scope="col" class="number">${t('Count')}</th><th scope="col">${t('Where')}</th><th scope="col">${t('Reason')}</th><th scope="col">${t('Last, UTC')}</th><th scope="col">${t('Look at them')}</th></tr></thead><tbody>${rows}</tbody></table></div>`;
}

/** A text in which commands stand between backticks. */
function withCode(text: string): Html {
  return html`${text.split('`').map((part, n) => (n % 2 === 1 ? html`<code>${part}</code>` : part))}`;
}

function formatCount(n: number): string {
  return n.toLocaleString(currentLanguage());
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
