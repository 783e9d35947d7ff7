import { t } from '../terminal/messages.ts';
import { type Html, html } from '../util/html.ts';
import type { TimeRange } from './time-range.ts';

/** The times of a request as they were given; an end that is empty is that of the data. */
export interface TimeQuery {
  from: string;
  to: string;
}

const CHOICES = [
  ['now-15m', '15 minutes'],
  ['now-1h', '1 hour'],
  ['now-24h', '24 hours'],
  ['now-7d', '7 days'],
  ['now-30d', '30 days'],
  ['', 'All'],
] as const;

/** Chooses the time that is looked at, by links and by a form, with no script. */
export function renderTimeForm({ from, to }: TimeQuery, range?: TimeRange): Html {
  const links = CHOICES.map(([begin, text]) => {
    const end = begin === '' ? '' : 'now';
    const current = begin === from && end === to;
    return html`<li><a href="/dashboards?from=${begin}&to=${end}"${current ? html` aria-current="page"` : ''}>${t(text)}</a></li>`;
  });
  const local = (ms: number | undefined): string =>
    ms === undefined ? '' : new Date(ms).toISOString().slice(0, 19);
  return html`<div class="when">
<nav aria-label="${t('Time shown')}"><ul>${links}</ul></nav>
<form action="/dashboards" method="get">
<p><label for="from">${t('From, UTC')}</label><input type="datetime-local" step="1" id="from" name="from" value="${local(range?.from)}"></p>
<p><label for="to">${t('To, UTC')}</label><input type="datetime-local" step="1" id="to" name="to" value="${local(range && Math.ceil(range.to / 1000) * 1000)}"></p>
<p><button>${t('Show')}</button></p>
</form>
</div>`;
}

/** CSS for the form. */
export const TIME_FORM_STYLE = `
.when{display:flex;flex-wrap:wrap;gap:.5rem 1rem;align-items:end;margin-bottom:1rem}
.when form{display:flex;flex-wrap:wrap;gap:.5rem;align-items:end}
.when label{display:block;font-size:.875rem;color:var(--faint)}
.when input,.when button{font:inherit;padding:.25rem .5rem;color:var(--ink);background:var(--card);
border:1px solid var(--faint);border-radius:.25rem;min-height:2.25rem}
`;
