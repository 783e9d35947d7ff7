import { type Finding, formatFigure } from '../alerts/finding.ts';
import type { AlertsState } from '../alerts/page-section.ts';
import type { BufferState } from '../buffer/disk-buffer.ts';
import type { RunStats } from '../run-stats.ts';
import { type Html, type HtmlPage, html, renderPage } from '../util/html.ts';

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
  groups: readonly { count: number; stage: string; at: string; reason: string; last: string }[];
}

/** The status of a run. It renews itself every 5 seconds where scripts run, and is complete where they don't. */
export function renderStatusPage(status: Status): HtmlPage {
  const { ready, source, sink, stats, rates } = status;
  return renderPage({
    title: 'ml-log-sidecar',
    style: STYLE,
    script: SCRIPT,
    links: [
      { href: '/', text: 'Status', current: true },
      { href: '/dashboards', text: 'Dashboards' },
      { href: '/metrics', text: 'Metrics' },
    ],
    main: html`<p role="status" class="${ready ? 'good' : 'bad'}" id="state">${ready ? 'Logs can flow.' : 'Logs can’t flow now.'}</p>
<div id="live">
<dl class="tiles">
${tile('Logs a second', rate(rates.minute), `in the last minute; ${rate(rates.fiveMinutes)} ${status.uptimeSeconds < 300 ? 'since the start' : 'over 5 minutes'}`)}
${tile('Lag', ago(status.newestLogSecondsAgo), 'age of the newest log that is safe')}
${tile('Logs', formatCount(stats.logs), `in ${duration(status.uptimeSeconds)}`)}
${tile('Gaps', formatCount(stats.gaps), stats.gaps === 0 ? 'no log was lost unread' : 'logs may have been lost unread', stats.gaps > 0)}
${tile('Dead letters', formatCount(stats.deadLetters), 'of this run', stats.deadLetters > 0)}
${tile('On their way', formatCount(status.inFlight), 'batches to the sink')}
${tile('Waiting', formatCount(status.waiting.logs), waitingNote(status.waiting), status.waiting.isFull)}
</dl>
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
    footer: html`As of <time id="now">${new Date().toISOString().slice(0, 19).replace('T', ' ')} UTC</time>. This page only reads.`,
  });
}

function waitingNote({ bytes, oldestMs, isFull }: BufferState): string {
  if (isFull) return 'the buffer is full: nothing more is read';
  const age = oldestMs === undefined ? '' : `, the oldest for ${duration(oldestMs / 1000)}`;
  return `logs for the sink; buffer ${(bytes / 1e6).toFixed(1)} MB${age}`;
}

function tile(name: string, value: string, note: string, bad = false): Html {
  return html`<div class="card"><dt>${name}</dt><dd class="value${bad ? ' bad' : ''}">${value}</dd><dd class="faint">${note}</dd></div>`;
}

function servers({ servers }: Status): Html {
  if (servers.length === 0) return html`<p class="faint">No server takes part.</p>`;
  const rows = servers.map(
    ({ name, reachable, seconds_ago, reason }) =>
      html`<li><span class="${reachable ? 'good' : 'bad'}">${reachable ? 'reached' : 'not reached'}</span> ${name}, ${duration(seconds_ago)} ago${reason === undefined ? '' : `: ${reason}`}</li>`,
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
  if ('why' in state) return html`<p class="bad">They can’t be looked at: ${state.why}</p>`;
  const rows = state.findings.map(({ rule, state: level, value, why }: Finding) => {
    const isBad = level === 'warning' || level === 'critical';
    return html`<tr><th scope="row">${rule.label}</th><td class="${isBad ? 'bad' : level === 'ok' ? 'good' : 'faint'}">${level}</td><td class="number">${value === undefined ? '–' : formatFigure(value, rule.unit)}</td><td class="number">${formatFigure(rule.warning, rule.unit)}, ${formatFigure(rule.critical, rule.unit)}</td><td>${isBad ? rule.action : (why ?? '')}</td></tr>`;
  });
  return html`<div class="scroll" role="region" aria-label="Alerts by name" tabindex="0"><table><thead><tr><th scope="col">Alert</th><th scope="col">State</th><th scope="col" class="number">Value</th><th scope="col" class="number">Warning, critical above</th><th scope="col">To do</th></tr></thead><tbody>${rows}</tbody></table></div>`;
}

function letters({ count: all, more, groups }: DeadLetterSummary): Html {
  const hint = html`<code>ml-log-sidecar dead-letters show</code> prints them`;
  if (all === 0) return html`<p>${more ? html`Too large to be shown here; ${hint}.` : 'There are none.'}</p>`;
  const rows = groups.map(
    ({ count: n, stage, at, reason, last }) =>
      html`<tr><td class="number">${formatCount(n)}</td><td>${stage} ${at}</td><td>${reason}</td><td>${last.slice(0, 19).replace('T', ' ')}</td></tr>`,
  );
  return html`<p class="faint">${more ? `The newest ${formatCount(all)} that are kept` : `All ${formatCount(all)} that are kept`}, by reason. ${hint}.</p>
<div class="scroll" role="region" aria-label="Dead letters by reason" tabindex="0"><table><thead><tr><th scope="col" class="number">Count</th><th scope="col">Where</th><th scope="col">Reason</th><th scope="col">Last, UTC</th></tr></thead><tbody>${rows}</tbody></table></div>`;
}

function formatCount(n: number): string {
  return n.toLocaleString('en');
}

function rate(perSecond: number): string {
  return perSecond >= 10 ? formatCount(Math.round(perSecond)) : perSecond.toFixed(1);
}

function ago(seconds: number | null): string {
  return seconds === null ? '–' : duration(seconds);
}

/** `4 s`, `3 min`, `5 h`, `2 days`: the largest unit that holds two of it. */
function duration(seconds: number): string {
  const units: [number, string][] = [
    [86_400, ' days'],
    [3600, ' h'],
    [60, ' min'],
  ];
  for (const [length, name] of units)
    if (seconds >= 2 * length) return `${Math.floor(seconds / length)}${name}`;
  return `${Math.round(seconds)} s`;
}

const STYLE = `
.tiles{display:grid;gap:.75rem;grid-template-columns:repeat(auto-fit,minmax(10rem,1fr));margin:0 0 .75rem}
.tiles dt{color:var(--faint);font-size:.875rem}.tiles dd{margin:0}.tiles .faint{font-size:.8125rem}
.value{font-size:1.75rem;font-weight:600;line-height:1.3;font-variant-numeric:tabular-nums}
.good{color:var(--good)}.bad{color:var(--bad)}#state{font-weight:600}
.columns{display:grid;gap:.75rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,22rem),1fr));margin-bottom:.75rem}
#live>section{margin-bottom:.75rem}section h2{margin:0 0 .5rem;font-size:1.1rem}
.ends{display:grid;grid-template-columns:auto 1fr;gap:.25rem 1rem;margin:0}.ends dt{color:var(--faint)}
.ends dd{margin:0;overflow-wrap:anywhere}.servers{padding-left:1.25rem;overflow-wrap:anywhere}td{overflow-wrap:anywhere}
`;

/** Puts in what changed; the state is said aloud, by its role, only when it is another. */
const SCRIPT = `
const renew = async () => {
  if (document.hidden) return;
  const fresh = await fetch('/', { headers: { accept: 'text/html' } }).then((answer) => answer.text()).catch(() => '');
  const page = new DOMParser().parseFromString(fresh, 'text/html');
  const state = document.getElementById('state');
  const next = page.getElementById('state');
  const [text, look] = next ? [next.textContent, next.className] : ['The sidecar does not answer.', 'bad'];
  if (state.textContent !== text) { state.textContent = text; state.className = look; }
  if (!next || document.getElementById('live').contains(document.activeElement)) return;
  for (const id of ['live', 'now']) document.getElementById(id).replaceWith(page.getElementById(id));
};
setInterval(renew, 5000);
`;
