import { createHash } from 'node:crypto';
import { currentLanguage, t } from '../terminal/messages.ts';

/** Text that is HTML already. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What a template takes: text is escaped, HTML is not, lists are joined, nothing is left out. */
export type HtmlValue = string | number | Html | undefined | readonly HtmlValue[];

/** A template of HTML: all that is put into it is escaped, unless it is `Html` itself. */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return new Html(strings.reduce((text, string, n) => text + renderPart(values[n - 1]) + string));
}

function renderPart(value: HtmlValue): string {
  if (value === undefined) return '';
  if (value instanceof Html) return value.text;
  if (typeof value === 'string') return escapeHtml(value);
  return typeof value === 'number' ? String(value) : value.map(renderPart).join('');
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  // Control characters, but white space, are nothing that HTML may hold.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they come from callers.
  return text.replace(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/g, '\ufffd').replace(/[&<>"']/g, (c) => ENTITIES[c]!);
}

/** A page, and the policy that lets a browser load nothing beside it. */
export interface HtmlPage {
  html: string;
  /** For the header `Content-Security-Policy`. */
  policy: string;
}

/** What `page` puts together. */
export interface PageParts {
  title: string;
  /** The page's own CSS, behind the common one. */
  style?: string;
  /** How often, in seconds, the parts `#live` and `#now` are put in anew, by a script, until the reader stops that. */
  renewSeconds?: number | undefined;
  /** What the navigation links to. */
  links: readonly { href: string; text: string; current?: boolean }[];
  main: Html;
  footer: Html;
  /** Puts the policy into the page, for one that is opened as a file. */
  standalone?: boolean;
}

/** A whole page: light or dark as the reader's system is, without anything from elsewhere. */
export function renderPage({
  title,
  style = '',
  renewSeconds,
  links,
  main,
  footer,
  standalone,
}: PageParts): HtmlPage {
  const css = STYLE + style;
  const script = renewSeconds === undefined ? undefined : createRenewal(renewSeconds);
  const scripts = script === undefined ? '' : `; script-src '${hashOf(script)}'; connect-src 'self'`;
  const loads = `default-src 'none'; style-src '${hashOf(css)}'${scripts}; img-src data:; base-uri 'none'; form-action 'self'`;
  const meta = html`<meta http-equiv="Content-Security-Policy" content="${loads}">`;
  const items = links.map(
    ({ href, text, current }) =>
      html`<li><a href="${href}"${current ? html` aria-current="page"` : ''}>${text}</a></li>`,
  );
  const whole = html`<!doctype html>
<html lang="${currentLanguage()}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
${standalone ? meta : ''}<title>${title}</title>
<link rel="icon" href="data:,">
<style>${new Html(css)}</style>
</head>
<body>
<a class="skip" href="#main">${t('Skip to content')}</a>
<header>
<h1>${title}</h1>
<nav aria-label="Pages"><ul>${items}</ul></nav>
</header>
<main id="main" tabindex="-1">
${main}
</main>
<footer>${script === undefined ? '' : html`<p hidden><label><input type="checkbox" id="renew"> ${t('Renew this page every {seconds} s', { seconds: renewSeconds ?? 0 })}</label></p>`}
<p>${footer}</p></footer>
${script === undefined ? '' : html`<script>${new Html(script)}</script>`}</body>
</html>
`;
  return { html: whole.text, policy: `${loads}; frame-ancestors 'none'` };
}

/** Puts in what changed; the state is said aloud, by its role, only when it is another. */
function createRenewal(seconds: number): string {
  return `
const find = (id, page = document) => page.getElementById(id);
const box = find('renew');
box.closest('p').hidden = false;
box.checked = sessionStorage.getItem('renew') !== 'off';
box.addEventListener('change', () => sessionStorage.setItem('renew', box.checked ? 'on' : 'off'));
const renew = async () => {
  const live = find('live');
  if (document.hidden || !box.checked || live.querySelector('details[open]')) return;
  const fresh = await fetch(location.href, { headers: { accept: 'text/html' } }).then((answer) => answer.text()).catch(() => '');
  const page = new DOMParser().parseFromString(fresh, 'text/html');
  const state = find('state');
  const next = find('state', page);
  const why = page.querySelector('[role=alert]')?.textContent ?? ${JSON.stringify(t('The sidecar does not answer.'))};
  const [text, look] = next ? [next.textContent, next.className] : [why, 'bad'];
  if (state.textContent !== text) { state.textContent = text; state.className = look; }
  if (!next || live.contains(document.activeElement)) return;
  for (const id of ['live', 'now']) find(id).replaceWith(find(id, page));
};
setInterval(renew, ${seconds * 1000});
`;
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

const STYLE = `
:root{color-scheme:light;--page:#f6f8fa;--card:#fff;--accent:#0a58ca;--good:#0f6b3f;--bad:#b3261e;--warning:#8a5a00;
--ink:#1b1f24;--faint:#57606a;--grid:#d8dee4}
@media screen and (prefers-color-scheme:dark){:root{color-scheme:dark;--page:#0d1117;--card:#161b22;--accent:#79b8ff;--good:#56d38a;--bad:#ff8a80;--warning:#e3b341;
--ink:#e6edf3;--faint:#9aa4af;--grid:#30363d}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:1rem/1.5 system-ui,sans-serif}
header,main,footer{max-width:79.75rem;margin-inline:auto;padding:.75rem 1rem}
main:focus{outline:none}
h1{font-size:1.4rem;margin:.25rem 0}h2{font-size:1.2rem;margin:1.5rem 0 .25rem}h3{font-size:1rem;margin:0}
p{margin:.25rem 0 .75rem}.faint,footer{color:var(--faint)}footer{font-size:.875rem}
a{color:var(--accent)}nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;list-style:none;margin:0;padding:0}
nav a{display:inline-block;padding:.25rem 0}nav a[aria-current]{color:var(--ink);font-weight:600;text-decoration:none}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.skip{position:absolute;left:-100rem}.skip:focus{left:.5rem;top:.5rem;background:var(--card);padding:.5rem;z-index:1}
.card{background:var(--card);border:1px solid var(--grid);border-radius:.5rem;padding:.75rem 1rem;margin:0;min-width:0}
.good{color:var(--good)}.warning{color:var(--warning)}.bad{color:var(--bad)}
.tiles{display:grid;gap:.75rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,10rem),1fr));margin:0 0 .75rem}
.tiles dt{color:var(--faint);font-size:.875rem}.tiles dd{margin:0}.tiles .faint{font-size:.8125rem}
.value{font-size:1.625rem;font-weight:600;line-height:1.3;font-variant-numeric:tabular-nums}
#state:empty{display:none}#state{font-weight:600}code{overflow-wrap:anywhere}
.scroll{overflow:auto}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;font-size:.875rem}
th,td{text-align:left;padding:.2rem .75rem .2rem 0;border-bottom:1px solid var(--grid);vertical-align:top}
th{color:var(--faint);font-weight:600}.number{text-align:right}
@media(max-width:30rem){header,main,footer{padding-inline:.5rem}.card{padding:.5rem .5rem}
.tiles{grid-template-columns:1fr 1fr;gap:.5rem}.value{font-size:1.375rem}}
/* Tables whose cells are more than figures: a block for each row, each cell with its column's name. */
@media(max-width:40rem){.stack thead{position:absolute;clip-path:inset(50%)}.stack,.stack tbody,.stack tr,.stack td,.stack th{display:block}
.stack tr{padding:.375rem 0;border-bottom:1px solid var(--grid)}.stack td,.stack th{border:0;padding:.1rem 0;text-align:left}
.stack td[data-label]{display:inline-block;margin-right:1rem}.stack td[data-label]::before{content:attr(data-label) ": ";color:var(--faint)}
.stack td:empty{display:none}}
@media print{html{font-size:12px}body{background:none}nav,.skip,form,button{display:none}.card{break-inside:avoid}}
`;
