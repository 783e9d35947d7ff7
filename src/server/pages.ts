import { t } from '../terminal/messages.ts';
import { type HtmlPage, html, renderPage } from '../util/html.ts';
import { VERSION } from '../util/version.ts';

const STATUS = { href: '/', text: 'Status' } as const;
const DASHBOARDS = { href: '/dashboards', text: 'Dashboards' } as const;

/** What the navigation of the page at a path links to. */
export function linksOf(path: string) {
  return [STATUS, DASHBOARDS].map((page) => ({
    href: page.href,
    text: t(page.text),
    current: page.href === path,
  }));
}

/** `4 s`, `3 min`, `5 h`, `2 days`: the largest unit that holds two of it. */
export function formatDuration(seconds: number): string {
  const units: [number, string][] = [
    [86_400, ` ${t('days')}`],
    [3600, ' h'],
    [60, ' min'],
  ];
  for (const [length, name] of units)
    if (seconds >= 2 * length) return `${Math.floor(seconds / length)}${name}`;
  return `${Math.round(seconds)} s`;
}

/** `ml-log-sidecar 0.1.0, running for 3 days`. */
export function describeProgram(): string {
  return `ml-log-sidecar ${VERSION}, ${t('running for {duration}', { duration: formatDuration(process.uptime()) })}`;
}

/** A page that only says why there is nothing else. */
export function renderErrorPage(title: string, message: string): HtmlPage {
  return renderPage({
    title,
    links: linksOf(''),
    main: html`<p role="alert" class="card bad">${message}</p>`,
    footer: html`${describeProgram()}.`,
  });
}
