import { Worker } from 'node:worker_threads';
import { describeProgram, linksOf } from '../server/pages.ts';
import { t } from '../terminal/messages.ts';
import { reasonOf, SidecarError } from '../util/errors.ts';
import { type HtmlPage, html, renderPage } from '../util/html.ts';
import { readTime } from '../util/time.ts';
import type { DashboardsSetting } from './open.ts';
import { renderTimeForm, TIME_FORM_STYLE, type TimeQuery } from './time-form.ts';
import type { TimeRange } from './time-range.ts';

/** What the worker draws. */
export interface WorkerOrder {
  setting: DashboardsSetting;
  wanted: { [End in keyof TimeRange]: number | undefined };
  query: TimeQuery;
}

/** What it answers: a page, or why there is none. */
export type WorkerResult = { page: HtmlPage } | { code: SidecarError['code']; message: string };

/** How long a page is answered again, in ms. */
const FRESH_MS = 10_000;
/** How many pages may wait to be drawn; each takes a processor for about a second. */
const MAX_WAITING = 4;

/** The dashboards as web pages, drawn one at a time in a thread of their own. */
export class ServedDashboards {
  readonly #setting: DashboardsSetting;
  readonly #pages = new Map<string, { page: Promise<HtmlPage>; until: number }>();
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(setting: DashboardsSetting) {
    this.#setting = setting;
  }

  /** The page for the parameters `from` and `to`, the last 24 hours without them, and its HTTP status. Never throws. */
  async page(parameters: URLSearchParams): Promise<{ status: number; page: HtmlPage }> {
    const query = { from: parameters.get('from') ?? 'now-24h', to: parameters.get('to') ?? 'now' };
    try {
      return { status: 200, page: await this.#fresh(query) };
    } catch (error) {
      const status = error instanceof SidecarError && error.code === 'config' ? 400 : 503;
      return { status, page: renderErrorPage(query, reasonOf(error)) };
    }
  }

  #fresh(query: TimeQuery): Promise<HtmlPage> {
    const key = `${query.from} ${query.to}`;
    const now = performance.now();
    for (const [name, { until }] of this.#pages) if (until < now) this.#pages.delete(name);
    const known = this.#pages.get(key);
    if (known) return known.page;
    const bound = (end: keyof TimeQuery): number | undefined =>
      query[end] === '' ? undefined : readTime(query[end], end);
    const wanted = { from: bound('from'), to: bound('to') };
    if (this.#waiting >= MAX_WAITING)
      throw new SidecarError(
        'unreachable',
        'Too many dashboards are being drawn. Try again in some seconds.',
      );
    this.#waiting++;
    const page = this.#last.then(() => drawInWorker({ setting: this.#setting, wanted, query }));
    const entry = { page, until: Number.POSITIVE_INFINITY };
    this.#pages.set(key, entry);
    this.#last = page
      .catch(() => this.#pages.delete(key))
      .finally(() => {
        this.#waiting--;
        entry.until = performance.now() + FRESH_MS;
      });
    return page;
  }
}

function drawInWorker(order: WorkerOrder): Promise<HtmlPage> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: order });
    // A page that is not there yet keeps no process alive.
    worker.unref();
    worker.once('message', (result: WorkerResult) => {
      if ('page' in result) resolve(result.page);
      else reject(new SidecarError(result.code, result.message));
    });
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`drawing ended with ${code}`)));
  });
}

function renderErrorPage(query: TimeQuery, message: string): HtmlPage {
  return renderPage({
    title: t('Dashboards of the ML API'),
    style: TIME_FORM_STYLE,
    links: linksOf('/dashboards'),
    main: html`${renderTimeForm(query)}<p role="alert" class="card bad">${message}</p>`,
    footer: html`${t('Nothing was drawn.')} ${describeProgram()}.`,
  });
}
