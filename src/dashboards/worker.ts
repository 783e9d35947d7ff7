import { parentPort, workerData } from 'node:worker_threads';
import { linksOf } from '../server/pages.ts';
import { setLanguage } from '../terminal/messages.ts';
import { reasonOf, SidecarError } from '../util/errors.ts';
import type { HtmlPage } from '../util/html.ts';
import { openChartSource } from './open.ts';
import { createPageLook, renderDashboards } from './page.ts';
import { drawAll, queryAll } from './pictures.ts';
import type { WorkerOrder, WorkerResult } from './serve-dashboards.ts';
import { renderTimeForm } from './time-form.ts';

// A thread of its own: loading Vega and drawing take the better part of a second, in which no log would flow.

async function render({ setting, wanted, query }: WorkerOrder): Promise<HtmlPage> {
  setLanguage(setting.config.language);
  const source = await openChartSource(setting);
  try {
    const answers = await queryAll(source, setting, wanted);
    return renderDashboards({
      ...answers,
      dashboards: await drawAll(answers, createPageLook(setting.config)),
      source: source.name,
      links: linksOf('/dashboards'),
      renewSeconds: query.to === 'now' ? 60 : undefined,
      form: renderTimeForm(query, answers.range),
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
