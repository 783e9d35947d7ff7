import { parentPort, workerData } from 'node:worker_threads';
import { reasonOf, SidecarError } from '../util/errors.ts';
import type { HtmlPage } from '../util/html.ts';
import { openChartSource, openDashboards } from './open.ts';
import { renderDashboards } from './page.ts';
import { chooseRange, drawAll, queryAll } from './pictures.ts';
import type { WorkerOrder, WorkerResult } from './serve-dashboards.ts';
import { BY_PAGE } from './theme.ts';
import { renderTimeForm } from './time-form.ts';
import { checkRange } from './time-range.ts';

// A thread of its own: loading Vega and drawing take the better part of a second, in which no log would flow.

async function render({ setting, wanted, query }: WorkerOrder): Promise<HtmlPage> {
  const dashboards = openDashboards(setting);
  const source = await openChartSource(setting);
  try {
    const range = checkRange(await chooseRange(source, dashboards, wanted));
    return renderDashboards({
      dashboards: await drawAll(await queryAll(source, dashboards, range), BY_PAGE),
      range,
      source: source.name,
      links: [
        { href: '/', text: 'Status' },
        { href: '/dashboards', text: 'Dashboards', current: true },
      ],
      form: renderTimeForm(query, range),
    });
  } finally {
    await source.close();
  }
}

const result: WorkerResult = await render(workerData).then(
  (page) => ({ page }),
  (error) => ({ code: error instanceof SidecarError ? error.code : 'plugin', message: reasonOf(error) }),
);
parentPort?.postMessage(result);
