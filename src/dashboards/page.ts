import type { Config } from '../config/schema.ts';
import { createDiscoverLink } from '../kibana/discover.ts';
import { t } from '../terminal/messages.ts';
import { Html, type HtmlPage, html, renderPage } from '../util/html.ts';
import { renderTiles, type Tile } from '../util/tiles.ts';
import { formatTime } from '../util/time.ts';
import { VERSION } from '../util/version.ts';
import type { Look, Picture } from './draw.ts';
import type { DrawnDashboard } from './pictures.ts';
import { BY_PAGE, DARK, LIGHT, writeVariables } from './theme.ts';
import { TIME_FORM_STYLE } from './time-form.ts';
import type { TimeRange } from './time-range.ts';

/** What a page of dashboards shows. */
export interface DashboardsPage {
  figures: readonly Tile[];
  dashboards: readonly DrawnDashboard[];
  range: TimeRange;
  /** Where the data is from: `Elasticsearch at localhost:9200`. */
  source: string;
  /** Other pages that it links to. */
  links?: readonly { href: string; text: string; current?: boolean }[];
  /** What chooses the time. */
  form?: Html;
  /** How often it is drawn anew, in seconds. */
  renewSeconds?: number | undefined;
  /** To be opened as a file. */
  standalone?: boolean;
}

/** A page with every chart as a picture, and its numbers as a table. The pictures are drawn in the colours `BY_PAGE`. */
export function renderDashboards(shows: DashboardsPage): HtmlPage {
  const { figures, dashboards, range, source, links = [], form, renewSeconds, standalone = false } = shows;
  const anchors = dashboards.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>`);
  return renderPage({
    title: t('Dashboards of the ML API'),
    style: STYLE,
    links,
    standalone,
    renewSeconds,
    main: html`<p role="status" id="state"></p><div id="live"><p>${t('From')} <strong>${formatTime(range.from)}</strong> ${t('to')} <strong>${formatTime(range.to)}</strong>, ${t('in')} ${source}.</p>
${form}
${renderTiles(figures)}
<nav aria-label="${t('On this page')}"><ul>${anchors}</ul></nav>
${dashboards.map(renderSection)}</div>`,
    footer: html`${t('Drawn by')} ml-log-sidecar ${VERSION}, <span id="now">${formatTime(Date.now())}</span>. ${t('All times are UTC.')}`,
  });
}

function renderSection({ id, title, description, pictures }: DrawnDashboard): Html {
  return html`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
<p class="faint">${description}</p>
<div class="charts">${pictures.map(figure)}</div>
</section>`;
}

function figure({ id, title, description, drawn, table }: Picture): Html {
  const { columns, rows } = table;
  const head = columns.map(
    ({ title, numeric }) => html`<th scope="col"${numeric ? NUMBER : ''}>${title}</th>`,
  );
  const body = rows.map(
    (row) =>
      html`<tr>${row.map((cell, n) => html`<td${columns[n]?.numeric ? NUMBER : ''}>${cell}</td>`)}</tr>\n`,
  );
  const numbers = html`<details><summary>${t('Numbers')}<span class="unseen"> ${t('of {title}', { title })}</span></summary>
<div class="scroll" role="region" aria-label="${t('Numbers')} ${t('of {title}', { title })}" tabindex="0"><table>
<thead><tr>${head}</tr></thead>
<tbody>${body}</tbody>
</table></div></details>`;
  return html`<figure class="card" id="chart-${id}">
<figcaption><h3>${title}</h3><p class="faint">${description}</p></figcaption>
${'svg' in drawn ? html`${inline(drawn.svg, title)}${numbers}` : html`<p class="empty">${drawn.why}</p>`}
</figure>`;
}

const NUMBER = html` class="number"`;

/** How the pictures of a page are drawn. */
export function createPageLook({ kibana }: Config): Look {
  const linkTo =
    kibana.url === undefined
      ? undefined
      : (index: string, kql: string, span: TimeRange) => createDiscoverLink(kibana.url!, index, kql, span);
  return { theme: BY_PAGE, width: WIDTH, isTitled: false, linkTo };
}

/** The width of every picture, in CSS pixels: what a phone has room for. None is scaled, so their text has one size. */
const WIDTH = 324;

/** An SVG document as an image of the page. */
function inline(svg: string, title: string): Html {
  const root = /^<svg[^>]*>/.exec(svg)?.[0] ?? '';
  const [, width, height] = / viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(root) ?? [];
  // An image has no parts to choose from; where marks are links, it is a group.
  const role = svg.includes('<a ') ? 'group' : 'img';
  const opening = html`<svg width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="${role}" aria-label="${t('Picture: {title}', { title })}">`;
  return new Html(opening.text + svg.slice(root.length));
}

const STYLE = `
:root{${writeVariables(LIGHT)}}
@media screen and (prefers-color-scheme:dark){:root{${writeVariables(DARK)}}}
.charts{columns:3 358px;column-gap:1rem}
figure.card{break-inside:avoid;margin-bottom:1rem}figcaption p{font-size:.875rem}
figure svg{display:block;max-width:100%;height:auto;margin:0 auto}figure a:hover path{opacity:.7}
figure svg text{font-family:system-ui,sans-serif}
.empty{margin:auto;padding:2rem 0;color:var(--faint);text-align:center}
details{padding-top:.5rem}summary{cursor:pointer;color:var(--accent);font-size:.875rem;padding:.25rem 0}
details .scroll{max-height:20rem}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
${TIME_FORM_STYLE}@media print{.charts{columns:2}details{display:none}}
`;
