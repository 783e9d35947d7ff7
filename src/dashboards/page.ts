import { Html, type HtmlPage, html, renderPage } from '../util/html.ts';
import { formatTime } from '../util/time.ts';
import type { Picture } from './draw.ts';
import type { DrawnDashboard } from './pictures.ts';
import { DARK, LIGHT, writeVariables } from './theme.ts';
import type { TimeRange } from './time-range.ts';

/** What a page of dashboards shows. */
export interface DashboardsPage {
  dashboards: readonly DrawnDashboard[];
  range: TimeRange;
  /** Where the data is from: `Elasticsearch at localhost:9200`. */
  source: string;
  /** Other pages that it links to. */
  links?: readonly { href: string; text: string; current?: boolean }[];
  /** What chooses the time. */
  form?: Html;
  /** To be opened as a file. */
  standalone?: boolean;
}

/** A page with every chart as a picture, and its numbers as a table. The pictures are drawn in the colours `BY_PAGE`. */
export function renderDashboards(shows: DashboardsPage): HtmlPage {
  const { dashboards, range, source, links = [], form, standalone = false } = shows;
  const anchors = dashboards.map(({ id, title }) => ({ href: `#${id}`, text: title }));
  return renderPage({
    title: 'Dashboards of the ML API',
    style: STYLE,
    links: [...links, ...anchors],
    standalone,
    main: html`<p>From <strong>${formatTime(range.from)}</strong> to <strong>${formatTime(range.to)}</strong>, in ${source}.</p>
${form}
${dashboards.map(renderSection)}`,
    footer: html`Drawn by ml-log-sidecar, ${formatTime(Date.now())}. All times are UTC.`,
  });
}

function renderSection({ id, title, description, pictures }: DrawnDashboard): Html {
  return html`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
<p class="faint">${description}</p>
<div class="charts of-${pictures.length}">${pictures.map(figure)}</div>
</section>`;
}

function figure({ id, title, description, svg, table }: Picture): Html {
  const { columns, rows } = table;
  const head = columns.map(
    ({ title, numeric }) => html`<th scope="col"${numeric ? NUMBER : ''}>${title}</th>`,
  );
  const body = rows.map(
    (row) =>
      html`<tr>${row.map((cell, n) => html`<td${columns[n]?.numeric ? NUMBER : ''}>${cell}</td>`)}</tr>\n`,
  );
  const numbers = html`<details><summary>Numbers<span class="unseen"> of ${title}</span></summary>
<div class="scroll" role="region" aria-label="Numbers of ${title}" tabindex="0"><table>
<thead><tr>${head}</tr></thead>
<tbody>${body}</tbody>
</table></div></details>`;
  return html`<figure class="card" id="chart-${id}">
<figcaption><h3>${title}</h3><p class="faint">${description}</p></figcaption>
${svg === '' ? html`<p class="empty">Nothing in this time.</p>` : html`${inline(svg, title)}${numbers}`}
</figure>`;
}

const NUMBER = html` class="number"`;

/** An SVG document as an image of the page, that fills its place. */
function inline(svg: string, title: string): Html {
  const root = /^<svg[^>]*>/.exec(svg)?.[0] ?? '';
  const viewBox = / viewBox="([\d. ]+)"/.exec(root)?.[1] ?? '';
  const opening = html`<svg viewBox="${viewBox}" role="img" aria-label="Picture: ${title}">`;
  return new Html(opening.text + svg.slice(root.length));
}

const STYLE = `
:root{${writeVariables(LIGHT)}}
@media(prefers-color-scheme:dark){:root{${writeVariables(DARK)}}}
.charts{display:grid;gap:1rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,22rem),1fr))}
@media(min-width:50rem){.charts.of-4{grid-template-columns:1fr 1fr}}
figure{display:flex;flex-direction:column}figcaption p{font-size:.875rem}
figure svg{display:block;width:100%;max-width:36rem;height:auto;margin:0 auto}
.empty{margin:auto;padding:4rem 0;color:var(--faint)}
details{margin-top:.5rem}summary{cursor:pointer;color:var(--accent);font-size:.875rem;padding:.25rem 0}
details .scroll{max-height:20rem}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.when{display:flex;flex-wrap:wrap;gap:.5rem 1rem;align-items:end}
.when form{display:flex;flex-wrap:wrap;gap:.5rem;align-items:end}
.when label{display:block;font-size:.875rem;color:var(--faint)}
.when input,.when button{font:inherit;padding:.25rem .5rem;color:var(--ink);background:var(--card);
border:1px solid var(--faint);border-radius:.25rem;min-height:2.25rem}
`;
